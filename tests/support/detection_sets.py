"""TFDS detection sets offline: their own features, with objects we know."""

import contextlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

SIZE = (40, 60)
BOXES = [[0.25, 0.1, 0.75, 0.5], [0.0, 0.0, 1.0, 1.0]]
"""The two boxes of every other picture, TFDS's `ymin, xmin, ymax, xmax`."""


@contextlib.contextmanager
def mocked(count=4, group="objects", label="label", **more):
    """Give every TFDS set pictures of 40×60, every second one with boxes.

    Args:
        count: pictures.
        group: the key of the objects.
        label: the key of their class, which are 1 and 2.
        **more: other entries of an object.
    """

    def dataset(builder, split=None, **_):
        def examples():
            for number in range(count):
                some = number % 2 == 0
                picture = np.full([*SIZE, 3], 10 * number, np.uint8)
                values = {label: [1, 2], **more}
                objects = {
                    key: np.array(v, np.int64)[: 2 * some]
                    for key, v in values.items()
                }
                boxes = np.array(BOXES, np.float32)[: 2 * some]
                yield {
                    "image": tf.io.encode_png(picture).numpy(),
                    group: {"bbox": boxes, **objects},
                }

        signature = {
            "image": tf.TensorSpec([], tf.string),
            group: {
                "bbox": tf.TensorSpec([None, 4]),
                **{
                    key: tf.TensorSpec([None], tf.int64)
                    for key in (label, *more)
                },
            },
        }
        return tf.data.Dataset.from_generator(
            examples, output_signature=signature
        ).apply(tf.data.experimental.assert_cardinality(count))

    with tfds.testing.mock_data(num_examples=count, as_dataset_fn=dataset):
        yield
