"""Boxes as they differ from others: what a box regression answers."""

import math

from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib

# Sides that are less have finite quotients, but quotients of no meaning.
_SMALLEST = 1e-12
# Of the logarithm of a side; sides of 62.5 anchors are the field's bound.
_LARGEST = math.log(1000 / 16)


def box_deltas(boxes, anchors, deviations=(1.0, 1.0, 1.0, 1.0)):
    """Return how boxes differ from anchors.

    `t_x = (x - x_a) / w_a`, `t_y = (y - y_a) / h_a`,
    `t_w = log(w / w_a)`, `t_h = log(h / h_a)`

    each divided by its deviation, where x and y are of the middle. A box or
    an anchor without area, or which is no number, has 0 in all four, and its
    gradient is 0.

    Args:
        boxes: `xyxy`, `(..., 4)`.
        anchors: `xyxy`, of a shape that broadcasts with that of the boxes:
            anchors, proposals or any other boxes.
        deviations: of t_x, t_y, t_w and t_h, so that all have about the
            standard deviation 1; (0.1, 0.1, 0.2, 0.2) is usual for proposals.

    Returns:
        t_x, t_y, t_w and t_h, of the shape that both have together, in
        float32 or, where one of both is that, float64.

    Raises:
        ValueError: the last axis isn't 4, or a deviation isn't above 0.

    >>> box_deltas([[2, 4, 6, 12]], [[0, 0, 4, 8]]).numpy()
    array([[0.5, 0.5, 0. , 0. ]], dtype=float32)

    Source: Girshick et al., Rich feature hierarchies for accurate object
    detection and semantic segmentation (2014), appendix C.
    """
    check_deviations(deviations)
    boxes, anchors = _pair("boxes", boxes, anchors)
    proper = ops.logical_and(_proper(boxes), _proper(anchors))
    # Of a box with itself all is 0, and so are the gradients of constants.
    unit = ops.convert_to_tensor([0, 0, 1, 1], boxes.dtype)
    centres, sides = _parts(ops.where(proper, boxes, unit))
    of_anchors, anchor_sides = _parts(ops.where(proper, anchors, unit))
    deltas = ops.concatenate(
        [(centres - of_anchors) / anchor_sides, ops.log(sides / anchor_sides)],
        axis=-1,
    )
    return deltas / ops.convert_to_tensor(list(deviations), deltas.dtype)


def apply_deltas(deltas, anchors, deviations=(1.0, 1.0, 1.0, 1.0)):
    """Return the boxes that differ so from anchors, which undoes `box_deltas`.

    `x = t_x w_a + x_a`, `y = t_y h_a + y_a`,
    `w = w_a exp(t_w)`, `h = h_a exp(t_h)`

    with each delta multiplied by its deviation first, and t_w and t_h at most
    log(1000 / 16). Boxes may reach over the border of the picture. Of an
    anchor without area, or which is no number, the box is all 0.

    Args:
        deltas: `(..., 4)`, for example `(batch, n, classes, 4)`.
        anchors: `xyxy`, of a shape that broadcasts, as `(batch, n, 1, 4)`.
        deviations: as in `box_deltas`.

    Returns:
        `xyxy`, as in `box_deltas`.

    Raises:
        ValueError: as there.

    >>> apply_deltas([[0.5, 0.5, 0, 0]], [[0, 0, 4, 8]]).numpy()
    array([[ 2.,  4.,  6., 12.]], dtype=float32)

    Source: as of `box_deltas`; the bound is Detectron's.
    """
    check_deviations(deviations)
    deltas, anchors = _pair("deltas", deltas, anchors)
    proper = _proper(anchors)
    unit = ops.convert_to_tensor([0, 0, 1, 1], anchors.dtype)
    centres, sides = _parts(ops.where(proper, anchors, unit))
    deltas = deltas * ops.convert_to_tensor(list(deviations), deltas.dtype)
    centres = centres + deltas[..., :2] * sides
    halves = sides * ops.exp(ops.minimum(deltas[..., 2:], _LARGEST)) / 2
    boxes = ops.concatenate([centres - halves, centres + halves], axis=-1)
    return ops.where(proper, boxes, ops.zeros_like(boxes))


def check_deviations(deviations):
    """Refuse deviations that aren't four numbers above 0.

    Args:
        deviations: of t_x, t_y, t_w and t_h.

    Raises:
        ValueError: see above.
    """
    if len(deviations) != 4 or not all(0 < x < math.inf for x in deviations):
        raise errors.refusal(
            "`deviations`",
            "`deviations` must be four numbers above 0. Received: "
            f"deviations={deviations}",
        )


def _pair(name, values, anchors):
    """Return both in the wider type of the two."""
    values, anchors = boxes_lib.floats(values=values, anchors=anchors)
    for argument, x in ((name, values), ("anchors", anchors)):
        if not len(x.shape) or x.shape[-1] != 4:
            raise errors.refusal(
                f"`{argument}`",
                f"`{argument}` must have the shape (..., 4). Received: shape "
                f"{tuple(x.shape)}",
            )
    return values, anchors


def _proper(boxes):
    """Return whether boxes have an area, `(..., 1)`."""
    # Of infinite corners sides are infinite or no numbers.
    sides = boxes[..., 2:] - boxes[..., :2]
    proper = ops.logical_and(sides > _SMALLEST, ops.isfinite(sides))
    return ops.all(proper, axis=-1, keepdims=True)


def _parts(boxes):
    """Return the middle and the sides, each `(..., 2)`."""
    first, last = boxes[..., :2], boxes[..., 2:]
    return (first + last) / 2, last - first
