"""The loss of a class for each pixel."""

import math

import keras
from keras import ops

from kerasnotes.ops import boundaries
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import pixel_labels as pixels

# Below 1 the power's slope is infinite where a pixel is surely right.
_LEAST = 1e-7


@keras.saving.register_keras_serializable("kerasnotes")
class SegmentationLoss(keras.losses.Loss):
    """Computes cross-entropy, focal loss and soft Dice of the pixels' classes.

    Of a picture with N pixels that count, probabilities `p = softmax(z)`,
    labels y and p_i that of pixel i's true class:

    `L = w_ce L_ce + w_f L_f + w_d L_d`

    - `L_ce = -1/N Σ_i m_i w_(y_i) log p_i`
    - `L_f = -1/N Σ_i m_i w_(y_i) (1 - p_i)^γ log p_i`: pixels that are right
      already count less.
    - `L_d = 1 - 1/|C| Σ_(c∈C) 2 Σ_i p_ic y_ic / (Σ_i p_ic + Σ_i y_ic)`, where
      C are the classes that the picture's labels have: each counts alike,
      however few its pixels.

    w are the weights of the classes; m is 1, and `1 + boundary_weight` near a
    boundary of two classes. A separation weight w_0 makes `m_i w_(y_i)` to
    `m_i w_(y_i) + w_0 e_i`, where e says how close two things are about the
    pixel: in the paper `exp(-(d_1 + d_2)² / 2σ²)`, with the distances to the
    two that are the nearest, `w_0 = 10` and `σ = 5` pixels.

    A class that a picture doesn't have is not in C, so it gives no points for
    being absent; nor is it free to answer it, for the pixel's true class then
    lacks what it has. (With a constant added above and below, as others do, a
    class that is absent gets a point or loses one by the constant's size.)
    Pixels that are ignored count in no sum, and every gradient there is
    exactly 0, whatever the logits. A picture of these alone has the loss 0,
    and is one of the batch all the same: the loss of a picture depends on no
    other, and replicas make the step of one device.

    Args:
        class_weights: w, a number for each class; None for ones.
        crossentropy_weight: w_ce.
        focal_weight: w_f.
        dice_weight: w_d.
        gamma: γ, 0 or more.
        boundary_weight: what is added to m.
        boundary_width: how far from the boundary, in pixels on each side:
            above, beside or across.
        ignore: the label of pixels that count nothing.
        separation_weight: w_0; above 0 the targets have e beside the labels.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in, float32 at least.

    Call arguments:
        y_true: labels in [0, C) or `ignore`, `(batch, height, width)` or with
            a last axis of 1; with a separation weight the labels and e,
            `(batch, height, width, 2)`.
        y_pred: logits, `(batch, height, width, C)`.
        sample_weight: a weight for each picture, `(batch,)`, or None.

    Returns:
        The loss of each picture, `(batch,)`, before the reduction. It is NaN
        where a label is neither a class nor `ignore`.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Example:
    >>> loss = SegmentationLoss(dice_weight=0.0)
    >>> y, z = [[[0, 1, -1]]], [[[[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]]]
    >>> f"{float(loss(y, z)):.4f}"  # log 2
    '0.6931'
    >>> loss = SegmentationLoss(crossentropy_weight=0.0)
    >>> f"{float(loss(y, z)):.2f}"  # 1 - 2 · 0.5 / (1 + 1)
    '0.50'

    Source: course 4, "Semantic segmentation with U-Net"; Ronneberger et al.,
    U-Net (2015), section 3, for weights between things; Lin et al., Focal loss
    for dense object detection (2017), section 3; Milletari et al., V-Net
    (2016), section 3, for Dice (there of squares).
    """

    def __init__(
        self,
        class_weights=None,
        crossentropy_weight=1.0,
        focal_weight=0.0,
        dice_weight=1.0,
        gamma=2.0,
        boundary_weight=0.0,
        boundary_width=1,
        ignore=-1,
        separation_weight=0.0,
        reduction="sum_over_batch_size",
        name="segmentation_loss",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if class_weights is not None:
            class_weights = [float(weight) for weight in class_weights]
        weights = [crossentropy_weight, focal_weight, dice_weight]
        pixels.require(
            "crossentropy_weight",
            sum(weights) > 0,
            "be above 0 where `focal_weight` and `dice_weight` are 0",
            crossentropy_weight,
        )
        for argument, value in (
            ("class_weights", min(class_weights or [0.0])),
            *zip(
                ("crossentropy_weight", "focal_weight", "dice_weight"),
                weights,
                strict=True,
            ),
            ("gamma", gamma),
            ("boundary_weight", boundary_weight),
            ("separation_weight", separation_weight),
        ):
            pixels.require(argument, value >= 0, "be 0 or more", value)
        pixels.require(
            "boundary_width",
            boundary_width >= 1,
            "be 1 or more",
            boundary_width,
        )
        self.class_weights = class_weights
        self.crossentropy_weight = crossentropy_weight
        self.focal_weight = focal_weight
        self.dice_weight = dice_weight
        self.gamma = gamma
        self.boundary_weight = boundary_weight
        self.boundary_width = boundary_width
        self.ignore = ignore
        self.separation_weight = separation_weight

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the reduced loss."""
        if sample_weight is not None:
            shape = tuple(ops.convert_to_tensor(sample_weight).shape)
            # Keras would lay weights of pixels along the pictures.
            pixels.require(
                "sample_weight",
                len(shape) < 2 or shape[1:] == (1,),
                "be a number for each picture, (batch,)",
                shape,
            )
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        """Return the loss of each picture."""
        y_true, closeness = self._parts(y_true)
        labels, logits = pixels.pixel_labels(y_true, y_pred)
        classes, table = logits.shape[-1], self.class_weights
        pixels.require(
            "class_weights",
            table is None or len(table) == classes,
            f"have a number for each of {classes} classes",
            table,
        )
        logits = boxes_lib.wide(logits)
        counts = labels != self.ignore
        known = ops.logical_and(labels >= 0, labels < classes)
        # A constant, of which every gradient is exactly 0.
        logits = ops.where(counts[..., None], logits, 0.0)
        weights = self._pixel_weights(labels, counts, known, logits.dtype)
        if closeness is not None:
            added = self.separation_weight * ops.cast(closeness, logits.dtype)
            weights += ops.where(counts, added, 0.0)
        labels = ops.where(known, labels, 0)
        total = ops.sum(ops.cast(counts, logits.dtype), axis=(1, 2))
        losses = ops.zeros_like(total)
        if self.crossentropy_weight or self.focal_weight:
            terms = weights * self._of_pixels(labels, logits)
            losses += ops.divide_no_nan(ops.sum(terms, axis=(1, 2)), total)
        if self.dice_weight:
            losses += self.dice_weight * _dice_loss(labels, logits, counts)
        unknown = ops.logical_and(counts, ops.logical_not(known))
        # Else the label of no class would be another's.
        return ops.where(ops.any(unknown, axis=(1, 2)), math.nan, losses)

    def _parts(self, y_true):
        """Return the labels, and how close things are, or None."""
        if not self.separation_weight:
            return y_true, None
        y_true = ops.convert_to_tensor(y_true)
        shape = tuple(y_true.shape)
        pixels.require(
            "y_true",
            len(shape) == 4 and shape[-1] == 2,
            "have labels and closeness, (batch, height, width, 2)",
            shape,
        )
        return y_true[..., 0], y_true[..., 1]

    def _pixel_weights(self, labels, counts, known, dtype):
        """Return what each pixel counts in cross-entropy and focal loss."""
        weights = ops.cast(counts, dtype)
        if self.class_weights is not None:
            table = ops.convert_to_tensor(self.class_weights, dtype)
            weights *= ops.take(table, ops.where(known, labels, 0))
        if self.boundary_weight:
            edges = boundaries.boundary(labels, self.ignore)
            near = ops.max_pool(
                ops.cast(edges, dtype)[..., None],
                2 * self.boundary_width - 1,
                strides=1,
                padding="same",
                data_format="channels_last",
            )
            weights *= 1.0 + self.boundary_weight * near[..., 0]
        return weights

    def _of_pixels(self, labels, logits):
        """Return cross-entropy and focal loss of each pixel."""
        losses = ops.sparse_categorical_crossentropy(
            labels, logits, from_logits=True
        )
        if not self.focal_weight:
            return self.crossentropy_weight * losses
        wrong = ops.maximum(-ops.expm1(-losses), _LEAST)
        focus = self.focal_weight * wrong**self.gamma
        return (self.crossentropy_weight + focus) * losses

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "class_weights": self.class_weights,
            "crossentropy_weight": self.crossentropy_weight,
            "focal_weight": self.focal_weight,
            "dice_weight": self.dice_weight,
            "gamma": self.gamma,
            "boundary_weight": self.boundary_weight,
            "boundary_width": self.boundary_width,
            "ignore": self.ignore,
            "separation_weight": self.separation_weight,
        }


def _dice_loss(labels, logits, counts):
    """Return 1 less the mean Dice of the classes that each picture has."""
    mask = ops.cast(counts, logits.dtype)[..., None]
    p = mask * ops.softmax(logits)
    y = mask * ops.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    common, answered, true = (
        ops.sum(values, axis=(1, 2)) for values in (p * y, p, y)
    )
    present = ops.cast(true > 0, logits.dtype)
    shares = present * ops.divide_no_nan(2.0 * common, answered + true)
    number = ops.sum(present, axis=-1)
    mean = ops.divide_no_nan(ops.sum(shares, axis=-1), number)
    return ops.where(number > 0, 1.0 - mean, 0.0)
