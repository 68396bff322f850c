"""The regions from which masks are learned."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.layers import block
from kerasnotes.ops import region_targets

# The golden ratio less 1: the first of its multiples, less their whole parts,
# lie as evenly between 0 and 1 as can be, however many they are.
_RATIO = 0.6180339887
# Behind all candidates.
_LAST = 9.0


@keras.saving.register_keras_serializable("kerasnotes")
class MaskRegions(keras.layers.Layer):
    """Chooses regions with an object, from which masks are learned.

    Candidates are the true boxes and the proposals that have an object: an
    IoU of `positive` or more with one. The paper draws of them at random.
    Here true boxes go before proposals, and among either the i-th, from 0 on,
    by `φ (i + 1) - ⌊φ (i + 1)⌋`, φ = 0.6180339887, which takes them from all
    over their order: the same ones each time, with no seed, on any number of
    replicas.

    Args:
        count: how many regions of a picture are chosen at most.
        positive: the IoU from which on a region has the object.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        proposals: `xyxy` in pixels, `(batch, n, 4)`, those without area being
            padding.
        truth: boxes and labels, `(batch, m, 5)`; those with a label below 0
            or without area are padding.

    Returns:
        Boxes and labels, float32 `(batch, count, 5)`: of a proposal the label
        of the object with the highest IoU. Padding has the box 0 and the
        label -1. They are constants to the gradient.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Source: He et al., Mask R-CNN (2017), section 3.1.

    >>> boxes = [[[0.0, 0, 4, 3], [5, 5, 6, 6]]], [[[0.0, 0, 4, 4, 7]]]
    >>> proposals, truth = map(keras.ops.convert_to_tensor, boxes)
    >>> MaskRegions(count=3)(proposals, truth).numpy()
    array([[[ 0.,  0.,  4.,  4.,  7.],
            [ 0.,  0.,  4.,  3.,  7.],
            [ 0.,  0.,  0.,  0., -1.]]], dtype=float32)
    """

    def __init__(self, count=16, positive=0.5, **kwargs):
        # Pixels of halves would be off by one from 2,048 on.
        super().__init__(autocast=False, **kwargs)
        if count < 1:
            raise errors.refusal(
                "`count`", f"`count` must be 1 or more. Received: {count}"
            )
        region_targets.check_bounds(positive, 0.0, 0.0)
        self.count = count
        self.positive = positive

    def call(self, proposals, truth):
        """Return the regions and their labels."""
        proposals, truth = (
            ops.stop_gradient(ops.cast(ops.convert_to_tensor(x), "float32"))
            for x in (proposals, truth)
        )
        self._check(proposals.shape, truth.shape)
        boxes, labels = truth[..., :4], truth[..., 4]
        of_boxes, of_proposals = (
            region_targets.match_regions(x, boxes, labels, self.positive, 0.0)
            for x in (boxes, proposals)
        )
        # The box of a crowd may lie on an object's.
        is_object = ops.logical_and(of_boxes["positive"], labels >= 0)
        keys = ops.concatenate(
            [_keys(is_object, 0.0), _keys(of_proposals["positive"], 1.0)], 1
        )
        # Of a picture without an object a row of padding is looked at.
        padded = ops.pad(labels, [[0, 0], [0, 1]], constant_values=-1)
        its_label = ops.take_along_axis(padded, of_proposals["object"], axis=1)
        labels = ops.concatenate([labels, its_label], 1)[..., None]
        rows = ops.concatenate([boxes, proposals], 1)
        rows = ops.concatenate([rows, labels], -1)
        rows, keys = self._padded(rows, keys)
        highest, places = ops.top_k(-keys, self.count)
        rows = ops.take_along_axis(rows, places[..., None], axis=1)
        padding = ops.convert_to_tensor([0.0, 0, 0, 0, -1])
        return ops.where(highest[..., None] > -_LAST, rows, padding)

    def _padded(self, rows, keys):
        """Return candidates, `count` or more of them."""
        widths = [[0, 0], [0, self.count]]
        return (
            ops.pad(rows, [*widths, [0, 0]]),
            ops.pad(keys, widths, constant_values=_LAST),
        )

    def _check(self, proposals, truth):
        for name, shape, size in (
            ("proposals", proposals, 4),
            ("truth", truth, 5),
        ):
            block.check_channels(name, shape)
            if len(shape) != 3 or shape[-1] != size:
                raise ValueError(
                    f"`{name}` must have the shape (batch, n, {size}). "
                    f"Received: {tuple(shape)}"
                )

    def compute_output_shape(self, proposals_shape, truth_shape):
        """Return the shape of the regions."""
        return (proposals_shape[0], self.count, 5)

    def compute_output_spec(self, proposals, truth):
        """Return what the call does for symbolic inputs."""
        self._check(proposals.shape, truth.shape)
        shape = self.compute_output_shape(proposals.shape, truth.shape)
        return keras.KerasTensor(shape, "float32")

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "count": self.count,
            "positive": self.positive,
        }


def _keys(chosen, first):
    """Return by what candidates of one kind are ordered.

    Args:
        chosen: which are candidates, bool `(batch, n)`.
        first: where the kind begins.
    """
    numbers = ops.cast(ops.arange(ops.shape(chosen)[1]), "float32") + 1.0
    keys = _RATIO * numbers
    return ops.where(chosen, first + keys - ops.floor(keys), _LAST)
