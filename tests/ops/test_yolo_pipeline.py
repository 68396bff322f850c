"""The encoder runs in a pipeline of tf.data, on padded ragged boxes."""

import numpy as np
import tensorflow as tf

from kerasnotes.ops import yolo_encode
from tests.ops.test_yolo import SEVERAL, scenes


def test_in_a_pipeline():
    boxes, labels = scenes(3, SEVERAL, batch=6, n=8)
    lengths = [0, 3, 8, 5, 1, 2]
    pairs = tf.data.Dataset.from_generator(
        lambda: (
            (b[:k], y[:k])
            for b, y, k in zip(boxes, labels, lengths, strict=True)
        ),
        output_signature=(
            tf.TensorSpec([None, 4]),
            tf.TensorSpec([None], tf.int32),
        ),
    )
    batches = pairs.padded_batch(4, padding_values=(0.0, -1)).map(
        lambda b, y: yolo_encode(b, y, SEVERAL), num_parallel_calls=2
    )
    found = np.concatenate([y.numpy() for y, _ in batches])
    padded = np.where(np.arange(8) < np.array(lengths)[:, None], labels, -1)
    want, _ = yolo_encode(boxes, padded, SEVERAL)
    np.testing.assert_array_equal(found, want)
    shape = batches.element_spec[0].shape.as_list()
    assert shape == [None, SEVERAL.size, 9]
