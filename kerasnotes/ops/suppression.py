"""Which boxes to keep of those around one object: non-max suppression.

Everything has a fixed size, so that it stands in a SavedModel and compiles on
every backend. Steps run while a picture has a box left, at most
`max_detections` of them.
"""

from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import greedy_selection


def non_max_suppression(
    boxes,
    scores,
    score_threshold=0.6,
    iou_threshold=0.5,
    max_detections=100,
    per_class=True,
    bounding_box_format="xyxy",
    image_shape=None,
):
    """Return the boxes left after non-max suppression.

    Pairs of a box and a class with `score ≤ score_threshold` are dropped. Of
    the others, again and again, the best is answered, and those of its class
    with `IoU ≥ iou_threshold` to its box are dropped.

    Of equal scores the earlier box goes first, and of one box the lower
    class. `tf.image.combined_non_max_suppression` drops above
    `iou_threshold`, not at it, and leaves the order of ties between classes
    open; else the answers are equal. A box with swapped sides, a NaN or an
    infinite one overlaps nothing.

    On TensorFlow its kernel is used, which XLA doesn't compile.

    Args:
        boxes: `(batch, n, 4)`, or with a box for each class,
            `(batch, n, classes, 4)`.
        scores: probabilities, `(batch, n, classes)`. A NaN is dropped.
        score_threshold: a number from 0 to below 1.
        iou_threshold: a number above 0, at most 1.
        max_detections: k, how many boxes of a picture are answered at most.
        per_class: whether boxes of different classes may overlap. If not,
            each box counts for its likeliest class alone (agnostic).
        bounding_box_format: as in `keras.utils.bounding_boxes`.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        A dictionary, the best box first, then padding:

        - `boxes`: `(batch, k, 4)` in their format and type, padded with 0;
        - `labels`: int32 `(batch, k)`, padded with -1, which is no class;
        - `scores`: `(batch, k)`, padded with 0;
        - `count`: int32 `(batch,)`, the boxes that aren't padding.

    Raises:
        ValueError: shapes don't fit, or a bound is out of its range.

    >>> boxes = [[[0.0, 0, 4, 4], [0, 0, 4, 3], [8, 8, 9, 9]]]
    >>> answer = non_max_suppression(boxes, [[[0.9], [0.8], [0.7]]])
    >>> answer["count"].numpy(), answer["boxes"][0, :2].numpy()
    (array([2], dtype=int32), array([[0., 0., 4., 4.],
           [8., 8., 9., 9.]], dtype=float32))

    Source: course 4, "Non-max suppression".
    """
    _check_share("iou_threshold", iou_threshold)

    def select(boxes, live):
        return greedy_selection.suppress(
            boxes, live, iou_threshold, max_detections
        )

    return _suppression(
        *(boxes, scores, score_threshold, max_detections, per_class),
        *(bounding_box_format, image_shape, select),
    )


def soft_non_max_suppression(
    boxes,
    scores,
    method="gaussian",
    sigma=0.5,
    score_threshold=0.001,
    iou_threshold=0.3,
    max_detections=100,
    per_class=True,
    bounding_box_format="xyxy",
    image_shape=None,
):
    """Return the boxes after soft suppression: overlap lowers their scores.

    As `non_max_suppression`, but where that drops a box of the answered
    one's class, its score is multiplied by

    - "linear": `1 - IoU` where `IoU ≥ iou_threshold`;
    - "gaussian": `exp(-IoU² / σ)`, whatever the IoU.

    The scores answered are those that are left.

    Args:
        boxes: as in `non_max_suppression`, like the others below.
        scores: probabilities.
        method: "gaussian" or "linear".
        sigma: σ, above 0.
        score_threshold: what has come to that score or below is dropped.
        iou_threshold: of "linear".
        max_detections: how many boxes of a picture are answered at most.
        per_class: whether classes leave each other alone.
        bounding_box_format: as in `keras.utils.bounding_boxes`.
        image_shape: for relative formats.

    Returns:
        As `non_max_suppression`.

    Raises:
        ValueError: as there, or the method is unknown.

    >>> boxes = [[[0.0, 0, 4, 4], [0, 0, 4, 3]]]
    >>> soft = soft_non_max_suppression(boxes, [[[0.9], [0.8]]], "linear")
    >>> soft["scores"][0, :2].numpy().round(3)
    array([0.9, 0.2], dtype=float32)

    Source: Bodla et al., Soft-NMS: improving object detection with one line
    of code (2017), section 3.
    """
    _check_share("iou_threshold", iou_threshold)
    if sigma <= 0:
        raise errors.refusal(
            "`sigma`", f"`sigma` must be above 0. Received: sigma={sigma}"
        )

    def linear(overlap, score):
        return ops.where(overlap < iou_threshold, score, score * (1 - overlap))

    def gaussian(overlap, score):
        return score * ops.exp(-(overlap**2) / sigma)

    methods = {"linear": linear, "gaussian": gaussian}
    if method not in methods:
        raise errors.unknown("`method`", method, methods)

    def factor(overlap, score):
        lower = methods[method](overlap, score)
        return ops.where(lower > score_threshold, lower, 0.0)

    def select(boxes, live):
        return greedy_selection.select(
            boxes, live, factor, max_detections, per_class=True
        )

    return _suppression(
        *(boxes, scores, score_threshold, max_detections, per_class),
        *(bounding_box_format, image_shape, select),
    )


def _check_share(name, share):
    if not 0 < share <= 1:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must be above 0, at most 1. Received: {name}={share}",
        )


def _suppression(
    boxes,
    scores,
    score_threshold,
    max_detections,
    per_class,
    bounding_box_format,
    image_shape,
    select,
):
    boxes, scores = _inputs(boxes, scores, score_threshold, max_detections)
    live = ops.where(scores > score_threshold, scores, 0.0)
    if per_class:
        classes = scores.shape[-1]
    else:
        # The others of a box are at its very place.
        classes, likeliest = 1, ops.argmax(live, axis=-1)
        live = ops.max(live, axis=-1, keepdims=True, initial=0.0)
        if len(boxes.shape) == 4:
            boxes = ops.take_along_axis(
                boxes, likeliest[..., None, None], axis=2
            )[:, :, 0]
    corners = _proper(boxes, bounding_box_format, image_shape)
    numbers, left = select(corners, live)
    there, numbers = numbers >= 0, ops.maximum(numbers, 0)
    answers = greedy_selection.boxes_of(boxes, numbers, classes)
    if per_class:
        labels = numbers % classes
    else:
        labels = ops.take_along_axis(likeliest, numbers, axis=1)
    return {
        "boxes": ops.where(there[..., None], answers, ops.zeros_like(answers)),
        "labels": ops.where(there, ops.cast(labels, "int32"), -1),
        "scores": left,
        "count": ops.sum(ops.cast(there, "int32"), axis=-1),
    }


def _proper(boxes, bounding_box_format, image_shape):
    """Return corners; without area where sides are swapped or infinite."""
    corners = boxes_lib.xyxy(
        ops.cast(boxes, "float32"), bounding_box_format, image_shape
    )
    proper = ops.all(ops.isfinite(corners), axis=-1, keepdims=True)
    corners = ops.where(proper, corners, 0.0)
    first, last = corners[..., :2], corners[..., 2:]
    return ops.concatenate([first, ops.maximum(first, last)], axis=-1)


def _inputs(boxes, scores, score_threshold, max_detections):
    """Return the tensors, of one box at least, which may be padding."""
    boxes, scores = map(ops.convert_to_tensor, (boxes, scores))
    if len(scores.shape) != 3 or not scores.shape[-1]:
        raise errors.refusal(
            "`scores`",
            "`scores` must have the shape (batch, n, classes), of 1 class or "
            f"more. Received: shape {tuple(scores.shape)}",
        )
    middle = tuple(boxes.shape)[2:-1]
    if (
        len(boxes.shape) not in (3, 4)
        or boxes.shape[-1] != 4
        or (middle and middle[0] != scores.shape[-1])
        or None not in (boxes.shape[1], scores.shape[1])
        and boxes.shape[1] != scores.shape[1]
    ):
        raise errors.refusal(
            "`boxes`",
            "`boxes` must have the shape (batch, n, 4) or (batch, n, classes, "
            f"4) of the scores. Received: shape {tuple(boxes.shape)} for "
            f"scores of shape {tuple(scores.shape)}",
        )
    if not 0 <= score_threshold < 1:
        raise errors.refusal(
            "`score_threshold`",
            "`score_threshold` must be from 0 to below 1. Received: "
            f"score_threshold={score_threshold}",
        )
    if max_detections < 1:
        raise errors.refusal(
            "`max_detections`",
            "`max_detections` must be 1 or more. Received: "
            f"max_detections={max_detections}",
        )
    if not boxes.shape[1]:
        # The best of none is an error.
        widths = [[0, 0], [0, 1], [0, 0]]
        scores = ops.pad(scores, widths)
        boxes = ops.pad(boxes, widths + [[0, 0]] * len(middle))
    return boxes, ops.cast(scores, "float32")
