"""Answers in the pixels of the photo that was sent."""

import tensorflow as tf

from kerasnotes.data.pictures import frames


def boxes_in_photo(boxes, shapes, size, resize):
    """Return boxes in pixels of the photos, clipped to them.

    Args:
        boxes: `xyxy` in pixels of the model's input, `[b, n, 4]`.
        shapes: heights and widths of the photos, `[b, 2]`.
        size: height and width of the model's input.
        resize: how the photos came to that size, see `decode.resize`.

    >>> boxes = tf.constant([[[2.0, 2, 9, 4]]])
    >>> boxes_in_photo(boxes, [[16, 16]], (8, 8), "stretch").numpy().tolist()
    [[[4.0, 4.0, 16.0, 8.0]]]
    """
    shapes = tf.convert_to_tensor(shapes)
    boxes = frames.original_boxes(boxes, shapes, size, resize)
    most = tf.cast(tf.tile(shapes[:, ::-1], [1, 2]), boxes.dtype)
    return tf.clip_by_value(boxes, 0.0, most[:, None])


def points_in_photo(points, shapes, size, resize):
    """Return landmarks in pixels of the photos, which they may lie outside of.

    Args:
        points: x, y in pixels of the model's input, `[b, K, 2]`; the centre
            of the first pixel is 0.
        shapes: see `boxes_in_photo`.
        size: see `boxes_in_photo`.
        resize: see `boxes_in_photo`.

    >>> points = tf.constant([[[0.5, 0.5]]])
    >>> points_in_photo(points, [[16, 16]], (8, 8), "stretch").numpy().tolist()
    [[[1.5, 1.5]]]
    """
    shapes = tf.convert_to_tensor(shapes)
    return frames.original_points(points[:, None], shapes, size, resize)[:, 0]
