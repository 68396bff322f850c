import keras
import numpy as np
import pytest

from kerasnotes.models.pictures import summary
from kerasnotes.ops.receptive_field import Field
from kerasnotes.tools.visualize import patches, subject

L = keras.layers


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 20, 24, 3), "uint8")
    return subject.Pictures(images, rng.permutation(30)[:25], [""] * 25)


def network(shape):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(shape),
            L.Conv2D(4, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(5, 3, name="top"),
        ]
    )


@pytest.mark.parametrize("batch_size", [4, 25])
def test_peaks_are_the_largest_of_each_picture(pictures, batch_size):
    model = network((20, 24, 3))
    found = patches.peaks(model, ["top"], pictures, batch_size)["top"]
    every = pictures.at(np.arange(25)).astype("float32")
    maps = model(every).numpy().reshape(25, -1, 5)
    largest = maps.max(axis=1)
    want = -np.sort(-largest, axis=0)[:9]
    np.testing.assert_allclose(found.values, want, rtol=1e-4)
    for rank, unit in np.ndindex(9, 5):
        place, spot = found.places[rank, unit], found.spots[rank, unit]
        np.testing.assert_allclose(
            maps[place, spot, unit], want[rank, unit], rtol=1e-4
        )


def test_a_patch_alone_excites_as_much(pictures):
    model = network((20, 24, 3))
    row = summary.table(model)[-1]
    found = patches.peaks(model, ["top"], pictures, 8)["top"]
    unit = int(found.values[-1].argmax())
    cuts = patches.of_unit(found, row, unit, pictures)
    assert len(cuts) == 9 and cuts[0].shape == (8, 8, 3)
    small = network((8, 8, 3))
    small.set_weights(model.get_weights())
    alone = small(np.stack(cuts).astype("float32")).numpy()
    np.testing.assert_allclose(
        alone[:, 0, 0, unit], found.values[:, unit], rtol=1e-4
    )


def test_fewer_pictures_than_peaks(pictures):
    few = subject.Pictures(pictures.images, pictures.indices[:3], [""] * 3)
    found = patches.peaks(network((20, 24, 3)), ["top"], few, 2)["top"]
    assert found.values.shape == (3, 5)


def test_what_is_never_above_zero_has_no_patch(pictures):
    row = summary.table(network((20, 24, 3)))[-1]
    zeros = np.zeros((2, 1))
    found = patches.Peaks(zeros, zeros.astype(int), zeros.astype(int))
    assert patches.of_unit(found, row, 0, pictures) == []


def test_borders_are_filled_and_wide_fields_are_the_whole():
    picture = np.arange(16, dtype="uint8").reshape(4, 4, 1)
    fields = Field(3, 1, -1), Field(9, 4, -4)
    found = patches.cut(picture, fields, (3, 0))
    assert found.shape == (3, 4, 1)
    np.testing.assert_array_equal(found[:2], picture[2:])
    assert (found[2] == 200).all()
