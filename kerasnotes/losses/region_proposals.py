"""The loss of a network that proposes regions."""

import keras
from keras import ops

from kerasnotes.losses import sampled_regions
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import grids as grids_lib
from kerasnotes.ops import region_targets


@keras.saving.register_keras_serializable("kerasnotes")
class RegionProposalLoss(sampled_regions.SampledRegionLoss):
    """Computes the loss of a network that proposes regions.

    An anchor is an object's where their IoU is `positive` or more, or the
    highest of that object; it is background where no IoU is `negative` or
    more. With the weight w of an anchor (`ops.sampling_weights`: its
    probability in the paper's random sample) the loss of a picture is

    `L = 1/max(Σ w, 1) [Σ w L_p + w_b Σ_objects w Σ_i s(t̂_i - t_i)]`

    - L_p, the logistic loss of an object;
    - t, the four of `ops.box_deltas` of the object's box from the anchor;
    - s, the smooth L1 of Detectron: `d²/2β` for |d| below β, else
      `|d| - β/2`.

    Where there is no object, every gradient but the logit's is exactly 0;
    where an anchor doesn't count, all are. The loss of a picture is finite
    without any object, and depends on no other picture.

    Args:
        grids: the `ops.Grids` of the anchors, or its configuration.
        size: anchors of a picture in the paper's sample.
        share: at most this share of them is positive.
        positive: the IoU from which on an anchor is an object's.
        negative: the IoU below which it is background.
        box_weight: w_b.
        beta: β.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in, float32 at least.

    Call arguments:
        y_true: the boxes of a picture, `xyxy` in pixels, and their label,
            `(batch, m, 5)`. The label is 0 or more for objects, whatever
            their class, and -1 for padding. One of -2 is a crowd, or what
            doesn't matter: anchors with an IoU of 0.5 or more with it are no
            background. Of a label that is no whole number the loss is NaN. A
            box without area, or which is no number, is none.
        y_pred: `(batch, grids.size, 5)`: the logit of an object and four
            deltas, in the order of `ops.anchor_boxes`.

    Returns:
        The loss of each picture, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Example:
    >>> from kerasnotes import ops as lib
    >>> grids = lib.Grids((300, 300), (100,), (((100, 100),),), classes=1)
    >>> loss = RegionProposalLoss(grids)
    >>> y = [[[100.0, 100, 200, 200, 0], [-1, -1, -1, -1, -1]]]
    >>> f"{float(loss(y, keras.ops.zeros((1, 9, 5)))):.3f}"  # log 2
    '0.693'

    Source: Ren et al., Faster R-CNN (2015), section 3.1.2.
    """

    def __init__(
        self,
        grids,
        size=128,
        share=0.5,
        positive=0.7,
        negative=0.3,
        box_weight=1.0,
        beta=1 / 9,
        reduction="sum_over_batch_size",
        name="region_proposal_loss",
        dtype=None,
    ):
        super().__init__(
            *((positive, negative, 0.0), size, share, (1.0, 1.0, 1.0, 1.0)),
            *(box_weight, beta),
            name=name,
            reduction=reduction,
            dtype=dtype,
        )
        if isinstance(grids, dict):
            grids = grids_lib.Grids(**grids)
        self.grids = grids

    def call(self, y_true, y_pred):
        """Return the loss of each picture."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        if tuple(y_pred.shape[1:]) != (self.grids.size, 5):
            shape = f"(batch, {self.grids.size}, 5)"
            raise sampled_regions.refusal("y_pred", shape, y_pred)
        y_pred = boxes_lib.wide(y_pred)
        boxes, labels, broken = self.truth(y_true, y_pred.dtype)
        anchors = ops.convert_to_tensor(
            region_targets.anchor_boxes(self.grids), y_pred.dtype
        )
        answer, weights, deltas = self.matching(
            anchors, boxes, labels, force=True
        )
        logits = ops.where(weights > 0, y_pred[..., 0], 0.0)
        presence = ops.cast(answer["positive"], logits.dtype)
        presence = ops.softplus(logits) - presence * logits
        return self.total(
            *(presence, deltas, y_pred[..., 1:], answer["positive"]),
            *(weights, broken),
        )

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "grids": self.grids.get_config()}
