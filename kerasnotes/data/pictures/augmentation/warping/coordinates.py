"""Points and boxes that move with the pictures."""

import numpy as np

from kerasnotes.data.pictures.augmentation.warping import fields

_EDGE = 9


def move(points, warps):
    """Moves points `[b, k, 2]`, pixel centres at whole numbers."""
    matrices = np.asarray(warps.matrices, float)
    offset = np.asarray(points, float) - matrices[:, None, :, 2]
    # M's own solution, rather than its inverse's product, is exact for a
    # matrix of whole numbers.
    moved = np.linalg.solve(
        matrices[:, :, :2], np.swapaxes(offset, 1, 2)
    ).swapaxes(1, 2)
    if warps.fields is not None:
        moved = fields.undo(warps.fields, moved, warps.target_size)
    return moved


def move_boxes(boxes, warps, visible):
    """Moves boxes `[b, n, 4]`, as `Warps.boxes`."""
    boxes = np.asarray(boxes, float)
    batch, count = boxes.shape[:2]
    along = np.linspace(0, 1, 2 if warps.fields is None else _EDGE)
    ends = along * 0
    x = np.concatenate([along, along, ends, ends + 1])
    y = np.concatenate([ends, ends + 1, along, along])
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    outline = low + (high - low) * np.stack([x, y], -1)
    # A box counts from the picture's edge, half a pixel before the centre
    # of the first pixel.
    moved = move(outline.reshape(batch, -1, 2) - 0.5, warps) + 0.5
    moved = moved.reshape(batch, count, -1, 2)
    height, width = warps.target_size
    around = np.concatenate([moved.min(2), moved.max(2)], -1)
    most = [width, height, width, height]
    clipped = np.clip(around, 0, most)
    area, seen = _area(around), _area(clipped)
    return clipped, (seen > 0) & (seen >= visible * area)


def _area(boxes):
    return np.prod(boxes[..., 2:] - boxes[..., :2], -1)
