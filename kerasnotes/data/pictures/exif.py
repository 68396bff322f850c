"""Which way up a picture is, read from its bytes inside the graph."""

import tensorflow as tf

_ENTRIES = 64
_ORIENTATION = 0x0112


def orientation(image_bytes):
    """Read the EXIF orientation of a JPEG or a PNG, in TensorFlow.

    Args:
        image_bytes: a scalar string tensor, the encoded picture.

    Returns:
        An int64 scalar from 1 to 8; 1, upright, where nothing legible says
        otherwise. Source: EXIF 2.32, sections 4.5 and 4.6; PNG, third
        edition, chunk `eXIf` (looked for before the pixels).

    >>> orientation(tf.constant(b"no picture")).numpy()
    np.int64(1)
    """
    start = _start(image_bytes)
    big = _text(image_bytes, start, 2) == b"MM"
    at = start + _number(image_bytes, start + 4, 4, big)
    count = _number(image_bytes, at, 2, big)
    entries = _bytes(image_bytes, at + 2, 12 * _ENTRIES)
    entries = tf.reshape(entries, [_ENTRIES, 12])
    tags, values = (
        tf.where(big, 256 * first + second, 256 * second + first)
        for first, second in (
            (entries[:, 0], entries[:, 1]),
            (entries[:, 8], entries[:, 9]),
        )
    )
    found = (tags == _ORIENTATION) & (tf.range(_ENTRIES, dtype="int64") < count)
    found &= (values >= 1) & (values <= 8)
    return tf.reduce_max(tf.where(found, values, 1))


def _start(data):
    """Walk a JPEG's segments or a PNG's chunks up to the EXIF data."""
    jpeg = _text(data, 0, 2) == b"\xff\xd8"
    png = _text(data, 0, 8) == b"\x89PNG\r\n\x1a\n"
    end = _length(data)

    def is_exif(at):
        segment = (_number(data, at, 2) == 0xFFE1) & (
            _text(data, at + 4, 6) == b"Exif\0\0"
        )
        return (jpeg & segment) | (png & (_text(data, at + 4, 4) == b"eXIf"))

    def is_end(at):
        marker = _number(data, at, 2)
        pixels = (marker <= 0xFF00) | (marker == 0xFFDA)
        pixels = (jpeg & pixels) | (png & (_text(data, at + 4, 4) == b"IDAT"))
        return pixels | (at >= end)

    def step(at):
        segment = 2 + _number(data, at + 2, 2)
        return at + tf.where(jpeg, segment, 12 + _number(data, at, 4))

    first = tf.where(jpeg, _int64(2), tf.where(png, _int64(8), end))
    at = tf.while_loop(
        lambda at: ~(is_end(at) | is_exif(at)),
        lambda at: (step(at),),
        (first,),
        maximum_iterations=1000,
    )[0]
    return tf.where(is_exif(at), at + tf.where(jpeg, _int64(10), 8), end)


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
