"""Maps of one size for regions of any size, by interpolation: RoI align.

Place i of a map with stride s stands for the pixels from `s i` to `s (i + 1)`
of the picture, and its value is that of the middle, `s (i + ½)`.
"""

import math

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib


def roi_align(maps, boxes, size, stride, samples=2):
    """Return maps of one size for boxes, by bilinear interpolation.

    A box is cut into rows × columns equal bins, and a bin is the mean of
    samples × samples points, which stand evenly in it. With v the map, a
    point y, x of the picture is

    `Σ_i Σ_j max(0, 1 - |y/s - ½ - i|) max(0, 1 - |x/s - ½ - j|) v_ij`

    Nothing is rounded: half a place is subtracted, and boxes narrower than a
    place stay so (`aligned=True` of torchvision and Detectron2;
    `tf.image.crop_and_resize` takes its points from corner to corner).
    Beyond the first and last place the border's value goes on for a place,
    measured from there; farther out all is 0. So is that of a box which is no
    number. A box with swapped sides is mirrored.

    Bilinear weights are a product of one of rows and one of columns, so that
    two products of matrices do it. A NaN in a map is in all answers of it.

    Args:
        maps: `(batch, h, w, c)`. Halves are computed in float32.
        boxes: `xyxy` in pixels of the picture, `(batch, n, 4)`: constants, to
            which no gradient passes.
        size: rows and columns of the answer, or one number for both.
        stride: s, pixels of the picture from a place to the next; or a pair,
            from row to row and from column to column.
        samples: how many points a bin has in each direction.

    Returns:
        `(batch, n, rows, columns, c)`, in the type of the maps.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    >>> maps = ops.reshape(ops.arange(16.0), (1, 4, 4, 1))  # 4 y + x
    >>> answer = roi_align(maps, [[[8, 16, 24, 24]]], (1, 2), stride=8)
    >>> answer[0, 0, ..., 0].numpy()
    array([[ 9., 10.]], dtype=float32)

    Source: He et al., Mask R-CNN (2017), section 3.
    """
    maps, boxes = inputs(maps, boxes)
    (rows, columns), strides = pairs(size, stride)
    check_samples(samples)
    batch, height, width, channels = ops.shape(maps)
    number = ops.shape(boxes)[1]
    values = boxes_lib.wide(maps)
    boxes = ops.cast(boxes, values.dtype)
    of_rows, of_columns = (
        _interpolation(boxes[..., i] / s, boxes[..., i + 2] / s, *counts)
        for i, s, counts in (
            (1, strides[0], (rows, samples, height)),
            (0, strides[1], (columns, samples, width)),
        )
    )
    lines = ops.matmul(
        ops.reshape(of_rows, (batch, number * rows, height)),
        ops.reshape(values, (batch, height, width * channels)),
    )
    lines = ops.reshape(lines, (batch, number, rows, width, channels))
    answer = ops.matmul(of_columns[:, :, None], lines)
    return ops.cast(answer, maps.dtype)


def pairs(size, stride):
    """Return size and stride as pairs, of rows and of columns.

    Args:
        size: a number, or two, of 1 and more.
        stride: a number, or two, above 0.

    Raises:
        ValueError: they aren't.

    >>> pairs(7, (8, 16))
    [(7, 7), (8, 16)]
    """
    result = []
    for name, value in (("size", size), ("stride", stride)):
        pair = tuple(value) if hasattr(value, "__len__") else (value, value)
        fits = len(pair) == 2 and all(0 < x < math.inf for x in pair)
        if not fits or name == "size" and any(x != int(x) for x in pair):
            raise errors.refusal(
                f"`{name}`",
                f"`{name}` must be a positive number, or one of rows and one "
                f"of columns. Received: {name}={value}",
            )
        result.append(pair)
    return result


def check_samples(samples):
    """Refuse a number of samples below 1.

    Args:
        samples: the number.

    Raises:
        ValueError: see above.
    """
    if samples < 1:
        raise errors.refusal(
            "`samples`",
            f"`samples` must be 1 or more. Received: samples={samples}",
        )


def inputs(maps, boxes):
    """Return tensors of the right shapes; the boxes as constants.

    Args:
        maps: `(batch, h, w, c)`, of numbers.
        boxes: `(batch, n, 4)`.

    Raises:
        ValueError: they have other shapes.

    >>> inputs(ops.ones((1, 2, 2, 3)), [[[0, 0, 1, 1]]])[1].dtype
    tf.float32
    """
    maps = ops.convert_to_tensor(maps)
    boxes = ops.stop_gradient(boxes_lib.wide(boxes))
    if len(maps.shape) != 4 or maps.shape[-1] is None:
        raise ValueError(
            "`maps` must have the shape (batch, height, width, channels), of "
            f"known channels. Received: shape {tuple(maps.shape)}",
        )
    if len(boxes.shape) != 3 or boxes.shape[-1] != 4:
        raise ValueError(
            "`boxes` must have the shape (batch, n, 4). Received: shape "
            f"{tuple(boxes.shape)}",
        )
    if "float" not in keras.backend.standardize_dtype(maps.dtype):
        maps = ops.cast(maps, "float32")
    return maps, boxes


def _interpolation(first, last, bins, samples, length):
    """Return what each place of an axis counts in each bin of it.

    Args:
        first: where the boxes begin, in places, `(batch, n)`.
        last: where they end.
        bins: how many there are.
        samples: the points of a bin.
        length: the places of the axis.

    Returns:
        `(batch, n, bins, length)`.
    """
    dtype, number = first.dtype, bins * samples
    share = (ops.arange(number, dtype=dtype) + 0.5) / number
    points = first[..., None] + (last - first)[..., None] * share - 0.5
    end = ops.cast(length, dtype)
    inside = ops.logical_and(points >= -1, points <= end)
    points = ops.clip(ops.where(inside, points, 0.0), 0.0, end - 1)
    distance = ops.abs(points[..., None] - ops.arange(length, dtype=dtype))
    weights = ops.where(inside[..., None], ops.maximum(1 - distance, 0), 0.0)
    batch, n = ops.shape(first)
    return ops.mean(
        ops.reshape(weights, (batch, n, bins, samples, length)), axis=3
    )
