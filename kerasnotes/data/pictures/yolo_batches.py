"""Pictures with boxes as batches of a YOLO network's targets."""

import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.pictures import box_batches

# More rows than this are no objects of one picture that a network may tell.
_ROWS = 256


class YoloSplit(box_batches.BoxSplit):
    """A part of pictures with boxes, encoded for the places of grids.

    Batches are `(x, y, w)`, with the targets of `ops.yolo_encode` for y,
    float32 `[b, grids.size, 5 + n]`. They are made on the threads of the
    input pipeline, after boxes have followed the augmentation. Crowds are
    no single object and have no place; difficult objects have one.

    Args:
        examples: the `BoxExamples` it is a part of.
        indices: see `BoxSplit`.
        grids: the `ops.Grids` of the network.
        augment: see `BoxSplit`, like the others.
        weights: of the examples.
        mosaic: a `Mosaic`, or None.
        mosaic_epochs: the number of epochs with mosaics.

    >>> import numpy as np
    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> ragged = tf.RaggedTensor.from_row_lengths
    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), ragged([0], [1, 0]),
    ...     ["a", "b"], ["cell"], boxes=ragged([[2.0, 0, 6, 4]], [1, 0]))
    >>> grids = ops.Grids((8, 8), (8,), (((4, 4),),), classes=1)
    >>> split = YoloSplit(examples, [0, 1], grids)
    >>> ((_, y, _),) = split.evaluation_batches(2)
    >>> y.numpy().tolist()
    [[[1.0, 0.5, 0.25, 0.5, 0.5, 1.0]], [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]]
    """

    def __init__(
        self,
        examples,
        indices,
        grids,
        augment=None,
        weights=None,
        mosaic=None,
        mosaic_epochs=None,
    ):
        super().__init__(
            examples, indices, augment, weights, mosaic, mosaic_epochs
        )
        self.grids = grids

    @classmethod
    def of(cls, split, grids, mosaic=None, mosaic_epochs=None):
        """Return the examples of a `BoxSplit`, encoded.

        Args:
            split: the `BoxSplit`.
            grids: see `YoloSplit`, like the others.
            mosaic: a `Mosaic`, or None.
            mosaic_epochs: the number of epochs with mosaics.
        """
        return cls(
            split.examples,
            split.indices,
            grids,
            split._augment,
            split.weights,
            mosaic,
            mosaic_epochs,
        )

    def subset(self, indices):
        return YoloSplit(
            self.examples,
            self.indices[indices],
            self.grids,
            self._augment,
            self.weights[indices],
            self._mosaic,
            self._mosaic_epochs,
        )

    def fetch(self, indices, numbers):
        x, y, w = self.objects(indices, numbers)
        crowd = y["crowd"].flat_values
        labels = y["labels"].with_values(
            tf.where(crowd, tf.constant(-1, tf.int64), y["labels"].flat_values)
        )
        targets, _ = ops.yolo_encode(
            y["boxes"].to_tensor(shape=[None, None, 4])[:, :_ROWS],
            labels.to_tensor(-1)[:, :_ROWS],
            self.grids,
        )
        return x, targets, w
