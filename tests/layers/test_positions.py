import keras
import numpy as np
import pytest

from kerasnotes import layers, testing


def expected(positions, d):
    """Return the codes, number by number."""
    codes = np.zeros((len(positions), d))
    for row, position in zip(codes, positions, strict=True):
        for i in range(0, d, 2):
            angle = position / 10000 ** (i / d)
            row[i : i + 2] = np.sin(angle), np.cos(angle)
    return codes


@pytest.mark.parametrize("start", [0, 3, 500])
def test_against_numpy(start):
    x = np.random.default_rng(0).normal(size=(2, 7, 12)).astype("float32")
    found = layers.SinusoidalPositions()(x, start_index=start)
    want = x + expected(range(start, start + 7), 12)
    np.testing.assert_allclose(found, want, atol=1e-4)


def test_odd_width():
    found = layers.SinusoidalPositions()(np.zeros((1, 3, 5), "float32"))
    angle = 2 / 10000 ** (4 / 5)
    assert np.asarray(found)[0, 2, 4] == pytest.approx(np.sin(angle), abs=1e-6)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract():
    testing.check_layer(
        layers.SinusoidalPositions,
        input_shape=(2, 5, 6),
        expected_output_shape=(2, 5, 6),
        expected_num_trainable_weights=0,
        trains=False,
    )
