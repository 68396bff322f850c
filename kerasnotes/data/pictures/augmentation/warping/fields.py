"""Smooth displacement fields: cubic B-splines over a coarse grid.

With the cubic B-spline B, control displacements `g[i, j]` and a position
`(u, v)` in cells, `d = Σ g[i, j] B(v - i) B(u - j) / (|B(v - ·)| |B(u - ·)|)`.
The norms make its standard deviation that of the controls everywhere.

Sources: O. Ronneberger, P. Fischer, T. Brox, U-Net, 2015, section 3.1 (a
coarse grid of random displacements, interpolated smoothly); D. Rueckert et
al., Nonrigid registration using free-form deformations, 1999 (B-splines).
"""

import functools

import numpy as np

CELLS = 4
CONTROLS = CELLS + 3
MOST = 0.03
"""The standard deviation up to which no field folds, whatever is drawn."""

_ITERATIONS = 60


def draw(numbers, deviation):
    """Draws the controls, uniform in ±√3 deviations.

    Args:
        numbers: uniform random numbers, `[b]`: each seeds a picture's field.
        deviation: a share of the picture's shorter side.

    Returns:
        `[b, 2, CONTROLS, CONTROLS]`, x before y.

    >>> draw(np.array([0.3]), 0.01).shape
    (1, 2, 7, 7)
    """
    controls = np.empty((len(numbers), 2, CONTROLS, CONTROLS))
    for out, key in zip(controls, (numbers * 2**24).astype(int), strict=True):
        np.random.Generator(np.random.Philox(key=key)).random(out=out)
    return (2 * controls - 1) * np.sqrt(3) * deviation


def basis(places, side):
    """Weighs the controls for places along a side.

    Args:
        places: pixel coordinates, of any shape.
        side: the side's length; beyond it the field goes on unchanged.

    Returns:
        `[..., CONTROLS]`, rows of norm 1.
    """
    cells = np.clip((places + 0.5) / side, 0, 1) * CELLS
    away = np.abs(cells[..., None] - np.arange(-1, CONTROLS - 1))
    near, far = np.maximum(1 - away, 0), np.maximum(2 - away, 0)
    # NumPy's cube by ** takes twenty times as long.
    weights = (far * far * far - 4 * (near * near * near)) / 6
    return weights / np.sqrt(np.square(weights).sum(-1, keepdims=True))


@functools.lru_cache
def grid(side):
    """Return the basis for every pixel of a side, `[side, CONTROLS]`."""
    return basis(np.arange(side), side)


def dense(controls, size):
    """Compute the displacement of every pixel.

    Args:
        controls: `[..., 2, CONTROLS, CONTROLS]`.
        size: height and width.

    Returns:
        Pixels, `[..., 2, height, width]`.
    """
    rows, columns = map(grid, size)
    return min(size) * (rows @ controls @ columns.T)


def at(controls, points, size):
    """Compute the displacement of points.

    Args:
        controls: `[b, 2, CONTROLS, CONTROLS]`.
        points: `[b, k, 2]`, x before y, in pixels.
        size: height and width.

    Returns:
        Pixels, `[b, k, 2]`.
    """
    height, width = size
    across = basis(points[..., 0], width).swapaxes(-1, -2)[:, None]
    down = basis(points[..., 1], height).swapaxes(-1, -2)[:, None]
    moved = ((controls @ across) * down).sum(2)
    return min(size) * moved.swapaxes(-1, -2)


def parts(controls, size, lengths, within):
    """Return into how many parts lines are cut, so that each stays straight.

    A part of h cells strays from its chord by at most `h² |d''| / 8`, and
    `|d''|` is up to about four times the largest control for each cell².

    Args:
        controls: `[b, 2, CONTROLS, CONTROLS]`.
        size: height and width.
        lengths: a line's length in pixels, in each picture, `[b]`.
        within: how far a part may stray, in pixels.

    Returns:
        Powers of two, integers `[b]`.

    >>> parts(draw(np.array([0.3]), 0.01), (64, 64), np.array([32]), 0.1)
    array([8])
    """
    cells = lengths / min(size) * CELLS
    bend = 4 * min(size) * np.abs(controls).max((1, 2, 3))
    least = np.maximum(cells * np.sqrt(bend / 8 / within), 1)
    return 2 ** np.ceil(np.log2(least)).astype(int)


def undo(controls, points, size, within=1e-9):
    """Find p with `p + d(p)` the points, by fixed-point iteration.

    Up to `MOST`, d is a contraction, so that there is one answer. A point's
    depends on no other point.

    Args:
        controls: `[b, 2, CONTROLS, CONTROLS]`.
        points: `[b, k, 2]`, x before y, in pixels.
        size: height and width.
        within: the change in pixels that ends a point's iteration.

    Returns:
        Pixels, `[b, k, 2]`.
    """
    origin, moving = points, True
    for _ in range(_ITERATIONS):
        closer = points - at(controls, origin, size)
        change = np.abs(closer - origin)
        origin = np.where(moving, closer, origin)
        moving = moving & (np.maximum(*np.split(change, 2, -1)) > within)
        if not moving.any():
            break
    return origin
