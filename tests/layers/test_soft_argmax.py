import keras
import numpy as np
import pytest

from kerasnotes import layers, testing


def expected(heat, temperature=1.0):
    """Return the mean places, pixel by pixel."""
    batch, height, width, maps = heat.shape
    points = np.zeros((batch, maps, 2))
    for b in range(batch):
        for k in range(maps):
            chances = np.exp(heat[b, :, :, k].astype(float) / temperature)
            chances /= chances.sum()
            for row in range(height):
                for column in range(width):
                    place = (column + 0.5) / width, (row + 0.5) / height
                    points[b, k] += chances[row, column] * np.array(place)
    return points


@pytest.mark.parametrize("temperature", [0.3, 1.0, 7.0])
def test_against_numpy(temperature):
    heat = np.random.default_rng(0).normal(size=(2, 5, 7, 3))
    points = layers.SoftArgmax(temperature)(heat.astype("float32"))
    np.testing.assert_allclose(points, expected(heat, temperature), atol=1e-6)


def test_the_hottest_place_where_it_is_far_hotter():
    heat = np.random.default_rng(1).normal(size=(4, 6, 9, 2))
    places = heat.reshape(4, -1, 2).argmax(axis=1)
    rows, columns = np.unravel_index(places, (6, 9))
    points = layers.SoftArgmax(1e-4)(heat.astype("float32"))
    want = np.stack([(columns + 0.5) / 9, (rows + 0.5) / 6], axis=-1)
    np.testing.assert_allclose(points, want, atol=1e-3)


def test_extreme_heat_is_no_nan_and_half_precision_sums_up():
    heat = np.zeros((1, 64, 64, 1), "float16")
    heat[0, 63, 0] = 6e4
    for policy in ("float32", "mixed_float16"):
        layer = layers.SoftArgmax(dtype=policy)
        points = np.asarray(layer(keras.ops.convert_to_tensor(heat)))
        assert points.dtype == "float32"
        np.testing.assert_allclose(points, [[[0.5 / 64, 63.5 / 64]]], atol=1e-6)
        middle = layer(keras.ops.zeros((1, 64, 64, 1)))
        np.testing.assert_allclose(middle, [[[0.5, 0.5]]], atol=1e-5)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="`temperature` must be above 0"):
        layers.SoftArgmax(0)
    with pytest.raises(ValueError, match="`inputs` must be .*Received"):
        layers.SoftArgmax()(np.zeros((2, 3, 4)))


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract():
    testing.check_layer(
        layers.SoftArgmax,
        init_kwargs={"temperature": 0.5},
        input_shape=(2, 3, 4, 5),
        expected_output_shape=(2, 5, 2),
        expected_num_trainable_weights=0,
        trains=False,
    )
