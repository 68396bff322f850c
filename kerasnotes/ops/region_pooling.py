"""Maps of one size for regions of any size, by maxima: RoI pooling."""

import math

from keras import ops

from kerasnotes.ops import regions

# Of places, beyond any map, and small enough for products in int32.
_FARTHEST = 2.0**20


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
    maps, boxes = regions.inputs(maps, boxes)
    (rows, columns), strides = regions.pairs(size, stride)
    _, height, width, channels = maps.shape
    check_area(maps.shape)
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
    shape = ops.shape(table)
    flat = ops.reshape(table, (math.prod(shape[:-1]), channels))
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
    # Of no picture JAX's gather returns a matrix.
    some = ops.logical_and(any_y, any_x)[..., None]
    highest = ops.reshape(highest, (*ops.shape(some)[:-1], channels))
    return ops.where(some, highest, ops.zeros_like(highest))


def check_area(shape):
    """Refuse maps of an open height or width.

    Args:
        shape: theirs.

    Raises:
        ValueError: see above.
    """
    if None in tuple(shape)[1:3]:
        raise ValueError(
            "`maps` must have a known height and width. Received: shape "
            f"{tuple(shape)}"
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
