"""The loss of a YOLO network's outputs."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import grids as grids_lib
from kerasnotes.ops import yolo

_BOX_LOSSES = ("ciou", "giou", "squared")


@keras.saving.register_keras_serializable("kerasnotes")
class YoloLoss(keras.losses.Loss):
    """Computes the loss of objects in the places of grids.

    Of a picture with O objects in its places:

    `L = 1/max(O, 1) [w_o Σ_objects L_p + w_n Σ_others L_p
    + Σ_objects (w_b L_b + w_c L_c)]`

    - L_p, the logistic loss of p_c. Other places than those of objects count
      unless their box overlaps an object by more than `ignore_threshold`:
      they answer well, in a cell that isn't the object's.
    - L_b, of the box: 1 less the CIoU or GIoU with the object's; or the
      course's squares, `Σ (b̂ - b)²` over b_x, b_y, b_h, b_w in cells.
    - L_c, the sum of the logistic losses of the classes.

    Where there is no object, every gradient but p_c's is exactly 0. The loss
    of a picture is finite without any, and depends on no other picture:
    replicas make the step of one device.

    Args:
        grids: the `ops.Grids` of the network, or its configuration.
        box_loss: "ciou", "giou" or "squared".
        ignore_threshold: an IoU, 1 for none to be ignored.
        object_weight: w_o.
        background_weight: w_n.
        box_weight: w_b.
        class_weight: w_c.
        normalizer: what stands for max(O, 1), so that each object counts
            alike, and each place without; None for that of the picture.
        max_objects: of how many objects of a picture the overlap is looked
            at for `ignore_threshold`; more cost time, as does a batch with
            a picture of more.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in, float32 at least for boxes.

    Call arguments:
        y_true: targets of `ops.yolo_encode`, `(batch, grids.size, 5 + n)`.
        y_pred: the network's outputs before `ops.yolo_activate`, of the same
            shape.

    Returns:
        The loss of each picture, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Example:
    >>> from kerasnotes import ops as lib
    >>> grids = lib.Grids((300, 300), (100,), (((100, 100),),), classes=1)
    >>> loss = YoloLoss(grids)
    >>> y, _ = lib.yolo_encode([[[100, 100, 200, 200]]], [[0]], grids)
    >>> f"{float(loss(y, keras.ops.zeros_like(y))):.3f}"  # (9 + 1) log 2
    '6.931'

    Source: course 4, "YOLO algorithm"; Redmon and Farhadi, YOLOv3 (2018),
    section 2.
    """

    def __init__(
        self,
        grids,
        box_loss="ciou",
        ignore_threshold=0.5,
        object_weight=1.0,
        background_weight=1.0,
        box_weight=1.0,
        class_weight=1.0,
        normalizer=None,
        max_objects=100,
        reduction="sum_over_batch_size",
        name="yolo_loss",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if isinstance(grids, dict):
            grids = grids_lib.Grids(**grids)
        if box_loss not in _BOX_LOSSES:
            raise errors.unknown("`box_loss`", box_loss, _BOX_LOSSES)
        _check("ignore_threshold", 0 < ignore_threshold <= 1, ignore_threshold)
        _check("normalizer", normalizer is None or normalizer > 0, normalizer)
        _check("max_objects", max_objects > 0, max_objects)
        self.grids = grids
        self.box_loss = box_loss
        self.ignore_threshold = ignore_threshold
        self.object_weight = object_weight
        self.background_weight = background_weight
        self.box_weight = box_weight
        self.class_weight = class_weight
        self.normalizer = normalizer
        self.max_objects = max_objects

    def call(self, y_true, y_pred):
        """Return the loss of each picture."""
        size = (self.grids.size, 5 + self.grids.classes)
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        for name, y in (("y_true", y_true), ("y_pred", y_pred)):
            if tuple(y.shape[1:]) != size:
                raise errors.refusal(
                    f"`{name}`",
                    f"`{name}` must have the shape (batch, {size[0]}, "
                    f"{size[1]}). Received: {tuple(y.shape)}",
                )
        # Halves end at 65,504 pixels, the area of a box 256 wide.
        y_pred = boxes_lib.wide(y_pred)
        y_true = ops.cast(y_true, y_pred.dtype)
        present = _present(y_true)
        number = min(self.max_objects, self.grids.size)
        _, objects = ops.top_k(y_true[..., 0], number)
        presence = _logistic(y_true[..., 0], y_pred[..., 0])
        counts = ops.logical_or(
            present, self._is_background(y_true, y_pred, objects)
        )
        presence = ops.where(
            present,
            self.object_weight * presence,
            self.background_weight * presence,
        )
        loss = ops.sum(ops.where(counts, presence, 0.0), axis=-1)
        loss = loss + self._of_objects(y_true, y_pred, objects)
        number = self.normalizer
        if number is None:
            number = ops.sum(ops.cast(present, loss.dtype), axis=-1)
            number = ops.maximum(number, 1.0)
        return ops.cast(loss / number, self.dtype)

    def _of_objects(self, y_true, y_pred, objects):
        """Return the sum of the losses of box and class over the objects.

        Args:
            y_true: targets.
            y_pred: outputs.
            objects: the first of their places, `(batch, max_objects)`.
        """
        places = ops.convert_to_tensor(self.grids.places())

        def at_all():
            return self._at_places(y_true, y_pred, places)

        def at_objects():
            parts = (_at(x, objects) for x in (y_true, y_pred))
            return self._at_places(*parts, ops.take(places, objects, 0))

        number = objects.shape[1]
        if number == self.grids.size:
            return at_all()
        most = ops.max(ops.sum(ops.cast(_present(y_true), "int32"), axis=-1))
        return ops.cond(most <= number, at_objects, at_all)

    def _at_places(self, y_true, y_pred, places):
        """Return the sum of the losses of box and class where objects are."""
        present = _present(y_true)
        # A constant, of which every gradient is exactly 0.
        y_true, y_pred = (
            ops.where(present[..., None], y, 0.0) for y in (y_true, y_pred)
        )
        label = ops.sum(_logistic(y_true[..., 5:], y_pred[..., 5:]), axis=-1)
        answer = yolo.activate_at(y_pred, places)
        if self.box_loss == "squared":
            difference = answer[..., 1:5] - y_true[..., 1:5]
            box = ops.sum(ops.square(difference), axis=-1)
        else:
            overlap = {"ciou": boxes_lib.ciou, "giou": boxes_lib.giou}
            pair = [yolo.boxes_at(y, places) for y in (y_true, answer)]
            box = 1.0 - overlap[self.box_loss](*pair, pairwise=False)
        loss = self.box_weight * box + self.class_weight * label
        return ops.sum(ops.where(present, loss, 0.0), axis=-1)

    def _is_background(self, y_true, y_pred, objects):
        """Return whether a place's box overlaps no object by much."""
        if self.ignore_threshold == 1:
            return ops.ones_like(y_true[..., 0], dtype="bool")
        places = self.grids.places()
        # Of classes there may be many.
        y_true, y_pred = y_true[..., :5], ops.stop_gradient(y_pred[..., :5])
        boxes = yolo.boxes_at(yolo.activate_at(y_pred, places), places)
        # Places without an object have boxes without an area.
        truth = _at(yolo.boxes_at(y_true, places), objects)
        best = ops.max(boxes_lib.iou(boxes, truth), axis=-1)
        return ops.logical_not(best > self.ignore_threshold)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "grids": self.grids.get_config(),
            "box_loss": self.box_loss,
            "ignore_threshold": self.ignore_threshold,
            "object_weight": self.object_weight,
            "background_weight": self.background_weight,
            "box_weight": self.box_weight,
            "class_weight": self.class_weight,
            "normalizer": self.normalizer,
            "max_objects": self.max_objects,
        }


def _check(name, holds, value):
    if not holds:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must be positive, and a threshold at most 1. "
            f"Received: {name}={value}",
        )


def _logistic(y_true, y_pred):
    """Return `-y log σ(z) - (1 - y) log(1 - σ(z))`, without overflow."""
    return ops.softplus(y_pred) - y_true * y_pred


def _present(y_true):
    return y_true[..., 0] > 0.5


def _at(values, places):
    """Return the rows at places of each picture, `(batch, n, …)`."""
    batch, size = ops.shape(values)[:2]
    first = size * ops.arange(batch, dtype=places.dtype)[:, None]
    # Of `take_along_axis` the gradient has an index for each number.
    flat = ops.reshape(values, (-1, values.shape[-1]))
    return ops.take(flat, places + first, axis=0)
