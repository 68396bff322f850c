"""Boxes to the places of a YOLO network's grids, and back."""

import keras
import numpy as np
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import suppression

# Sides of more than e⁸ anchors are none; exp of more overflows float16.
_LARGEST = 8.0


def yolo_encode(boxes, labels, grids):
    """Return the targets of a YOLO network.

    An object belongs to the cell of its midpoint, and there, of the anchors
    that no object before it has, to that of the highest shape IoU. Grids of
    several strides each have such a cell. A midpoint on the right or lower
    border belongs to the last cell. It runs in a pipeline of `tf.data` too.

    Args:
        boxes: `xyxy` in pixels, `(batch, n, 4)`.
        labels: `(batch, n)`, below 0 for padding.
        grids: the `Grids`.

    Returns:
        The targets, float32 `(batch, grids.size, 5 + classes)`, and a
        dictionary of counts, int32 `(batch,)`: `moved`, the objects that have
        another than their best anchor; `lost`, those for which none was left;
        and `invalid`, those without area or with a midpoint outside of the
        picture, or with a label that is no class, which have no place either.

    Raises:
        ValueError: shapes don't fit.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((300, 300), (100,), (((100, 100),),), classes=3)
    >>> y, counts = yolo_encode([[[95, 105, 185, 155]]], [[1]], grids)
    >>> np.asarray(y).reshape([3, 3, 8])[1, 1].round(2)
    array([1. , 0.4, 0.3, 0.5, 0.9, 0. , 1. , 0. ], dtype=float32)

    Source: course 4, "Bounding box predictions" and "Anchor boxes".
    """
    boxes = ops.cast(ops.convert_to_tensor(boxes), "float32")
    labels = ops.cast(ops.convert_to_tensor(labels), "int32")
    if len(boxes.shape) != 3 or boxes.shape[-1] != 4 or len(labels.shape) != 2:
        raise errors.refusal(
            "`boxes`",
            "`boxes` must have the shape (batch, n, 4), and `labels` (batch, "
            f"n). Received: {tuple(boxes.shape)} and {tuple(labels.shape)}",
        )
    box = keras.utils.bounding_boxes.convert_format(
        boxes, "xyxy", "center_xywh"
    )
    valid = _valid(box, labels, grids)
    real = labels >= 0
    labels = ops.clip(labels, 0, grids.classes - 1)
    # What is no number has no cell.
    box = ops.where(valid[..., None], box, 1.0)
    places, values = _candidates(box, grids)
    share = boxes_lib.shape_iou(box[..., 2:], grids.columns()["sizes"][None])
    chosen = _choose(places, share, valid)
    there = chosen >= 0
    place = _taken(places, chosen)
    parts = [
        ops.ones_like(box[..., :1]),
        _taken(values, chosen),
        ops.one_hot(labels, grids.classes, dtype="float32"),
    ]
    rows = ops.where(there[..., None], ops.concatenate(parts, axis=-1), 0.0)
    y = _scattered(ops.where(there, place, 0), rows, grids.size)
    best = ops.cast(ops.argmax(share, axis=-1), "int32")
    counts = {
        "moved": ops.logical_and(there, chosen != best),
        "lost": ops.logical_and(valid, chosen < 0),
        "invalid": ops.logical_and(real, ops.logical_not(valid)),
    }
    return y, {
        key: ops.sum(ops.cast(value, "int32"), axis=-1)
        for key, value in counts.items()
    }


def yolo_activate(y, grids):
    """Return the course's numbers of a network's outputs.

    `p_c = σ(t_p)`, `b_x = σ(t_x)`, `b_y = σ(t_y)`, `b_h = a_h exp(t_h)`,
    `b_w = a_w exp(t_w)`, `c = σ(t_c)`

    where a is the anchor's size in cells.

    Args:
        y: outputs t, `(batch, grids.size, 5 + classes)`, in the order of y.
        grids: the `Grids`.

    Returns:
        The same shape, of float32 or, where that is the outputs', float64.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((8, 8), (8,), (((16, 4),),), classes=1)
    >>> yolo_activate(ops.zeros([1, 1, 6]), grids).numpy()
    array([[[0.5, 0.5, 0.5, 0.5, 2. , 0.5]]], dtype=float32)

    Source: Redmon and Farhadi, YOLO9000 (2017), section 2.
    """
    return activate_at(y, grids.places())


def activate_at(y, places):
    """Return the course's numbers of outputs at some places.

    Args:
        y: outputs, `(batch, n, 5 + classes)`.
        places: rows of `Grids.places`, `(n, 5)` or `(batch, n, 5)`.
    """
    y = boxes_lib.wide(y)
    places = ops.cast(places, y.dtype)
    sizes = ops.flip(places[..., 3:5], axis=-1)
    sides = ops.exp(ops.clip(y[..., 3:5], -_LARGEST, _LARGEST))
    return ops.concatenate(
        [ops.sigmoid(y[..., :3]), sides * sizes, ops.sigmoid(y[..., 5:])],
        axis=-1,
    )


def yolo_decode(y, grids):
    """Return the boxes and scores of the course's numbers.

    Args:
        y: `(batch, grids.size, 5 + classes)`: targets, or what
            `yolo_activate` returns.
        grids: the `Grids`.

    Returns:
        Boxes as `xyxy` in pixels, `(batch, grids.size, 4)`, and scores,
        `p_c · c`, `(batch, grids.size, classes)`, as
        `ops.non_max_suppression` takes them. Boxes may reach over the border.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((300, 300), (100,), (((100, 100),),), classes=1)
    >>> y, _ = yolo_encode([[[95, 105, 185, 155]]], [[0]], grids)
    >>> boxes, scores = yolo_decode(y, grids)
    >>> boxes.numpy()[0, 4].round(3), scores.numpy()[0, 4]
    (array([ 95., 105., 185., 155.], dtype=float32), array([1.], dtype=float32))
    """
    y = boxes_lib.wide(y)
    return boxes_at(y, grids.places()), y[..., :1] * y[..., 5:]


def boxes_at(y, places):
    """Return the boxes of the course's numbers at some places.

    Args:
        y: what `activate_at` returns, or targets, `(batch, n, 5 + classes)`.
        places: as in `activate_at`.
    """
    y = boxes_lib.wide(y)
    places = ops.cast(places, y.dtype)
    stride = places[..., 2:3]
    centre = (y[..., 1:3] + places[..., :2]) * stride
    sides = ops.flip(y[..., 3:5], axis=-1) * stride
    boxes = ops.concatenate([centre, sides], axis=-1)
    return boxes_lib.xyxy(boxes, "center_xywh")


def yolo_ceiling(
    boxes, labels, grids, iou_threshold=0.5, max_detections=100, per_class=True
):
    """Return the truth after encoding, decoding and suppression.

    Its average precision is what no network can exceed with these grids and
    this bound: objects without a place are lost, and neighbours suppressed.
    Its 101 points of recall don't tell losses below 1 % of a class apart: show
    `ar`, or the last recall of `metrics.precision_recall`, beside it.

    Args:
        boxes: as in `yolo_encode`, like the two below.
        labels: of the boxes.
        grids: the `Grids`.
        iou_threshold: as in `ops.non_max_suppression`, like the others.
        max_detections: of a picture.
        per_class: whether classes leave each other alone.

    Returns:
        As `ops.non_max_suppression`.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((300, 300), (100,), (((100, 100),),), classes=1)
    >>> truth = [[95, 105, 185, 155], [95, 105, 175, 155], [0, 0, 90, 90]]
    >>> yolo_ceiling([truth], [[0, 0, 0]], grids)["count"].numpy()
    array([2], dtype=int32)
    """
    y, _ = yolo_encode(boxes, labels, grids)
    return suppression.non_max_suppression(
        *yolo_decode(y, grids),
        score_threshold=0.5,
        iou_threshold=iou_threshold,
        max_detections=max_detections,
        per_class=per_class,
    )


def _valid(box, labels, grids):
    """Return whether each is a box of a class with its midpoint inside."""
    height, width = grids.image_shape
    x, y, w, h = (box[..., i] for i in range(4))
    tests = [w > 0, h > 0, x >= 0, y >= 0, x <= width, y <= height]
    tests += [labels >= 0, labels < grids.classes, w < np.inf, h < np.inf]
    return ops.all(ops.stack(tests, axis=-1), axis=-1)


def _candidates(box, grids):
    """Return each anchor's place for a box, and the box's numbers there.

    Returns:
        int32 `(batch, n, anchors)` and float32 `(batch, n, anchors, 4)`.
    """
    anchors = grids.columns()
    stride = anchors["stride"].astype("float32")
    x, y, w, h = (box[..., i : i + 1] / stride for i in range(4))
    column = ops.minimum(ops.cast(x, "int32"), anchors["columns"] - 1)
    row = ops.minimum(ops.cast(y, "int32"), anchors["rows"] - 1)
    cell = row * anchors["columns"] + column
    places = anchors["first"] + anchors["step"] * cell
    x, y = x - ops.cast(column, "float32"), y - ops.cast(row, "float32")
    return places, ops.stack([x, y, h, w], axis=-1)


def _choose(places, share, valid):
    """Return each object's anchor, one after the other; -1 for none."""
    batch, n, anchors = ops.shape(places)
    objects, order = ops.arange(n), ops.arange(anchors)

    def step(i, state):
        chosen, taken = state
        now = objects == i

        def of_object(x):
            mask = ops.reshape(now, (1, n, *[1] * (len(x.shape) - 2)))
            return ops.sum(ops.where(mask, x, ops.zeros_like(x)), axis=1)

        mine = of_object(places)
        used = ops.any(taken[:, :, None] == mine[:, None], axis=1)
        rank = ops.where(used, -1.0, of_object(share))
        best = ops.cast(ops.argmax(rank, axis=-1), "int32")[:, None]
        free = ops.max(rank, axis=-1, keepdims=True, initial=-1.0) >= 0
        fits = ops.logical_and(free, ops.logical_and(valid, now[None]))
        is_best = ops.cast(order, "int32") == best
        place = ops.sum(ops.where(is_best, mine, 0), axis=-1, keepdims=True)
        return ops.where(fits, best, chosen), ops.where(fits, place, taken)

    nothing = ops.full((batch, n), -1, dtype="int32")
    return ops.fori_loop(0, n, step, (nothing, nothing))[0]


def _taken(values, chosen):
    """Return the chosen anchor's values of each object; of none, 0."""
    is_chosen = ops.arange(values.shape[2], dtype="int32") == chosen[..., None]
    if len(values.shape) == 4:
        is_chosen = is_chosen[..., None]
    return ops.sum(ops.where(is_chosen, values, ops.zeros_like(values)), axis=2)


def _scattered(place, rows, size):
    """Return rows at their places, of each picture, `(batch, size, values)`."""
    batch, n, values = *ops.shape(rows)[:2], rows.shape[-1]
    first = size * ops.arange(batch, dtype="int32")[:, None]
    flat = ops.scatter(
        ops.reshape(place + first, (batch * n, 1)),
        ops.reshape(rows, (batch * n, values)),
        (batch * size, values),
    )
    return ops.reshape(flat, (batch, size, values))
