"""Resampling with TensorFlow's ops."""

import tensorflow as tf

from kerasnotes.data.pictures.augmentation.warping import fields


def resample(images, matrices, controls, size, fill):
    """Warps pictures, as `Warps.pictures`.

    Args:
        images: uint8 `[b, height, width, channels]`.
        matrices: `[b, 2, 3]`.
        controls: `[b, 2, k, k]`, or None.
        size: height and width of the output.
        fill: `"constant"`, `"nearest"` or `"reflect"`.

    Returns:
        uint8 `[b, *size, channels]`.
    """
    images = tf.convert_to_tensor(images)
    x, y = _coordinates(tf.cast(matrices, tf.float32), controls, size)
    left, top = tf.floor(x), tf.floor(y)
    right, down = x - left, y - top
    left, top = tf.cast(left, tf.int32), tf.cast(top, tf.int32)
    total = 0.0
    for column, across in ((left, 1 - right), (left + 1, right)):
        for row, along in ((top, 1 - down), (top + 1, down)):
            pixels, inside = _gather(images, row, column, fill)
            weights = across * along * inside
            total += weights[..., None] * tf.cast(pixels, tf.float32)
    return tf.cast(tf.round(total), tf.uint8)


def _coordinates(matrices, controls, size):
    """Return where the output comes from, x and y: `[b, height, width]`."""
    height, width = size
    x = tf.range(width, dtype=tf.float32)
    y = tf.range(height, dtype=tf.float32)[:, None]
    if controls is not None:
        rows, columns = (tf.cast(fields.grid(n), tf.float32) for n in size)
        moved = rows @ tf.cast(controls, tf.float32)
        moved = min(size) * tf.matmul(moved, columns, transpose_b=True)
        x, y = x + moved[:, 0], y + moved[:, 1]
    m = matrices[:, :, :, None, None]
    return tuple(m[:, i, 0] * x + m[:, i, 1] * y + m[:, i, 2] for i in (0, 1))


def _gather(images, rows, columns, fill):
    """Return the pixels, and 0 where they lie beyond a constant border."""
    height, width, channels = images.shape[1:]
    inside = 1.0
    if fill == "reflect":
        near_rows = tf.math.floormod(rows, 2 * height)
        near_rows = tf.minimum(near_rows, 2 * height - 1 - near_rows)
        near_columns = tf.math.floormod(columns, 2 * width)
        near_columns = tf.minimum(near_columns, 2 * width - 1 - near_columns)
    else:
        near_rows = tf.clip_by_value(rows, 0, height - 1)
        near_columns = tf.clip_by_value(columns, 0, width - 1)
    if fill == "constant":
        same = (near_rows == rows) & (near_columns == columns)
        inside = tf.cast(same, tf.float32)
    flat = tf.reshape(images, [-1, height * width, channels])
    places = near_rows * width + near_columns
    return tf.gather(flat, places, batch_dims=1), inside
