"""The boxes at which the second stage of a detector looks."""

import keras

from kerasnotes.ops import grids as grids_lib
from kerasnotes.ops import proposals


@keras.saving.register_keras_serializable("kerasnotes")
class RegionProposals(keras.layers.Layer):
    """The best boxes of a region proposal network, `ops.region_proposals`.

    Args:
        grids: the `ops.Grids` of the anchors, or their configuration.
        count: n, how many regions a picture has.
        iou_threshold: of two with this IoU or more the better stays.
        candidates: how many are looked at before suppression.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, grids.size, 5)`: logits, and deltas of boxes.

    Returns:
        `xyxy` in pixels, float32 `(batch, n, 4)`, padded with 0. They are
        constants to the gradient.

    Raises:
        ValueError: the inputs have another shape.

    Source: Ren et al., Faster R-CNN (2015), section 3.

    >>> from kerasnotes.ops import Grids
    >>> grids = Grids((8, 8), (8,), (((4, 4),),), classes=1)
    >>> RegionProposals(grids, count=1)(keras.ops.zeros([1, 1, 5])).numpy()
    array([[[2., 2., 6., 6.]]], dtype=float32)
    """

    def __init__(
        self, grids, count=100, iou_threshold=0.7, candidates=1000, **kwargs
    ):
        # Pixels of halves would be off by one from 2,048 on.
        super().__init__(autocast=False, **kwargs)
        if isinstance(grids, dict):
            grids = grids_lib.Grids(**grids)
        self.grids = grids
        self.count = count
        self.iou_threshold = iou_threshold
        self.candidates = candidates

    def call(self, inputs):
        """Return the regions."""
        self._check(inputs.shape)
        return proposals.region_proposals(
            inputs,
            self.grids,
            self.count,
            self.iou_threshold,
            self.candidates,
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the regions."""
        return (input_shape[0], self.count, 4)

    def compute_output_spec(self, inputs):
        """Return what the call does for a symbolic input."""
        self._check(inputs.shape)
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, "float32")

    def _check(self, shape):
        if len(shape) != 3 or tuple(shape[1:]) != (self.grids.size, 5):
            raise ValueError(
                f"`inputs` must have the shape (batch, {self.grids.size}, 5). "
                f"Received: {tuple(shape)}"
            )

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "grids": self.grids.get_config(),
            "count": self.count,
            "iou_threshold": self.iou_threshold,
            "candidates": self.candidates,
        }
