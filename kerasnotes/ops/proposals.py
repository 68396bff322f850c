"""What a network of two stages proposes, and what it says of a region.

The first stage says of each anchor whether there is an object, and where; the
best of these boxes are the regions that the second stage looks at.
"""

from keras import ops

from kerasnotes.ops import (
    box_regression,
    greedy_selection,
    region_targets,
    suppression,
)
from kerasnotes.ops import boxes as boxes_lib


def region_proposals(
    y, grids, count=100, iou_threshold=0.7, candidates=1000, smallest=1.0
):
    """Return the boxes that a region proposal network thinks objects.

    The boxes of all anchors are clipped to the picture, those with a side
    below `smallest` dropped; of the `candidates` likeliest, non-max
    suppression leaves the `count` best. No gradient passes.

    Args:
        y: the network's outputs, `(batch, grids.size, 5)`: the logit of an
            object, and the four deltas of its box from the anchor
            (`ops.apply_deltas`).
        grids: the `ops.Grids` of the anchors.
        count: n, how many regions a picture has at most.
        iou_threshold: of two with this IoU or more the better stays.
        candidates: how many are looked at before suppression.
        smallest: the least side in pixels.

    Returns:
        `xyxy` in pixels, `(batch, count, 4)`, the likeliest first, padded
        with 0.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((8, 16), (8,), (((4, 4),),), classes=1)
    >>> y = ops.convert_to_tensor([[[0.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0]]])
    >>> region_proposals(y, grids, count=3).numpy()[0]
    array([[10.,  2., 14.,  6.],
           [ 2.,  2.,  6.,  6.],
           [ 0.,  0.,  0.,  0.]], dtype=float32)

    Source: Ren et al., Faster R-CNN (2015), section 3.
    """
    y = ops.stop_gradient(ops.cast(ops.convert_to_tensor(y), "float32"))
    anchors = region_targets.anchor_boxes(grids)
    boxes = clip(
        box_regression.apply_deltas(y[..., 1:], anchors), grids.image_shape
    )
    sides = boxes[..., 2:] - boxes[..., :2]
    scores = ops.where(
        ops.min(sides, axis=-1) >= smallest, ops.sigmoid(y[..., 0]), 0.0
    )
    scores, places = ops.top_k(scores, min(candidates, grids.size))
    boxes = greedy_selection.boxes_of(boxes, places, 1)
    left = suppression.non_max_suppression(
        boxes, scores[..., None], 0.0, iou_threshold, count
    )
    return left["boxes"]


def region_answers(y, classes, image_shape, deviations=(0.1, 0.1, 0.2, 0.2)):
    """Return the boxes and scores that regions have for each class.

    Args:
        y: outputs of the second stage, `(batch, n, 4 + 1 + classes + 4 ·
            classes)`: the region as `xyxy`, logits with the background
            first, and four deltas for each class.
        classes: their number.
        image_shape: height and width of the picture.
        deviations: what the deltas are divided by in training.

    Returns:
        `xyxy` within the picture, `(batch, n, classes, 4)`, and
        probabilities, `(batch, n, classes)`, 0 for regions without area:
        as `ops.non_max_suppression` takes them.

    >>> y = ops.convert_to_tensor([[[2.0, 2, 6, 6, 0, 0, 0, 0, 0, 0]]])
    >>> boxes, scores = region_answers(y, 1, (8, 8))
    >>> boxes.numpy()[0, 0], scores.numpy()[0, 0]
    (array([[2., 2., 6., 6.]], dtype=float32), array([0.5], dtype=float32))

    Source: Girshick, Fast R-CNN (2015), section 2.
    """
    y = boxes_lib.wide(y)
    region, logits, deltas = ops.split(y, [4, 5 + classes], axis=-1)
    n = ops.shape(y)[1]
    deltas = ops.reshape(deltas, (-1, n, classes, 4))
    boxes = box_regression.apply_deltas(
        deltas, region[..., None, :], deviations
    )
    sides = region[..., 2:] - region[..., :2]
    there = ops.min(sides, axis=-1, keepdims=True) > 0
    scores = ops.where(there, ops.softmax(logits)[..., 1:], 0.0)
    return clip(boxes, image_shape), scores


def clip(boxes, image_shape):
    """Return boxes clipped to a picture.

    Args:
        boxes: `xyxy` in pixels, `(..., 4)`.
        image_shape: height and width.

    >>> clip(ops.convert_to_tensor([[-1.0, 2, 9, 9]]), (4, 8)).numpy()
    array([[0., 2., 8., 4.]], dtype=float32)
    """
    height, width = image_shape[:2]
    most = ops.convert_to_tensor([width, height] * 2, dtype=boxes.dtype)
    return ops.clip(boxes, 0.0, most)
