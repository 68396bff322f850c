"""Three pictures of 8×8 with boxes, the second one without."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures import box_examples

BOXES = [[1.0, 1, 4, 4], [0, 0, 8, 8], [2, 2, 3, 3]]


def build(labels=((0, 1), (), (1,)), boxes=BOXES, **arguments):
    """Return the `BoxExamples`; arguments are theirs."""
    ragged = tf.ragged.constant(labels, ragged_rank=1)
    count = len(labels)
    arguments = {"class_names": ["a", "b"], "ids": list("xyz")} | arguments
    return box_examples.BoxExamples(
        np.zeros((count, 8, 8, 3), "uint8"),
        ragged,
        boxes=ragged.with_values(tf.constant(boxes)),
        **arguments,
    )
