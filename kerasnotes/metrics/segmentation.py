"""How well each pixel's class is answered, from one confusion matrix."""

import keras
from keras import ops

from kerasnotes.metrics import averages, pixel_rates
from kerasnotes.ops import pixel_labels as pixels

_NAME = "segmentation"


@keras.saving.register_keras_serializable("kerasnotes")
class SegmentationMetrics(keras.metrics.Metric):
    """IoU, Dice and accuracy of pixels, pooled and picture by picture.

    With `n_ij` the number of pixels of class i that were taken for j:

    - `IoU_c = n_cc / (Σ_j n_cj + Σ_i n_ic - n_cc)`
    - `Dice_c = 2 n_cc / (Σ_j n_cj + Σ_i n_ic)`

    `result` is a dictionary of

    - `pixel_accuracy`: `Σ_c n_cc / Σ_ij n_ij`. Where most pixels are of one
      class, answering it everywhere has a high one;
    - `mean_iou`, `mean_dice`: the means over the classes, each from all pixels
      of all pictures together: large pictures and those with much of a class
      count more;
    - `iou_min`: the worst class's IoU;
    - `picture_iou`: the mean over the pictures of each picture's mean IoU over
      its classes: every picture counts alike.

    Means are over the classes that are in truth or answer, of all pictures or
    of the one: others have no IoU, neither 0 nor 1. Pixels that are ignored
    are in no count, and a picture of these alone is in no mean. A pixel whose
    label is none of the classes, or whose logits are no numbers, is wrong. 0/0
    counts as 0. Where the metric's name isn't the default, it stands before
    each entry's.

    Counts are kept in float64, exact to 2⁵³ pixels, whatever the model's
    precision; in float32 they would stop at 2²⁴, sixteen pictures of 1024².
    (JAX has float64 with `jax_enable_x64` alone, and warns.)

    Args:
        classes: the number of classes, C.
        ignore: the label of pixels that count nothing.
        name: the metric's name.
        dtype: ignored but for serialisation.

    Attributes:
        confusion: variable `(C + 1, C + 1)`, float64: the matrix n; the last
            row and column are of no class.
        pictures: variable `(2,)`, float64: the sum of the pictures' mean IoUs,
            and the number of these pictures.

    Call arguments:
        y_true: labels, `(batch, height, width)` or with a last axis of 1.
        y_pred: logits, `(batch, height, width, C)`.
        sample_weight: refused unless None: every pixel counts alike.

    Raises:
        ValueError: `classes` is below two, a shape doesn't fit, or there are
            sample weights.

    Example:
    >>> metric = SegmentationMetrics(2)
    >>> logits = keras.ops.one_hot([[[0, 1, 1, 1]]], 2)
    >>> metric.update_state([[[0, 0, 1, -1]]], logits)
    >>> {name: round(float(x), 3) for name, x in metric.result().items()}[
    ...     "mean_iou"
    ... ]
    0.5

    Source: Everingham et al., The Pascal visual object classes challenge: a
    retrospective (2015), section 3.4, for the pooled IoU; Csurka et al., What
    is a good evaluation measure for semantic segmentation? (2013), section 2,
    for that of a picture.
    """

    def __init__(self, classes, ignore=-1, name=_NAME, dtype=None):
        super().__init__(name=name, dtype=dtype)
        pixels.require("classes", classes >= 2, "be at least 2", classes)
        self.classes = classes
        self.ignore = ignore
        self.confusion, self.pictures = (
            self.add_variable(shape, "zeros", dtype="float64", name=name)
            for shape, name in (
                ((classes + 1, classes + 1), "confusion"),
                ((2,), "pictures"),
            )
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the counts."""
        pixels.require(
            "sample_weight",
            sample_weight is None,
            "be None: every pixel counts alike",
            sample_weight,
        )
        confusions = self._confusions(
            *pixels.pixel_labels(y_true, y_pred, self.classes)
        )
        self.confusion.assign_add(ops.sum(confusions, axis=0))
        counts = ops.cast(ops.sum(confusions, axis=(1, 2)) > 0, "float64")
        ious, _, present = pixel_rates.rates(confusions)
        self.pictures.assign_add(
            ops.stack(
                [ops.sum(pixel_rates.mean(ious, present)), ops.sum(counts)]
            )
        )

    def _confusions(self, labels, logits):
        """Return the matrix of each picture, `(batch, C + 1, C + 1)`."""
        size, batch = self.classes + 1, ops.shape(labels)[0]
        counts = labels != self.ignore
        known = ops.logical_and(labels >= 0, labels < self.classes)
        rows = ops.where(known, labels, self.classes)
        broken = ops.any(ops.isnan(logits), axis=-1)
        answers = ops.cast(ops.argmax(logits, axis=-1), "int32")
        columns = ops.where(broken, self.classes, answers)
        places = (rows + size * ops.arange(batch)[:, None, None]) * size
        confusions = ops.segment_sum(
            ops.reshape(ops.cast(counts, self.confusion.dtype), (-1,)),
            ops.reshape(places + columns, (-1,)),
            num_segments=batch * size * size,
        )
        return ops.reshape(confusions, (-1, size, size))

    def result(self):
        """Return the dictionary of metrics."""
        ious, dice, present = pixel_rates.rates(self.confusion)
        total = ops.sum(self.confusion)
        right = ops.sum(ops.diagonal(self.confusion)[:-1])
        worst = ops.min(ops.where(present, ious, 1.0))
        values = {
            "pixel_accuracy": ops.divide_no_nan(right, total),
            "mean_iou": pixel_rates.mean(ious, present),
            "mean_dice": pixel_rates.mean(dice, present),
            "iou_min": ops.where(ops.any(present), worst, 0.0),
            "picture_iou": ops.divide_no_nan(
                self.pictures[0], self.pictures[1]
            ),
        }
        return averages.log_entries(self, values, _NAME)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "ignore": self.ignore,
        }
