"""Which way up a picture is, read from its bytes inside the graph."""

import tensorflow as tf

_ENTRIES = 64
_ORIENTATION, _LONG = 0x0112, 4
# What of a PNG's end is searched for EXIF data behind the pixels.
_TAIL = 2**20
_PREFIX = b"Exif\0\0"


# Of many operations, which are traced once for all that decode.
@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def orientation(image_bytes):
    """Read the EXIF orientation of a JPEG, PNG or WebP, in TensorFlow.

    Args:
        image_bytes: a scalar string tensor, the encoded picture.

    Returns:
        An int64 scalar from 1 to 8; 1, upright, where nothing legible says
        otherwise. Source: EXIF 2.32, sections 4.5 and 4.6; PNG, third
        edition, chunk `eXIf` (behind the pixels too, in the last MiB of the
        file); WebP container specification, chunk `EXIF`.

    >>> orientation(tf.constant(b"no picture")).numpy()
    np.int64(1)
    """
    start = _start(image_bytes)
    big = _text(image_bytes, start, 2) == b"MM"
    at = start + _number(image_bytes, start + 4, 4, big)
    count = _number(image_bytes, at, 2, big)
    entries = _bytes(image_bytes, at + 2, 12 * _ENTRIES)
    entries = tf.reshape(entries, [_ENTRIES, 12])
    tags, types, shorts, longs = (
        tf.where(
            big,
            256 * entries[:, at] + entries[:, at + 1],
            256 * entries[:, at + 1] + entries[:, at],
        )
        for at in (0, 2, 8, 10)
    )
    # The lower half of a long number stands last where the high bytes lead.
    values = tf.where(big & (types == _LONG), longs, shorts)
    known = (tags == _ORIENTATION) & (tf.range(_ENTRIES, dtype="int64") < count)
    known &= (values >= 1) & (values <= 8)
    return tf.reduce_max(tf.where(known, values, 1))


def _start(data):
    """Return where the EXIF data of a picture start, or its end."""
    start = tf.case(
        [
            (_text(data, 0, 2) == b"\xff\xd8", lambda: _jpeg_start(data)),
            (_text(data, 0, 4) == b"\x89PNG", lambda: _png_start(data)),
            (
                (_text(data, 0, 4) == b"RIFF")
                & (_text(data, 8, 8) == b"WEBPVP8X")
                & (_bytes(data, 20, 1)[0] & 8 > 0),
                lambda: _webp_start(data),
            ),
        ],
        default=lambda: _length(data),
    )
    # Some writers put a JPEG's prefix into the chunks of the others.
    prefix = _text(data, start, len(_PREFIX)) == _PREFIX
    return start + tf.where(prefix, _int64(len(_PREFIX)), 0)


def _jpeg_start(data):
    def marker(at):
        return _number(data, at, 2)

    def is_exif(at):
        return (marker(at) == 0xFFE1) & (_text(data, at + 4, 6) == _PREFIX)

    def step(at):
        # Any number of 0xFF may stand before a marker.
        segment = 2 + _number(data, at + 2, 2)
        return at + tf.where(marker(at) == 0xFFFF, _int64(1), segment)

    def is_end(at):
        return (marker(at) <= 0xFF00) | (marker(at) == 0xFFDA)

    return _walk(data, 2, step, is_exif, is_end, 4)


def _png_start(data):
    start = _walk(
        data,
        8,
        lambda at: at + 12 + _number(data, at, 4),
        lambda at: _text(data, at + 4, 4) == b"eXIf",
        lambda at: _text(data, at + 4, 4) == b"IDAT",
        8,
    )

    # To walk over the pixels' chunks takes as long as to decode them.
    def behind_pixels():
        first = tf.maximum(_length(data) - _TAIL, 0)
        parts = tf.strings.split(_text(data, first, _TAIL), "eXIf")
        ends = first + tf.cumsum(_length(parts) + 4)
        # Pixels may spell the chunk's name, but hardly what follows on it.
        known = tf.zeros_like(parts[1:], tf.bool)
        for head in (b"II*\0", b"MM\0*", _PREFIX):
            known |= tf.strings.substr(parts[1:], 0, len(head)) == head
        return tf.reduce_min(tf.concat([ends[:-1][known], [_length(data)]], 0))

    return tf.cond(start < _length(data), lambda: start, behind_pixels)


def _webp_start(data):
    def step(at):
        size = _number(data, at + 4, 4, big=False)
        return at + 8 + size + size % 2

    return _walk(
        data,
        12,
        step,
        lambda at: _text(data, at, 4) == b"EXIF",
        lambda at: at < 0,
        8,
    )


def _walk(data, first, step, is_exif, is_end, header):
    """Return where the EXIF data behind a header start, or the file's end."""
    at = tf.while_loop(
        lambda at: ~((at >= _length(data)) | is_exif(at) | is_end(at)),
        lambda at: (step(at),),
        (_int64(first),),
        maximum_iterations=1000,
    )[0]
    return tf.where(is_exif(at), at + header, _length(data))


def _int64(value):
    return tf.constant(value, tf.int64)


def _length(data):
    return tf.cast(tf.strings.length(data), tf.int64)


def _text(data, at, count):
    """Return up to `count` bytes, fewer beyond the end of `data`."""
    at = tf.clip_by_value(tf.cast(at, tf.int64), 0, _length(data))
    return tf.strings.substr(data, at, _int64(count))


def _bytes(data, at, count):
    """Return int64 `[count]`, 0 beyond the end of `data`."""
    part = _text(data, at, count)
    part = tf.io.decode_raw(part, tf.uint8, fixed_length=count)
    return tf.cast(part, tf.int64)


def _number(data, at, count, big=True):
    digits = _bytes(data, at, count)
    digits = tf.where(big, digits, digits[::-1])
    return tf.reduce_sum(digits * [256**k for k in reversed(range(count))])
