"""Pictures with boxes and masks of objects as batches for Mask R-CNN."""

import tensorflow as tf

from kerasnotes.data.pictures import region_batches


class InstanceSplit(region_batches.RegionSplit):
    """A part of pictures whose objects have masks.

    Batches are those of a `RegionSplit`, and y has `masks` too, `[b, m, h,
    w]`: 1 more than an object's label in its pixels, else 0. A crowd, and
    padding, have no pixel. In training, masks follow the one warp of the
    policy by nearest neighbours, and boxes are those around them.

    Args:
        *arguments: of `RegionSplit`; `with_truth` adds labels to the boxes,
            `[b, m, 5]`, padded with -1.
        **options: of `RegionSplit`; there are no mosaics, and policies mix
            no pictures.

    Raises:
        ValueError: the examples have no masks, or pictures would be mixed.

    >>> import numpy as np
    >>> from kerasnotes.data.pictures import object_masks
    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> ragged = tf.RaggedTensor.from_row_lengths
    >>> masks = np.zeros((1, 2, 8), bool)
    >>> masks[0, 0, 2:6] = True
    >>> examples = BoxExamples(
    ...     np.zeros((1, 2, 8, 1), "uint8"), ragged([0], [1]), ["a"], ["cell"],
    ...     boxes=ragged([[2.0, 0, 6, 1]], [1]),
    ...     masks=ragged(object_masks.pack(masks), [1]))
    >>> ((_, y, _),) = InstanceSplit(examples, [0]).evaluation_batches(1)
    >>> y["masks"].numpy()[0, 0].tolist()
    [[0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]]
    """

    more = ("masks",)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if self.examples.masks is None:
            raise ValueError("`examples` must have masks. Received: none")
        if self.joint:
            raise ValueError(
                "`augment` and `mosaic` mix pictures, and masks can't follow"
            )

    def truth(self, y):
        masks = y.pop("masks")
        truth = super().truth(y)
        labels = truth["regions"][..., 4, None, None]
        # A label more, for 0 is no object; a crowd's is below 0.
        values = tf.where(masks, tf.maximum(labels + 1, 0), 0.0)
        known = len(self.examples.class_names)
        dtype = tf.uint8 if known < 2**8 else tf.uint16
        return truth | {"masks": tf.cast(values, dtype)}

    def boxes(self, truth):
        return tf.where(truth[..., 4:] >= 0, truth, [0.0, 0, 0, 0, -1])
