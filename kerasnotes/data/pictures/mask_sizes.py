"""Masks brought to a size as their pictures are, by nearest neighbours."""

import numpy as np

from kerasnotes.data.pictures import decode

IGNORED = 255
"""The value of a pixel that doesn't count: of no class that is known."""


def resize(masks, size, mode="stretch", outside=IGNORED):
    """Bring masks to a size: each pixel takes its nearest neighbour's class.

    The geometry is that of `decode.resize`: a pixel of the result shows the
    class at its centre, `y = top + (y' - top' + 1/2) · height / height'`, so
    that no class is made up between two others.

    Args:
        masks: integers `[..., height, width]`.
        size: the side of the square wanted, or `(height, width)`.
        mode: `"stretch"`, `"pad"` or `"crop"`, see `decode.resize`.
        outside: the value of what `"pad"` adds.

    Returns:
        `[..., *size]`, of their type.

    >>> resize(np.array([[0, 1, 2, 3]], "uint8"), (2, 2)).tolist()
    [[1, 3], [1, 3]]
    >>> resize(np.array([[0, 1, 2, 3]], "uint8"), (2, 4), "pad").tolist()
    [[0, 1, 2, 3], [255, 255, 255, 255]]
    """
    masks = np.asarray(masks)
    size = (size, size) if isinstance(size, int) else tuple(size)
    part, place = (
        window.numpy()
        for window in decode.windows(masks.shape[-2:], size, mode)
    )
    rows, columns = (_source(part, place, axis) for axis in (0, 1))
    result = np.full((*masks.shape[:-2], *size), outside, masks.dtype)
    top, left, height, width = place
    result[..., top : top + height, left : left + width] = masks[
        ..., rows[:, None], columns
    ]
    return result


def _source(part, place, axis):
    """Return the source's row of each of the result's rows, along an axis."""
    first, length, count = part[axis], part[axis + 2], place[axis + 2]
    # Whole numbers, so that centres on an edge all go one way.
    return first + (2 * np.arange(count) + 1) * length // (2 * count)
