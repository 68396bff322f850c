"""Boxes and points in pixels of a picture, and of the same one resized.

`decode.windows` has the geometry: a part of the picture fills a place in the
result, edges on edges, so that `x' = (x - part) · place / part + place`.
Boxes count from edges: 0, 0, width and height are around a whole picture.
Points count from the centre of the first pixel, half a pixel later.
"""

import tensorflow as tf

from kerasnotes.data.pictures import decode


def resized_boxes(boxes, shapes, size, mode="stretch"):
    """Return boxes in pixels of the resized pictures, not clipped.

    Args:
        boxes: `xyxy` in pixels of the pictures, `[b, n, 4]` or ragged
            `[b, (n), 4]`, of floats.
        shapes: the pictures' heights and widths, `[b, 2]`.
        size: see `decode.resize`.
        mode: see `decode.resize`.

    Returns:
        The boxes, of their shape and type.

    >>> resized_boxes([[[2.0, 1, 4, 3]]], [[4, 8]], 4).numpy().tolist()
    [[[1.0, 1.0, 2.0, 3.0]]]
    """
    scale, offset = _map(boxes, shapes, size, mode, 2)
    return boxes * scale + offset


def original_boxes(boxes, shapes, size, mode="stretch"):
    """Return boxes in pixels of the pictures before they were resized.

    The arguments are those of `resized_boxes`, but for `boxes`, which are in
    pixels of the result; so does what is returned. Nothing is clipped.

    >>> original_boxes([[[1.0, 1, 2, 3]]], [[4, 8]], 4).numpy().tolist()
    [[[2.0, 1.0, 4.0, 3.0]]]
    """
    scale, offset = _map(boxes, shapes, size, mode, 2)
    return (boxes - offset) / scale


def resized_points(points, shapes, size, mode="stretch"):
    """Return points in pixels of the resized pictures.

    Args:
        points: x and y, `[b, n, k, 2]` or ragged `[b, (n), k, 2]`; the first
            pixel's centre is 0.
        shapes: see `resized_boxes`.
        size: see `decode.resize`.
        mode: see `decode.resize`.

    >>> resized_points([[[[3.5, 0.0]]]], [[4, 8]], 4).numpy().tolist()
    [[[[1.5, 0.0]]]]
    """
    scale, offset = _map(points, shapes, size, mode, 1)
    return points * scale + (0.5 * scale + offset - 0.5)


def original_points(points, shapes, size, mode="stretch"):
    """Return points in pixels of the pictures before they were resized.

    >>> original_points([[[[1.5, 0.0]]]], [[4, 8]], 4).numpy().tolist()
    [[[[3.5, 0.0]]]]
    """
    scale, offset = _map(points, shapes, size, mode, 1)
    return (points - (offset - 0.5)) / scale - 0.5


def _map(values, shapes, size, mode, repeats):
    """Return scale and offset of x and y, to be broadcast over `values`."""
    if not isinstance(values, tf.RaggedTensor):
        values = tf.convert_to_tensor(values)
    part, place = decode.windows(shapes, size, mode)
    part, place = tf.cast(part, values.dtype), tf.cast(place, values.dtype)
    scale = place[:, 2:] / part[:, 2:]
    offset = place[:, :2] - part[:, :2] * scale
    rows = []
    for row in (scale, offset):
        row = tf.tile(row[:, ::-1], [1, repeats])
        rows.append(tf.reshape(row, [-1, *[1] * (values.shape.rank - 2),
                                     2 * repeats]))  # fmt: skip
    return rows
