"""Encoded bytes to pictures: the one way in, for training and serving.

Everything here is TensorFlow alone, so that a SavedModel decodes a picture
exactly as training did. It takes what TensorFlow's decoder takes: JPEG (CMYK
too), PNG (palette and 16 bits too, of which the upper 8 stay), the first
frame of a GIF (transparent pixels are black), WebP that stands still and BMP
of 24 or 32 bits. `kerasnotes.data.pictures` mends animated WebP and other
BMPs before they come here.
"""

import tensorflow as tf

from kerasnotes.data.pictures import exif

MODES = ("stretch", "pad", "crop")
_GREY = (0.299, 0.587, 0.114)
_BANDS = 16


def decode(image_bytes):
    """Decode one picture, upright and opaque.

    The EXIF orientation of JPEG, PNG and WebP is obeyed. What is transparent
    is laid over white: `255 - (255 - colour) · alpha / 255`; a BMP's fourth
    channel is unused space and dropped, and the one colour that a PNG without
    an alpha channel may call transparent stays.

    Args:
        image_bytes: a scalar string tensor, the encoded picture.

    Returns:
        uint8 `[height, width, 1]` (grey) or `[height, width, 3]` (colour).

    Raises:
        tf.errors.InvalidArgumentError: the bytes are no whole picture, or an
            animated WebP.

    >>> red = tf.constant([[[255, 0, 0]]], "uint8")
    >>> decode(tf.io.encode_png(red)).numpy().tolist()
    [[[255, 0, 0]]]
    """
    image_bytes = _still(image_bytes)
    image = tf.io.decode_image(image_bytes, expand_animations=False)
    image.set_shape([None, None, None])
    is_bmp = tf.strings.substr(image_bytes, 0, 2) == b"BM"
    return _upright(_opaque(image, is_bmp), exif.orientation(image_bytes))


def resize(image, size, channels=3, mode="stretch"):
    """Brings a picture to a size, antialiased where it shrinks.

    The kernel is a triangle as wide as an output pixel (bilinear where the
    picture grows), as Pillow's `BILINEAR` is.

    Args:
        image: uint8 `[h, w, 1]` or `[h, w, 3]`, of any size; or a batch of
            such.
        size: the side of the square wanted, or `(height, width)`, which may
            be a tensor.
        channels: 1 (colour becomes `0.299 R + 0.587 G + 0.114 B`) or 3.
        mode: `"stretch"` to the size; `"pad"` keeps the picture's shape and
            fills with black; `"crop"` keeps its shape and the middle.

    Returns:
        uint8 `[height, width, channels]`, or a batch of such.

    Raises:
        ValueError: `mode` or `channels` is none of these.

    >>> resize(tf.fill([4, 8, 1], tf.constant(9, "uint8")), 2, 1).numpy()[0]
    array([[9],
           [9]], dtype=uint8)
    """
    if mode not in MODES:
        raise ValueError(
            f"`mode` is one of {', '.join(MODES)}. Received: {mode!r}"
        )
    if channels not in (1, 3):
        raise ValueError(f"`channels` is 1 or 3. Received: {channels!r}")
    target = _target(size)
    part, place = windows(tf.shape(image)[-3:-1], target, mode)
    if mode == "crop":
        top, left, height, width = tf.unstack(part)
        image = image[..., top : top + height, left : left + width, :]
    inner = place[2:] if mode == "pad" else target
    image = _with_channels(_scale(image, inner), channels)
    if mode == "pad":
        image = tf.image.pad_to_bounding_box(
            image, place[0], place[1], target[0], target[1]
        )
    sides = tf.get_static_value(target)
    sides = [None, None] if sides is None else sides
    image = tf.ensure_shape(image, [*image.shape[:-3], *sides, channels])
    return tf.cast(tf.round(image), tf.uint8)


def windows(shapes, size, mode="stretch"):
    """Return which part of a picture `resize` shows, and where.

    Args:
        shapes: height and width of pictures, integers `[..., 2]`.
        size: see `resize`.
        mode: see `resize`.

    Returns:
        Two int32 `[..., 4]` of top, left, height and width: a part of the
        picture, and the place in the result that it fills. Edges map to
        edges, and what lies between them linearly.

    >>> part, place = windows([4, 8], 2, "crop")
    >>> part.numpy().tolist(), place.numpy().tolist()
    ([0, 2, 4, 4], [0, 0, 2, 2])
    """
    shapes = tf.cast(shapes, tf.int32)
    goal = tf.broadcast_to(_target(size), tf.shape(shapes))
    part = _fit(goal, shapes) if mode == "crop" else shapes
    inner = _fit(shapes, goal) if mode == "pad" else goal
    return (
        tf.concat([(shapes - part) // 2, part], -1),
        tf.concat([(goal - inner) // 2, inner], -1),
    )


def _target(size):
    """Return height and width as an int32 tensor."""
    sides = (size, size) if isinstance(size, int) else size
    return tf.convert_to_tensor(sides, tf.int32)


def _fit(shape, bounds):
    """Return the size of `shape` scaled to the most `bounds` allow."""
    scale = tf.reduce_min(bounds / shape, -1, keepdims=True)
    part = tf.cast(tf.round(tf.cast(shape, scale.dtype) * scale), tf.int32)
    return tf.clip_by_value(part, 1, bounds)


def _scale(image, size):
    # The kernel holds [rows wanted, columns given, channels] in float32 in
    # between: a very wide picture goes through it on its side.
    height, width = tf.unstack(tf.shape(image)[-3:-1])

    def on_its_side():
        side = tf.experimental.numpy.swapaxes(image, -3, -2)
        side = tf.image.resize(side, size[::-1], antialias=True)
        return tf.experimental.numpy.swapaxes(side, -3, -2)

    return tf.cond(
        width > 16 * height,
        on_its_side,
        lambda: tf.image.resize(image, size, antialias=True),
    )


def _with_channels(image, channels):
    if channels == 3:
        return image + tf.zeros([1, 1, 3])
    return tf.cond(
        tf.shape(image)[-1] == 3,
        lambda: tf.reduce_sum(image * _GREY, -1, keepdims=True),
        lambda: image,
    )


def _still(data):
    """Refuses an animated WebP, which TensorFlow writes beyond its memory."""
    head = tf.strings.substr(data, 0, 21)
    head = tf.io.decode_raw(head, tf.uint8, fixed_length=21)
    extended = tf.reduce_all(
        tf.concat([head[:4], head[8:16]], 0) == list(b"RIFFWEBPVP8X")
    )
    moves = extended & (head[20] & 2 > 0)
    refusal = tf.debugging.Assert(~moves, ["an animated WebP"])
    with tf.control_dependencies([refusal]):
        return tf.identity(data)


def _opaque(image, is_bmp):
    return tf.cond(
        tf.shape(image)[-1] % 2 == 1,
        lambda: image,
        lambda: tf.cond(
            is_bmp, lambda: image[..., :3], lambda: _over_white(image)
        ),
    )


def _over_white(image):
    # In bands, because whole 16-bit copies of a large picture take too much.
    shape = tf.shape(image)
    pixels = tf.reshape(image, [-1, shape[-1]])
    edges = tf.range(_BANDS + 1, dtype=tf.int64)
    edges = edges * tf.shape(pixels, tf.int64)[0] // _BANDS

    def blend(band, bands):
        part = tf.cast(pixels[edges[band] : edges[band + 1]], tf.uint16)
        shade = (255 - part[:, :-1]) * part[:, -1:]
        colour = 255 - tf.cast((shade + 127) // 255, tf.uint8)
        return band + 1, bands.write(band, colour)

    bands = tf.TensorArray(
        tf.uint8, _BANDS, infer_shape=False, element_shape=[None, None]
    )
    _, bands = tf.while_loop(
        lambda band, _: band < _BANDS, blend, (0, bands), parallel_iterations=1
    )
    flat = tf.ensure_shape(bands.concat(), [None, None])
    return tf.reshape(flat, [shape[0], shape[1], shape[2] - 1])


def _upright(image, value):
    def turn():
        turned = tf.cond(
            value >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image
        )
        flips = [
            tf.reduce_any(value == [3, 4, 7, 8]),
            tf.reduce_any(value == [2, 3, 6, 7]),
            False,
        ]
        return tf.raw_ops.Reverse(tensor=turned, dims=tf.stack(flips))

    return tf.cond(value == 1, lambda: image, turn)
