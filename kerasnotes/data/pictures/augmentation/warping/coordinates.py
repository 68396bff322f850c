"""Points that move with the pictures, and where they come from."""

import numpy as np

from kerasnotes.data.pictures.augmentation.warping import fields


def move(points, warps, within=1e-9):
    """Move points from the pictures before to the pictures after.

    Args:
        points: `[b, k, 2]`, x before y; pixel centres at whole numbers.
        warps: a `Warps`.
        within: how exact the undoing of a local warp is, in pixels.

    Returns:
        float64 `[b, k, 2]`.
    """
    matrices = np.asarray(warps.matrices, np.float64)
    offset = points - matrices[:, None, :, 2]
    x, y = offset[..., 0], offset[..., 1]
    # Cramer's rule is exact for a matrix of whole numbers, whose inverse in
    # floating point may not be.
    a, b, c, d = np.moveaxis(matrices[:, :, :2].reshape(-1, 4, 1), 1, 0)
    moved = np.stack([d * x - b * y, a * y - c * x], -1)
    # The zero added makes a 0 of -0.
    moved = moved / (a * d - b * c)[..., None] + 0.0
    if warps.fields is not None:
        moved = fields.undo(warps.fields, moved, warps.target_size, within)
    return moved


def source(points, warps):
    """Return where points of the pictures after come from.

    Args:
        points: `[b, k, 2]`, x before y; pixel centres at whole numbers.
        warps: a `Warps`.

    Returns:
        float64 `[b, k, 2]`.
    """
    if warps.fields is not None:
        points = points + fields.at(warps.fields, points, warps.target_size)
    matrices = np.asarray(warps.matrices, np.float64)
    linear, offset = matrices[:, :, :2], matrices[:, None, :, 2]
    return points @ np.swapaxes(linear, 1, 2) + offset


def mirrored(warps):
    """Return which pictures are seen as in a mirror, bool `[b]`.

    One that is mirrored both ways is turned by 180 degrees, and isn't.
    """
    return np.linalg.det(np.asarray(warps.matrices)[:, :, :2]) < 0


def swap(values, pairs, which):
    """Swap paired rows of some pictures: left eyes for right ones.

    Args:
        values: `[b, ..., k, m]`.
        pairs: pairs of indices along the last axis but one.
        which: which pictures to change, bool `[b]`.

    Returns:
        `[b, ..., k, m]`.

    Raises:
        ValueError: an index isn't of the axis.

    >>> points = np.array([[[0, 5], [9, 5]]])
    >>> swap(points, [(0, 1)], np.array([True])).tolist()
    [[[9, 5], [0, 5]]]
    """
    count = values.shape[-2]
    if not count or not len(pairs):
        return values
    order = np.arange(count)
    for one, other in pairs:
        if not (0 <= one < count and 0 <= other < count):
            raise ValueError(
                f"`pairs` are of indices from 0 to {count - 1}. "
                f"Received: {(one, other)}"
            )
        order[[one, other]] = other, one
    swapped = values.copy()
    swapped[which] = values[which][..., order, :]
    return swapped


def nearest(places):
    """Return the pixel that each place lies in, half a pixel up.

    Places half-way between two pixels go one way all: rounded to even,
    every other pixel of a shift by half would be lost. A millionth more
    keeps what a turn computes as 1.4999999999999998 with its neighbours.

    Args:
        places: pixel coordinates, of any shape.

    Returns:
        int64 of that shape.

    >>> nearest(np.array([0.5, 1.4999999999999998, 2.5])).tolist()
    [1, 2, 3]
    """
    return np.floor(places + (0.5 + 1e-6)).astype(np.int64)
