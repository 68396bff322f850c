"""Sets of TFDS with masks, without a download."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.pictures import load_masks
from kerasnotes.data.pictures.readers.masks import tfds as tfds_masks
from tests.support.mask_files import HEIGHT, WIDTH, mask


@pytest.fixture
def pets():
    """Give the set masks of 1, 2 and 3, and pictures that show them."""

    def dataset(builder, split=None, **_):
        def examples():
            for i in range(4):
                values = mask(i, (1, 2, 3))[..., None]
                picture = 50 * values + np.zeros([1, 1, 3], np.uint8)
                yield {"image": picture, "segmentation_mask": values}

        signature = {
            "image": tf.TensorSpec([None, None, 3], tf.uint8),
            "segmentation_mask": tf.TensorSpec([None, None, 1], tf.uint8),
        }
        data = tf.data.Dataset.from_generator(
            examples, output_signature=signature
        )
        return data.apply(tf.data.experimental.assert_cardinality(4))

    with tfds.testing.mock_data(num_examples=4, as_dataset_fn=dataset):
        yield


def test_classes_that_count_from_one_are_shifted_and_that_is_told(pets):
    got = load_masks.load("oxford_iiit_pet", image_size=(HEIGHT, WIDTH))
    want = np.stack([mask(i) for i in range(4)])
    np.testing.assert_array_equal(got.labels[:4], want)
    np.testing.assert_array_equal(got.images[:4, ..., 0], 50 * (want + 1))
    assert got.class_names == ["pet", "background", "outline"]
    assert "the set counts them from 1" in got.notes[0]
    assert got.official is None
    assert got.ids[0] == "train/000000"


def test_what_is_padded_is_ignored(pets):
    got = tfds_masks.read("oxford_iiit_pet", size=(WIDTH, WIDTH), mode="pad")
    np.testing.assert_array_equal(got.labels[1, 2:14], mask(1))
    assert (got.labels[:, [0, 1, 14, 15]] == 255).all()


def test_sets_without_masks_are_refused(pets):
    with pytest.raises(errors.UserError, match="segmentation_mask of one"):
        tfds_masks.read("mnist")
