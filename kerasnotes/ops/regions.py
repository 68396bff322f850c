"""Maps of one size for regions of any size: RoI align and RoI pooling.

Place i of a map with stride s stands for the pixels from `s i` to `s (i + 1)`
of the picture, and its value is that of the middle, `s (i + ½)`.
"""

import math

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib

# Of places, beyond any map, and small enough for products in int32.
_FARTHEST = 2.0**20


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
    maps, boxes = _inputs(maps, boxes)
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


def roi_pool(maps, boxes, size, stride):
    """Return maps of one size for boxes: the maximum of each bin.

    Corners go to the nearest place, `⌊x/s + ½⌋`, and away from 0 at the half.
    A box has the places from the first to the last, H rows of them, and at
    least one. Of P rows of bins, bin p has the rows

    `⌊p H / P⌋ ≤ i < ⌈(p + 1) H / P⌉`

    from the box's first, of which two bins may share one; columns likewise.
    What lies outside of the map doesn't count, and a bin without any place is
    0. So is that of a box which is no number. Bins are of whole numbers: a
    product that torchvision has in float32 may be a place off.

    The maxima of all windows with sides of powers of two are computed once,
    and a bin is the maximum of four of them, which overlap.

    Args:
        maps: `(batch, h, w, c)`, of known height and width.
        boxes: as in `roi_align`, like the two below: constants.
        size: rows and columns of the answer.
        stride: s.

    Returns:
        `(batch, n, rows, columns, c)`, in the type of the maps. Of equal
        places in a bin, it is open which has the gradient.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    >>> maps = ops.reshape(ops.arange(16.0), (1, 4, 4, 1))
    >>> answer = roi_pool(maps, [[[8, 8, 24, 24]]], (2, 2), stride=8)
    >>> answer[0, 0, ..., 0].numpy()
    array([[10., 11.],
           [14., 15.]], dtype=float32)

    Source: Girshick, Fast R-CNN (2015), section 2.1.
    """
    maps, boxes = _inputs(maps, boxes)
    (rows, columns), strides = pairs(size, stride)
    _, height, width, channels = maps.shape
    if height is None or width is None:
        raise ValueError(
            "`maps` must have a known height and width. Received: shape "
            f"{tuple(maps.shape)}",
        )
    boxes = ops.cast(boxes, "float32")
    proper = ops.all(ops.isfinite(boxes), axis=-1)[..., None]
    of_rows, of_columns = (
        _windows(boxes[..., i] / s, boxes[..., i + 2] / s, proper, *counts)
        for i, s, counts in (
            (1, strides[0], (rows, height)),
            (0, strides[1], (columns, width)),
        )
    )
    table = _maxima(_maxima(maps, 1, height), 3, width)
    batch, levels = ops.shape(maps)[0], _levels(width)
    # Of each axis, the level and the two places where its windows begin.
    of_rows = [x[..., None] for x in of_rows]
    of_columns = [x[:, :, None] for x in of_columns]
    (level_y, *ys, any_y), (level_x, *xs, any_x) = of_rows, of_columns
    first = ops.arange(batch, dtype="int32") * _levels(height)
    level = first[:, None, None, None] + level_y
    flat = ops.reshape(table, (-1, channels))
    corners = [
        # In the order of the table: level, row, level, column.
        ops.take(flat, ((level * height + y) * levels + level_x) * width + x, 0)
        for y in ys
        for x in xs
    ]
    # Not the maximum of a stack, which splits the gradient of equals.
    highest = ops.maximum(
        ops.maximum(corners[0], corners[1]), ops.maximum(corners[2], corners[3])
    )
    some = ops.logical_and(any_y, any_x)[..., None]
    return ops.where(some, highest, ops.zeros_like(highest))


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


def _inputs(maps, boxes):
    """Return tensors of the right shapes; the boxes as constants."""
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


def _levels(length):
    """Return how many powers of two are at most a length."""
    return int(length).bit_length()


def _maxima(x, axis, length):
    """Return the maxima of windows of 1, 2, 4 … places, on an axis before.

    Windows that reach over the end are of no use.
    """
    tables = [x]
    for level in range(1, _levels(length)):
        step, last = 2 ** (level - 1), tables[-1]
        before = (slice(None),) * axis
        shifted = last[(*before, slice(step, None))]
        filler = ops.zeros_like(last[(*before, slice(0, step))])
        shifted = ops.concatenate([shifted, filler], axis)
        tables.append(ops.maximum(last, shifted))
    return ops.stack(tables, axis)


def _windows(first, last, proper, bins, length):
    """Return the two windows that cover each bin of an axis.

    Args:
        first: where the boxes begin, in places, `(batch, n)`.
        last: where they end.
        proper: whether they are of numbers, `(batch, n, 1)`.
        bins: how many there are.
        length: the places of the axis.

    Returns:
        Their level, the places where they begin, and whether there is any
        place in the bin; each `(batch, n, bins)`.
    """
    first, last = (
        ops.where(proper, _nearest(x)[..., None], 0) for x in (first, last)
    )
    sides = ops.maximum(last - first + 1, 1)
    p = ops.arange(bins, dtype="int32")
    start = ops.clip(first + p * sides // bins, 0, length)
    end = first + ((p + 1) * sides + bins - 1) // bins
    end = ops.clip(end, 0, length)
    some = ops.logical_and(proper, end > start)
    extent = ops.where(some, end - start, 1)
    level, window = ops.zeros_like(extent), ops.ones_like(extent)
    for i in range(1, _levels(length)):
        fits = extent >= 2**i
        level = level + ops.cast(fits, "int32")
        window = ops.where(fits, 2**i, window)
    start = ops.where(some, start, 0)
    return level, start, start + extent - window, some


def _nearest(x):
    """Return the nearest whole numbers, those of halves away from 0."""
    x = ops.clip(ops.where(ops.isfinite(x), x, 0.0), -_FARTHEST, _FARTHEST)
    size = ops.abs(x)
    floor = ops.floor(size)
    # The sum with a half would be rounded itself.
    nearest = floor + ops.cast(size - floor >= 0.5, x.dtype)
    return ops.cast(ops.sign(x) * nearest, "int32")
