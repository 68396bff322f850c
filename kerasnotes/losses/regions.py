"""The loss of a network that names regions and mends their boxes."""

import keras
from keras import ops

from kerasnotes.losses import sampled_regions
from kerasnotes.ops import boxes as boxes_lib


@keras.saving.register_keras_serializable("kerasnotes")
class RegionLoss(sampled_regions.SampledRegionLoss):
    """Computes the loss of a network that names regions and mends their boxes.

    A region is an object's where their IoU is `positive` or more, and
    background where its highest IoU is from `lowest` to below `negative`.
    With the weight w of a region (`ops.sampling_weights`: its probability in
    the paper's random sample) the loss of a picture is

    `L = 1/max(Σ w, 1) [Σ w L_c + w_b Σ_objects w Σ_i s(t̂_i - t_i)]`

    - L_c, the cross-entropy of background, which is class 0 of the logits,
      and the classes, whose label k is logit k + 1;
    - t, the four of `ops.box_deltas` of the object's box from the region, and
      t̂ those that the network has for the object's class;
    - s, the smooth L1 of Detectron, as in `RegionProposalLoss`.

    Regions are constants. The deltas of other classes, and those of regions
    without an object, have gradients of exactly 0; so has all of a region
    that doesn't count, such as one without area, which is padding. The loss
    of a picture is finite without any object, and depends on no other.

    Args:
        classes: n, the number of classes, without background.
        size: regions of a picture in the paper's sample.
        share: at most this share of them is positive.
        positive: the IoU from which on a region is an object's.
        negative: the IoU below which it is background.
        lowest: the IoU from which on it is background: 0.1 for regions that
            are hard to tell from objects.
        deviations: of the deltas, as in `ops.box_deltas`.
        box_weight: w_b.
        class_agnostic: whether all classes share four deltas.
        beta: β.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in, float32 at least.

    Call arguments:
        y_true: boxes and labels, `(batch, m, 5)`, as in
            `RegionProposalLoss`. Of a label that is no class, which is n or
            more, the loss is NaN.
        y_pred: `(batch, n_regions, 4 + 1 + n + 4n)`: the region, `xyxy` in
            pixels; the logit of background and those of the classes; and
            four deltas of class 0, of class 1 and so on. With
            `class_agnostic` there are four alone.

    Returns:
        The loss of each picture, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Example:
    >>> loss = RegionLoss(classes=2)
    >>> y = [[[10.0, 10, 20, 20, 1]]]
    >>> region = [10.0, 10, 20, 20]
    >>> answer = [[region + [0.0] * 3 + [0.0] * 8]]
    >>> f"{float(loss(y, answer)):.3f}"  # log 3
    '1.099'

    Source: Girshick, Fast R-CNN (2015), section 2.3.
    """

    def __init__(
        self,
        classes,
        size=64,
        share=0.25,
        positive=0.5,
        negative=0.5,
        lowest=0.0,
        deviations=(0.1, 0.1, 0.2, 0.2),
        box_weight=1.0,
        class_agnostic=False,
        beta=1 / 9,
        reduction="sum_over_batch_size",
        name="region_loss",
        dtype=None,
    ):
        super().__init__(
            *((positive, negative, lowest), size, share, deviations),
            *(box_weight, beta),
            name=name,
            reduction=reduction,
            dtype=dtype,
        )
        sampled_regions.check("classes", classes >= 1, classes)
        self.classes = classes
        self.class_agnostic = class_agnostic

    def call(self, y_true, y_pred):
        """Return the loss of each picture."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        columns = 5 + self.classes + 4 * self._boxes()
        if len(y_pred.shape) != 3 or y_pred.shape[-1] != columns:
            raise sampled_regions.refusal(
                "y_pred", f"(batch, n, {columns})", y_pred
            )
        y_pred = boxes_lib.wide(y_pred)
        regions, logits, answers = ops.split(
            y_pred, [4, 5 + self.classes], axis=-1
        )
        regions = ops.stop_gradient(regions)
        boxes, labels, broken = self.truth(y_true, y_pred.dtype, self.classes)
        answer, weights, deltas = self.matching(regions, boxes, labels)
        positive = answer["positive"]
        label = ops.take_along_axis(labels, answer["object"], axis=1)
        label = ops.where(positive, label, -1)
        logits = ops.where(weights[..., None] > 0, logits, 0.0)
        of_class = ops.sparse_categorical_crossentropy(
            label + 1, logits, from_logits=True
        )
        answers = self._of_class(answers, ops.maximum(label, 0))
        return self.total(
            *(of_class, deltas, answers, positive, weights, broken)
        )

    def _boxes(self):
        return 1 if self.class_agnostic else self.classes

    def _of_class(self, answers, label):
        """Return the deltas of each region's class, `(batch, n, 4)`."""
        if self.class_agnostic:
            return answers
        batch, n = ops.shape(label)
        answers = ops.reshape(answers, (batch, n, self.classes, 4))
        return ops.take_along_axis(answers, label[..., None, None], 2)[:, :, 0]

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "lowest": self.lowest,
            "deviations": self.deviations,
            "class_agnostic": self.class_agnostic,
        }
