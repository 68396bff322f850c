"""Which regions are objects and which background."""

import numpy as np
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib

IGNORED = -2
"""The label of a box in which regions are no background, such as a crowd."""
# The IoU with such a box from which on a region is none.
_IGNORED_IOU = 0.5
# IoUs that differ by less are equal: compilers may round twice.
_TIE = 1e-6


def match_regions(
    regions,
    boxes,
    labels,
    positive=0.5,
    negative=0.5,
    lowest=0.0,
    force=False,
):
    """Return which object each region belongs to, or that it's background.

    With IoU that of a region with the object of the highest, it is

    - positive where `IoU ≥ positive`;
    - negative where `lowest ≤ IoU < negative`;
    - neither of both in between, or below `lowest`.

    With `force` there are also, for each object, the regions of its highest
    IoU above 0, all of them where several are equal: they are positive, and
    belong to that object. One of two objects belongs to that of the higher
    IoU. Without, an object may have no region at all.

    A box without area, or which is no number, is no object. A region of that
    kind is neither positive nor negative. In a picture without objects every
    IoU is 0.

    Args:
        regions: `xyxy`, `(batch, n, 4)`, or `(n, 4)`, the same for all
            pictures: constants, like the boxes.
        boxes: of objects, `xyxy`, `(batch, m, 4)`.
        labels: `(batch, m)`: 0 or more for objects, below 0 for padding. A
            box of label -2 is no object, and yet regions with an IoU of 0.5
            or more with it aren't negative: crowds, or what is too hard.
        positive: a number above 0, at most 1.
        negative: a number of at most `positive`.
        lowest: a number of at most `negative`.
        force: whether each object has a region that meets it at all.

    Returns:
        A dictionary, each `(batch, n)`:

        - `object`: int32, the number of the object that a region belongs to,
          from 0 to below m; 0 where it meets none;
        - `iou`: float32, the IoU with it, 0 where there is none;
        - `positive`, `negative`: bool, never both.

    Raises:
        ValueError: shapes don't fit, or a bound is out of its range.

    >>> regions = [[0, 0, 4, 4], [0, 0, 4, 3], [8, 8, 9, 9], [2, 2, 2, 2]]
    >>> answer = match_regions(regions, [[[0, 0, 4, 4]]], [[7]], 0.8, 0.3)
    >>> answer["iou"].numpy()
    array([[1.  , 0.75, 0.  , 0.  ]], dtype=float32)
    >>> answer["positive"].numpy()
    array([[ True, False, False, False]])
    >>> answer["negative"].numpy()
    array([[False, False,  True, False]])

    Source: Ren et al., Faster R-CNN (2015), section 3.1.2.
    """
    check_bounds(positive, negative, lowest)
    regions, boxes, labels = _inputs(regions, boxes, labels)
    valid, real = has_area(regions), has_area(boxes)
    # What is no number would make IoUs of none.
    regions = ops.where(valid[..., None], regions, 0.0)
    boxes = ops.where(real[..., None], boxes, 0.0)
    share = boxes_lib.iou(regions, boxes)
    ignored = ops.logical_and(share >= _IGNORED_IOU, labels[:, None] == IGNORED)
    ignored = ops.any(ignored, axis=-1)
    share = ops.where(labels[:, None] >= 0, share, 0.0)
    number, overlap = _best(share)
    is_positive = overlap >= positive
    if force:
        highest = ops.max(share, axis=1, keepdims=True, initial=0.0)
        is_highest = share >= highest * (1 - _TIE)
        forced = ops.where(is_highest, share, 0.0)
        of_forced, its_overlap = _best(forced)
        is_forced = its_overlap > 0
        number = ops.where(is_forced, of_forced, number)
        overlap = ops.where(is_forced, its_overlap, overlap)
        is_positive = ops.logical_or(is_positive, is_forced)
    is_negative = ops.logical_and(overlap >= lowest, overlap < negative)
    for excluded in (is_positive, ignored):
        is_negative = ops.logical_and(is_negative, ops.logical_not(excluded))
    return {
        "object": number,
        "iou": ops.cast(overlap, "float32"),
        "positive": is_positive,
        "negative": ops.logical_and(is_negative, valid),
    }


def anchor_boxes(grids):
    """Return the anchors of all places of grids as boxes.

    An anchor's middle is that of its cell. Boxes may reach over the border.

    Args:
        grids: the `Grids`.

    Returns:
        `xyxy` in pixels of the picture, float32 `(grids.size, 4)`, a NumPy
        array, in the order of `grids.places()`.

    >>> from kerasnotes.ops import Grids
    >>> anchor_boxes(Grids((8, 16), (8,), (((8, 4),),), classes=1))
    array([[ 0.,  2.,  8.,  6.],
           [ 8.,  2., 16.,  6.]], dtype=float32)

    Source: Ren et al., Faster R-CNN (2015), section 3.1.1.
    """
    places = grids.places().astype("float64")
    strides = places[:, 2:3]
    centres = (places[:, :2] + 0.5) * strides
    halves = places[:, 3:] * strides / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=-1)
    return boxes.astype("float32")


def check_bounds(positive, negative, lowest):
    """Refuse bounds of IoUs that are none, or in another order.

    Args:
        positive: as in `match_regions`, like the others.
        negative: not above it.
        lowest: not above that.

    Raises:
        ValueError: see above.
    """
    if not 0 < positive <= 1:
        raise errors.refusal(
            "`positive`",
            "`positive` must be above 0, at most 1. Received: positive="
            f"{positive}",
        )
    for name, value, bound in (
        ("negative", negative, positive),
        ("lowest", lowest, negative),
    ):
        if not 0 <= value <= bound:
            raise errors.refusal(
                f"`{name}`",
                f"`{name}` must be from 0 to {bound}, with lowest ≤ negative "
                f"≤ positive. Received: {name}={value}",
            )


def _inputs(regions, boxes, labels):
    """Return tensors, with one more box at the end, which is padding."""
    regions, boxes = (
        ops.stop_gradient(boxes_lib.wide(x)) for x in (regions, boxes)
    )
    labels = ops.convert_to_tensor(labels)
    if len(regions.shape) not in (2, 3) or regions.shape[-1] != 4:
        raise errors.refusal(
            "`regions`",
            "`regions` must have the shape (batch, n, 4) or (n, 4). Received: "
            f"shape {tuple(regions.shape)}",
        )
    if len(boxes.shape) != 3 or boxes.shape[-1] != 4 or len(labels.shape) != 2:
        raise errors.refusal(
            "`boxes`",
            "`boxes` must have the shape (batch, m, 4), and `labels` (batch, "
            f"m). Received: {tuple(boxes.shape)} and {tuple(labels.shape)}",
        )
    # The best of none is an error.
    boxes = ops.pad(boxes, [[0, 0], [0, 1], [0, 0]])
    labels = ops.pad(
        ops.cast(labels, "int32"), [[0, 0], [0, 1]], constant_values=-1
    )
    return regions if len(regions.shape) == 3 else regions[None], boxes, labels


def has_area(boxes):
    """Return which boxes have an area that is a number, above 0.

    Args:
        boxes: `xyxy`, `(..., 4)`.

    >>> has_area(ops.convert_to_tensor([[0.0, 0, 1, 1], [2, 2, 2, 3]])).numpy()
    array([ True, False])
    """
    sides = boxes[..., 2:] - boxes[..., :2]
    area = sides[..., 0] * sides[..., 1]
    # Of a box that reaches to infinity neither is a number.
    area = ops.where(ops.all(sides > 0, axis=-1), area, 0.0)
    return ops.logical_and(area > 0, ops.isfinite(area))


def _best(share):
    """Return the number of the best object, and its share."""
    number = ops.cast(ops.argmax(share, axis=-1), "int32")
    # Not `max`, which of no regions is an error, or has no shape.
    best = ops.take_along_axis(share, number[..., None], axis=-1)
    return number, best[..., 0]
