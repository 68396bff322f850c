"""Boxes that move with the pictures: around their moved outlines, clipped."""

import numpy as np

from kerasnotes.data.pictures.augmentation.warping import coordinates, fields

# How far the edge of a box that a local warp bends may be off, in pixels,
# and the most points along it.
_STRAY, _MOST = 0.1, 128
# What counts as on the picture's border, in pixels.
_NEAR = 1e-6


def move_boxes(boxes, warps):
    """Move boxes, as `Warps.boxes`."""
    boxes = np.asarray(boxes, np.float64)
    if warps.fields is None:
        return _move(boxes, warps, 1)
    # In how many points a box is bent depends on no other box.
    shape, rows = boxes.shape, np.arange(len(boxes)).repeat(boxes.shape[1])
    boxes = boxes.reshape(len(rows), 1, 4)
    moved, shares = np.empty(boxes.shape), np.empty((len(rows), 1))
    parts = _parts(boxes, warps.rows(rows))
    for count in np.unique(parts):
        which = parts == count
        moved[which], shares[which] = _move(
            boxes[which], warps.rows(rows[which]), count
        )
    return moved.reshape(shape), shares.reshape(shape[:2])


def _move(boxes, warps, parts):
    """Move boxes whose edges are cut into parts, that stay straight."""
    batch, count = boxes.shape[:2]
    outlines = _outlines(boxes, parts)
    # A box counts from the picture's edge, half a pixel before the centre
    # of the first pixel.
    flat = outlines.reshape(batch, count * outlines.shape[2], 2)
    moved = coordinates.move(flat - 0.5, warps, _STRAY / 100) + 0.5
    outlines = moved.reshape(outlines.shape)
    most = np.array(warps.target_size[::-1], np.float64)
    edges = _refined(outlines, most)
    clipped = np.clip(edges, 0, most)
    corners, cover = _corners(boxes, warps, most)
    inside = _both(np.abs(clipped - edges) <= _NEAR)
    around = _around(
        np.concatenate([clipped, corners], 2),
        np.concatenate([inside, cover], 2),
    )
    beyond = _around(clipped, True)
    some = inside.any(-1) | cover.any(-1)
    shares = _shares(_area(clipped), _area(edges))
    shares *= _both(boxes[..., 2:] > boxes[..., :2])
    return np.where(some[..., None], around, beyond), shares


def _parts(boxes, warps):
    """Return into how many parts the edges of a box are cut, `[b]`."""
    sides = (boxes[:, 0, 2:] - boxes[:, 0, :2]).max(-1)
    scale = np.linalg.norm(np.linalg.inv(warps.matrices[:, :, :2]), 2, (1, 2))
    lengths = np.fmax(sides, 0.0) * scale
    parts = fields.parts(warps.fields, warps.target_size, lengths, _STRAY)
    return np.minimum(parts, _MOST)


def _outlines(boxes, parts):
    """Return points around boxes, in order, `[b, n, 4 parts, 2]`."""
    along = np.arange(parts) / parts
    ends = np.zeros(parts)
    x = np.concatenate([along, ends + 1, 1 - along, ends])
    y = np.concatenate([ends, along, ends + 1, 1 - along])
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    return low + (high - low) * np.stack([x, y], -1)


def _refined(outlines, most):
    """Add the points where outlines cross the lines of the borders.

    Args:
        outlines: `[b, n, m, 2]`, closed.
        most: the picture's width and height.

    Returns:
        `[b, n, 5 m, 2]`, in order: each point, and four that may repeat it.
    """
    step = np.roll(outlines, -1, 2) - outlines
    along = []
    for limit in (0 * most, most):
        with np.errstate(divide="ignore", invalid="ignore"):
            part = (limit - outlines) / step
        along.append(np.where((part > 0) & (part < 1), part, 0.0))
    along = np.sort(np.concatenate(along, -1), -1)
    crossings = outlines[..., None, :] + along[..., None] * step[..., None, :]
    points = np.concatenate([outlines[..., None, :], crossings], -2)
    batch, count, length = outlines.shape[:3]
    return points.reshape(batch, count, 5 * length, 2)


def _corners(boxes, warps, most):
    """Return the picture's corners, `[b, n, 4, 2]`, and which come from a box.

    A box that is larger than what the picture shows of it reaches them.
    """
    corners = most * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    corners = np.broadcast_to(corners, (len(boxes), 4, 2))
    origin = coordinates.source(corners - 0.5, warps)[:, None] + 0.5
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    inside = _both((origin >= low) & (origin <= high))
    return np.broadcast_to(corners[:, None], (*inside.shape, 2)), inside


def _both(conditions):
    """Return whether x and y fulfil a condition, each."""
    # NumPy takes ten times as long to reduce an axis of two.
    return conditions[..., 0] & conditions[..., 1]


def _around(points, which):
    """Return the boxes around some of the points, `[b, n, 4]`."""
    sides = [points[..., 0], points[..., 1]]
    low = [np.where(which, side, np.inf).min(-1) for side in sides]
    high = [np.where(which, side, -np.inf).max(-1) for side in sides]
    return np.stack(low + high, -1)


def _area(outlines):
    """Return the areas within closed outlines, by Gauss's formula.

    An outline clipped point by point runs along the border where it was
    beyond, and so surrounds what of it lies in the picture.
    """
    x, y = np.moveaxis(outlines - outlines[..., :1, :], -1, 0)
    turned = x * np.roll(y, -1, -1) - y * np.roll(x, -1, -1)
    return np.abs(turned.sum(-1)) / 2


def _shares(part, total):
    shares = np.divide(part, total, out=np.zeros_like(part), where=total > 0)
    return np.minimum(shares, 1.0)
