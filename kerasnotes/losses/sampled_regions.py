"""What losses of sampled regions share."""

import math

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import box_regression, region_sampling, region_targets


class SampledRegionLoss(keras.losses.Loss):
    """What losses of regions share: the truth, the sample, and the sum.

    Args:
        bounds: `positive`, `negative` and `lowest` of `ops.match_regions`.
        size: of the sample.
        share: of positive regions in it.
        deviations: of the deltas.
        box_weight: of their loss.
        beta: β.
        **kwargs: of `keras.losses.Loss`.
    """

    def __init__(
        self, bounds, size, share, deviations, box_weight, beta, **kwargs
    ):
        super().__init__(**kwargs)
        region_targets.check_bounds(*bounds)
        region_sampling.check_sampling(size, share)
        box_regression.check_deviations(deviations)
        check("box_weight", 0 <= box_weight < math.inf, box_weight)
        check("beta", 0 < beta < math.inf, beta)
        self.positive, self.negative, self.lowest = bounds
        self.size = size
        self.share = share
        self.deviations = tuple(deviations)
        self.box_weight = box_weight
        self.beta = beta

    def truth(self, y_true, dtype, classes=math.inf):
        """Return boxes and labels, and the pictures with a broken label.

        Of a picture without a row there is one of padding.

        Args:
            y_true: `(batch, m, 5)`.
            dtype: of the boxes.
            classes: how many there are.
        """
        if len(y_true.shape) != 3 or y_true.shape[-1] != 5:
            raise refusal("y_true", "(batch, m, 5)", y_true)
        y_true = ops.cast(y_true, dtype)
        y_true = ops.pad(y_true, [[0, 0], [0, 1], [0, 0]], constant_values=-1)
        boxes, labels = y_true[..., :4], y_true[..., 4]
        proper = ops.logical_and(ops.isfinite(labels), labels < classes)
        proper = ops.logical_and(proper, labels == ops.floor(labels))
        labels = ops.cast(ops.where(proper, labels, -1.0), "int32")
        return boxes, labels, ops.logical_not(ops.all(proper, axis=-1))

    def matching(self, regions, boxes, labels, force=False):
        """Return what regions are, how much they count, and their deltas.

        Args:
            regions: as in `ops.match_regions`, like the others.
            boxes: of the truth.
            labels: of them.
            force: whether each object has a region.
        """
        answer = region_targets.match_regions(
            regions, boxes, labels, *self._bounds(), force
        )
        weights = region_sampling.sampling_weights(
            answer["positive"], answer["negative"], self.size, self.share
        )
        # Those of which none is drawn have no box to learn.
        answer["positive"] = ops.logical_and(answer["positive"], weights > 0)
        its_box = ops.take_along_axis(boxes, answer["object"][..., None], 1)
        deltas = box_regression.box_deltas(its_box, regions, self.deviations)
        return answer, ops.cast(weights, boxes.dtype), deltas

    def _bounds(self):
        return self.positive, self.negative, self.lowest

    def total(self, of_kind, deltas, answers, positive, weights, broken):
        """Return the loss of each picture.

        Args:
            of_kind: L_c of each region, `(batch, n)`, finite where the weight
                is 0.
            deltas: the targets, `(batch, n, 4)`.
            answers: of the network.
            positive: which regions have a box to learn.
            weights: how much they count.
            broken: which pictures have a label that is none.
        """
        # A constant, of which every gradient is exactly 0.
        answers = ops.where(positive[..., None], answers, 0.0)
        distance = ops.abs(answers - ops.where(positive[..., None], deltas, 0))
        near = ops.minimum(distance, self.beta)
        of_box = ops.where(
            distance < self.beta,
            ops.square(near) / (2 * self.beta),
            distance - self.beta / 2,
        )
        loss = of_kind + self.box_weight * ops.sum(of_box, axis=-1)
        number = ops.maximum(ops.sum(weights, axis=-1), 1.0)
        loss = ops.sum(weights * loss, axis=-1) / number
        return ops.cast(ops.where(broken, math.nan, loss), self.dtype)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "size": self.size,
            "share": self.share,
            "positive": self.positive,
            "negative": self.negative,
            "box_weight": self.box_weight,
            "beta": self.beta,
        }


def check(name, holds, value):
    """Refuse a number out of its range.

    Args:
        name: of the argument.
        holds: whether it is in it.
        value: the number.
    """
    if not holds:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must be positive, or 0 for a weight. Received: "
            f"{name}={value}",
        )


def refusal(name, shape, value):
    """Return the error for a tensor of another shape.

    Args:
        name: of the argument.
        shape: how it must be, as a text.
        value: the tensor.
    """
    return errors.refusal(
        f"`{name}`",
        f"`{name}` must have the shape {shape}. Received: {tuple(value.shape)}",
    )
