"""The patches that excite units most, nine to a square."""

import math

import numpy as np

from kerasnotes.plots import images

_SIDE = 64
_GAP = 4


def patches(groups, titles, columns=4):
    """Draws a square of patches for each unit.

    Args:
        groups: for each unit a list of uint8 patches `[height, width, 1 or
            3]` of one size, the most exciting first; it fills a square row by
            row, and may be empty.
        titles: a text for each.
        columns: units a row.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no group, or titles that are too few or too many.

    >>> nine = [np.zeros([5, 5, 3], "uint8")] * 9
    >>> figure = patches([nine, []], ["unit 0", "unit 1"])
    >>> len(figure.axes)
    2
    """
    side = math.ceil(max(map(len, groups), default=0) ** 0.5) or 1
    like = next((p for group in groups for p in group), _blank((1, 1)))
    squares = [_square(group, like.shape[:2], side) for group in groups]
    return images.grid(squares, titles, columns, side=2.2)


def _square(group, shape, side):
    factor = max(1, _SIDE // max(shape))
    rows, columns = (n * factor + _GAP for n in shape)
    square = _blank((side * rows - _GAP, side * columns - _GAP))
    for i, patch in enumerate(group):
        y, x = (i // side) * rows, (i % side) * columns
        large = patch.repeat(factor, 0).repeat(factor, 1)
        square[y : y + large.shape[0], x : x + large.shape[1]] = large
    return square


def _blank(shape):
    return np.full((*shape, 3), 255, "uint8")
