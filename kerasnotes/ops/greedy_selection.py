"""The best of scored boxes one by one, each of which lowers its neighbours."""

import keras
from keras import ops

from kerasnotes.ops import boxes as boxes_lib


def select(boxes, scores, factor, size, per_class):
    """Return the pairs of box and class that greedy suppression keeps.

    Pairs are numbered box by box: `number = box · classes + class`. Of equal
    scores the lowest number goes first.

    Args:
        boxes: as `xyxy`, `(batch, n, 4)` or `(batch, n, classes, 4)`, of
            which n is 1 or more.
        scores: float32 `(batch, n, classes)`, 0 where a pair is dropped.
        factor: a function of IoUs and scores of equal shape, which returns
            the scores beside a box that was chosen, none above those before.
        size: k, how many are kept at most.
        per_class: whether a pair leaves those of other classes alone.

    Returns:
        The pairs' numbers, int32 `(batch, k)`, with -1 as padding, and their
        scores, `(batch, k)`.

    >>> boxes = ops.convert_to_tensor([[[0.0, 0, 2, 2], [0, 0, 2, 1.5]]])
    >>> scores = ops.convert_to_tensor([[[0.5], [0.9]]])
    >>> drop = lambda overlap, score: ops.where(overlap > 0.5, 0.0, score)
    >>> select(boxes, scores, drop, 2, per_class=True)[0].numpy()
    array([[ 1, -1]], dtype=int32)
    """
    batch, n, classes = ops.shape(scores)
    place = ops.arange(size, dtype="int32")
    pairs = ops.reshape(ops.arange(n * classes, dtype="int32"), (n, classes))

    def unfinished(i, live, chosen, left):
        return ops.logical_and(i < size, ops.any(live > 0))

    def step(i, live, chosen, left):
        flat = ops.reshape(live, (batch, n * classes))
        score = ops.max(flat, axis=-1, keepdims=True, initial=0.0)
        best = ops.cast(ops.argmax(flat, axis=-1), "int32")[:, None]
        now = ops.logical_and(place == i, score > 0)
        lower = factor(_overlaps(boxes, best, classes), live)
        if per_class:
            same = (pairs % classes)[None] == (best % classes)[..., None]
            lower = ops.where(same, lower, live)
        return (
            i + 1,
            ops.where(pairs[None] == best[..., None], 0.0, lower),
            ops.where(now, best, chosen),
            ops.where(now, score, left),
        )

    nobody = ops.full((batch, size), -1, dtype="int32")
    nothing = ops.zeros((batch, size), dtype="float32")
    zero = ops.convert_to_tensor(0, "int32")
    return ops.while_loop(unfinished, step, (zero, scores, nobody, nothing))[2:]


def suppress(boxes, scores, iou_threshold, size):
    """Return the pairs that hard suppression per class keeps.

    On TensorFlow its own kernel does it, ten times as fast as steps. It isn't
    compiled by XLA.

    Args:
        boxes: as in `select`, like the others.
        scores: of the pairs.
        iou_threshold: the IoU from which on a box of the class is dropped.
        size: how many are kept at most.

    Returns:
        As `select`.

    >>> boxes = ops.convert_to_tensor([[[0.0, 0, 2, 2], [0, 0, 2, 1.5]]])
    >>> scores = ops.convert_to_tensor([[[0.5], [0.9]]])
    >>> suppress(boxes, scores, iou_threshold=0.5, size=2)[0].numpy()
    array([[ 1, -1]], dtype=int32)
    """
    if keras.backend.backend() == "tensorflow":
        from kerasnotes.ops import tensorflow_suppression

        return tensorflow_suppression.suppress(
            boxes, scores, iou_threshold, size
        )

    def factor(overlap, score):
        return ops.where(overlap < iou_threshold, score, 0.0)

    return select(boxes, scores, factor, size, per_class=True)


def boxes_of(boxes, numbers, classes):
    """Return the boxes of pairs.

    Args:
        boxes: `(batch, n, 4)` or `(batch, n, classes, 4)`.
        numbers: of the pairs, int32 `(batch, m)`.
        classes: how many there are.

    Returns:
        `(batch, m, 4)`.

    >>> boxes = ops.convert_to_tensor([[[0.0, 0, 2, 2], [0, 0, 3, 3]]])
    >>> boxes_of(boxes, ops.convert_to_tensor([[5]]), classes=3).numpy()
    array([[[0., 0., 3., 3.]]], dtype=float32)
    """
    batch, n = ops.shape(boxes)[:2]
    if len(boxes.shape) == 4:
        boxes = ops.reshape(boxes, (batch, n * classes, 4))
        n = n * classes
    else:
        numbers = numbers // classes
    # One gather of rows is faster than one along an axis.
    first = n * ops.arange(batch, dtype="int32")[:, None]
    rows = ops.take(ops.reshape(boxes, (batch * n, 4)), numbers + first, axis=0)
    # Of no picture JAX returns a vector.
    return ops.reshape(rows, (batch, ops.shape(numbers)[1], 4))


def _overlaps(boxes, best, classes):
    """Return the IoUs with the best pair's, `(batch, n, 1 or classes)`."""
    box = boxes_of(boxes, best, classes)
    if len(boxes.shape) == 4:
        return boxes_lib.iou(box[:, None], boxes, pairwise=False)
    return boxes_lib.iou(box, boxes, pairwise=False)[..., None]
