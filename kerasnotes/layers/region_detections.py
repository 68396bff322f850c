"""The boxes that the second stage of a detector leaves to a third."""

import keras
from keras import ops

from kerasnotes.ops import proposals, suppression


@keras.saving.register_keras_serializable("kerasnotes")
class RegionDetections(keras.layers.Layer):
    """Takes the best boxes out of the answers of regions.

    `ops.region_answers` and `ops.non_max_suppression`, one after the other.

    Args:
        classes: their number, the background apart.
        image_shape: height and width of the picture.
        count: k, how many boxes of a picture are answered at most.
        score_threshold: boxes with this score or less are dropped.
        iou_threshold: of two with this IoU or more the better stays.
        per_class: whether boxes of different classes may overlap.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, n, 4 + 1 + classes + 4 · classes)`: the region,
            logits with the background first, deltas of each class.

    Returns:
        Boxes as `xyxy` in pixels, labels and scores, float32 `(batch, k, 6)`,
        the best first. Padding has the box 0, the label -1 and the score 0.
        They are constants to the gradient.

    Raises:
        ValueError: the inputs have another shape, or a bound is out of its
            range.

    Source: He et al., Mask R-CNN (2017), section 3.1.

    >>> y = keras.ops.convert_to_tensor([[[2.0, 2, 6, 6, 0, 0, 0, 0, 0, 0]]])
    >>> RegionDetections(1, (8, 8), count=2)(y).numpy()
    array([[[ 2. ,  2. ,  6. ,  6. ,  0. ,  0.5],
            [ 0. ,  0. ,  0. ,  0. , -1. ,  0. ]]], dtype=float32)
    """

    def __init__(
        self,
        classes,
        image_shape,
        count=30,
        score_threshold=0.05,
        iou_threshold=0.5,
        per_class=True,
        **kwargs,
    ):
        # Pixels of halves would be off by one from 2,048 on.
        super().__init__(autocast=False, **kwargs)
        self.classes = classes
        self.image_shape = tuple(image_shape)
        self.count = count
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.per_class = per_class

    def call(self, inputs):
        """Return the boxes, labels and scores."""
        self._check(inputs.shape)
        inputs = ops.stop_gradient(ops.cast(inputs, "float32"))
        left = suppression.non_max_suppression(
            *proposals.region_answers(inputs, self.classes, self.image_shape),
            score_threshold=self.score_threshold,
            iou_threshold=self.iou_threshold,
            max_detections=self.count,
            per_class=self.per_class,
        )
        labels = ops.cast(left["labels"], "float32")
        parts = [left["boxes"], labels[..., None], left["scores"][..., None]]
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the answer."""
        return (input_shape[0], self.count, 6)

    def compute_output_spec(self, inputs):
        """Return what the call does for a symbolic input."""
        self._check(inputs.shape)
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, "float32")

    def _check(self, shape):
        size = 5 + 5 * self.classes
        if len(shape) != 3 or shape[-1] != size:
            raise ValueError(
                f"`inputs` must have the shape (batch, n, {size}). Received: "
                f"{tuple(shape)}"
            )

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "image_shape": self.image_shape,
            "count": self.count,
            "score_threshold": self.score_threshold,
            "iou_threshold": self.iou_threshold,
            "per_class": self.per_class,
        }
