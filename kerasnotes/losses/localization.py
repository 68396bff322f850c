"""The course's losses of one object, its box, its class and its landmarks."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.losses import crossentropy
from kerasnotes.ops import boxes as boxes_lib

_BOX_LOSSES = ("squared", "huber", "iou", "giou", "ciou")


class _OfOneObject(keras.losses.Loss):
    """What both losses share: the columns of y, and which of them count."""

    def __init__(
        self, classes, landmarks, boxes, from_logits, name, reduction, dtype
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        crossentropy.check_from_logits(from_logits)
        for argument, value in (("classes", classes), ("landmarks", landmarks)):
            if value < 0:
                raise errors.refusal(
                    f"`{argument}`",
                    f"`{argument}` must be 0 or more. Received: {value}",
                )
        self.classes = classes
        self.landmarks = landmarks
        self.boxes = boxes
        self.from_logits = from_logits

    def _parts(self, y_true, y_pred):
        """Return p_c, where it is 1, and the pairs of what counts there.

        Where there is no object, whatever stands there, the pairs are 0: a
        constant, of which every gradient is exactly 0. So are landmarks whose
        target is NaN.
        """
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        size = 1 + 4 * self.boxes + self.classes + 2 * self.landmarks
        for argument, y in (("y_true", y_true), ("y_pred", y_pred)):
            if y.shape[-1] != size:
                raise errors.refusal(
                    f"`{argument}`",
                    f"`{argument}` must have {size} columns. Received: shape "
                    f"{tuple(y.shape)}",
                )
        present = y_true[..., :1] > 0.5
        pairs = [ops.where(present, y[..., 1:], 0.0) for y in (y_true, y_pred)]
        ends = [4 * self.boxes, 4 * self.boxes + self.classes]
        box, label, points = zip(
            *(ops.split(y, ends, axis=-1) for y in pairs), strict=True
        )
        unknown = ops.isnan(points[0])
        hidden = ops.logical_or(unknown[..., ::2], unknown[..., 1::2])
        hidden = ops.repeat(hidden, 2, axis=-1)
        points = [ops.where(hidden, 0.0, y) for y in points]
        presence = y_true[..., 0], y_pred[..., 0]
        return presence, present[..., 0], box, label, points

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "landmarks": self.landmarks,
            "boxes": self.boxes,
            "from_logits": self.from_logits,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class LocalizationSquaredError(_OfOneObject):
    """Computes the course's squared error of an object's vector.

    `L = Σ_i (ŷ_i - y_i)²` where `p_c = 1`, `(p̂_c - p_c)²` where it is 0

    over `y = [p_c, b_x, b_y, b_h, b_w, c_1 … c_n, x_1, y_1 … x_K, y_K]`, see
    `ops.notes_target`. Where `p_c = 0` the rest of y may be anything, NaN
    too: every other gradient is exactly 0.

    Args:
        classes: n, the number of classes.
        landmarks: K, the number of points. One whose x or y is NaN in
            `y_true` counts nothing.
        boxes: whether y has the four numbers of a box.
        from_logits: whether p̂_c and the classes are logits, of which sigmoid
            and softmax are taken first, or probabilities.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in.

    Call arguments:
        y_true: `(batch, 1 + 4 + n + 2K)`.
        y_pred: the same of a network, such as `models.Localizer`.

    Returns:
        The loss of each example, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or y has another number
            of columns.

    Example:
    >>> loss = LocalizationSquaredError(classes=2, from_logits=False)
    >>> y = [[1, 0.5, 0.5, 0.2, 0.2, 1, 0], [0] + [float("nan")] * 6]
    >>> answer = [[0.9, 0.5, 0.4, 0.2, 0.2, 1, 0], [0.2] + [7] * 6]
    >>> f"{float(loss(y, answer)):.3f}"  # (0.01 + 0.01 + 0.04) / 2
    '0.030'

    Source: course 4, "Object localization".
    """

    def __init__(
        self,
        classes=0,
        landmarks=0,
        boxes=True,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="localization_squared_error",
        dtype=None,
    ):
        super().__init__(
            *(classes, landmarks, boxes, from_logits, name, reduction, dtype)
        )

    def call(self, y_true, y_pred):
        """Return the loss of each example."""
        presence, present, box, label, points = self._parts(y_true, y_pred)
        p, answer = presence
        if self.from_logits:
            answer = ops.sigmoid(answer)
            if self.classes:
                label = label[0], ops.softmax(label[1])
        rest = sum(_squares(*pair) for pair in (box, label, points))
        return ops.square(p - answer) + ops.where(present, rest, 0.0)


@keras.saving.register_keras_serializable("kerasnotes")
class LocalizationLoss(_OfOneObject):
    """Computes the loss that the course uses in practice for one object.

    `L = L_p + p_c (w_b L_b + w_c L_c + w_l L_l)`

    - L_p, the logistic loss of p_c;
    - L_b, of the box: `squared`, `Σ (b̂ - b)²`; `huber`, `Σ h(b̂ - b)`; or 1
      less the `iou`, `giou` or `ciou` of both;
    - L_c, the softmax likelihood of the class;
    - L_l, of landmarks: the mean over all K of the squared distance, or of
      `h` in x and y with `huber`.

    `h(d)` is `d²/2` to δ and `δ|d| - δ²/2` above. y is as in
    `LocalizationSquaredError`; where `p_c = 0`, every gradient but p_c's is
    exactly 0, whatever stands there.

    Args:
        classes: n, the number of classes.
        landmarks: K, the number of points; of NaN in `y_true`, masked.
        boxes: whether y has the four numbers of a box.
        box_loss: "squared", "huber", "iou" (without a gradient where boxes
            don't meet), "giou" or "ciou", which is of shares of the picture.
        box_weight: w_b.
        class_weight: w_c.
        landmark_weight: w_l.
        delta: δ, in shares of the picture.
        from_logits: whether p̂_c and the classes are logits, or probabilities.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in.

    Call arguments:
        y_true: `(batch, 1 + 4 + n + 2K)`.
        y_pred: the same of a network, such as `models.Localizer`.

    Returns:
        The loss of each example, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or y has another number
            of columns.

    Example:
    >>> loss = LocalizationLoss(classes=2, box_loss="giou")
    >>> y = [[1, 0.5, 0.5, 0.2, 0.2, 1, 0]]
    >>> f"{float(loss(y, [[0, 0.5, 0.5, 0.2, 0.1, 0, 0]])):.3f}"  # 2 log 2 + ½
    '1.886'

    Source: course 4, "Object localization" and "Landmark detection".
    """

    def __init__(
        self,
        classes=0,
        landmarks=0,
        boxes=True,
        box_loss="huber",
        box_weight=1.0,
        class_weight=1.0,
        landmark_weight=1.0,
        delta=0.1,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="localization_loss",
        dtype=None,
    ):
        super().__init__(
            *(classes, landmarks, boxes, from_logits, name, reduction, dtype)
        )
        if box_loss not in _BOX_LOSSES:
            raise errors.unknown("`box_loss`", box_loss, _BOX_LOSSES)
        if delta <= 0:
            raise errors.refusal(
                "`delta`", f"`delta` must be above 0. Received: delta={delta}"
            )
        self.box_loss = box_loss
        self.box_weight = box_weight
        self.class_weight = class_weight
        self.landmark_weight = landmark_weight
        self.delta = delta

    def call(self, y_true, y_pred):
        """Return the loss of each example."""
        presence, present, box, label, points = self._parts(y_true, y_pred)
        # Its mean is over an axis of one.
        loss = ops.binary_crossentropy(*presence, from_logits=self.from_logits)
        rest = ops.zeros_like(loss)
        if self.boxes:
            rest += self.box_weight * self._box(*box)
        if self.classes:
            rest += self.class_weight * ops.categorical_crossentropy(
                *label, from_logits=self.from_logits
            )
        if self.landmarks:
            of_points = self._differences(*points) / self.landmarks
            rest += self.landmark_weight * of_points
        return loss + ops.where(present, rest, 0.0)

    def _box(self, y_true, y_pred):
        overlaps = {
            "iou": boxes_lib.iou,
            "giou": boxes_lib.giou,
            "ciou": boxes_lib.ciou,
        }
        if self.box_loss not in overlaps:
            return self._differences(y_true, y_pred)
        # Keras' format has the width before the height, or y before x.
        pair = [
            ops.stack([y[..., i] for i in (1, 0, 2, 3)], axis=-1)
            for y in (y_true, y_pred)
        ]
        overlap = overlaps[self.box_loss](
            *pair, bounding_box_format="center_yxhw", pairwise=False
        )
        return 1.0 - ops.cast(overlap, y_pred.dtype)

    def _differences(self, y_true, y_pred):
        if self.box_loss != "huber":
            return _squares(y_true, y_pred)
        distance = ops.abs(y_true - y_pred)
        linear = self.delta * (distance - self.delta / 2)
        near = ops.minimum(distance, self.delta)
        return ops.sum(
            ops.where(distance <= self.delta, near**2 / 2, linear), axis=-1
        )

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "box_loss": self.box_loss,
            "box_weight": self.box_weight,
            "class_weight": self.class_weight,
            "landmark_weight": self.landmark_weight,
            "delta": self.delta,
        }


def _squares(y_true, y_pred):
    return ops.sum(ops.square(y_true - y_pred), axis=-1)
