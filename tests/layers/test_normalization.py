import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers
from kerasnotes.testing import layer_contract


@pytest.mark.parametrize(
    "constants",
    [
        {},
        {"k": 1.0, "n": 3, "alpha": 0.5, "beta": 1.5},
        {"n": 4, "alpha": 1.0},
        {"n": 31, "alpha": 1.0},
        {"n": 1, "alpha": 1.0},
    ],
)
def test_against_tensorflow(constants):
    layer = layers.LocalResponseNormalization(**constants)
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 9), scale=30)
    x = x.astype("float32")
    expected = tf.nn.local_response_normalization(
        x,
        depth_radius=layer.n // 2,
        bias=layer.k,
        alpha=layer.alpha,
        beta=layer.beta,
    )
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)


def test_constants_of_the_paper():
    config = layers.LocalResponseNormalization().get_config()
    found = {name: config[name] for name in ("k", "n", "alpha", "beta")}
    assert found == {"k": 2.0, "n": 5, "alpha": 1e-4, "beta": 0.75}


def test_half_precision_does_not_overflow():
    layer = layers.LocalResponseNormalization(dtype="mixed_float16")
    found = layer(keras.ops.full((1, 1, 1, 5), 1000.0))
    assert found.dtype == "float16"
    # At the middle channel 2 + 1e-4 · 5 · 1000² = 502.
    np.testing.assert_allclose(found[0, 0, 0, 2], 1000 / 502**0.75, rtol=1e-3)


def test_contract():
    layer_contract.check_layer(
        layers.LocalResponseNormalization,
        {"k": 1.0, "n": 3, "alpha": 0.1, "beta": 0.5},
        input_shape=(2, 4, 3, 6),
        expected_output_shape=(2, 4, 3, 6),
        expected_num_trainable_weights=0,
        trains=False,
    )


def test_refuses_no_channels():
    with pytest.raises(ValueError, match="Received: n=0"):
        layers.LocalResponseNormalization(n=0)


@pytest.mark.parametrize(("mean", "std"), [([1, 2, 3], 1.0), (0.0, [1, 2])])
def test_standardization_of_other_channels_is_refused(mean, std):
    name = "mean" if np.ndim(mean) else "std"
    with pytest.raises(ValueError, match=f"`{name}` must .* for 1 channels"):
        layers.Standardization(mean, std)(np.ones([2, 1]))


def test_standardization_loses_no_digit_of_the_mean():
    x = np.random.default_rng(0).normal(size=(50, 2))
    mean, std = np.array([1.7e9, 4e-12]), np.array([17.0, 1e-12])
    layer = layers.Standardization(mean, std)
    found = layer(x * std + mean)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, x, atol=1e-6)
    back = layers.Standardization(mean, std, invert=True, dtype="float64")
    np.testing.assert_allclose(back(x), x * std + mean, rtol=1e-14)
    # 2000.37 has no float32; years have.
    years = np.arange(1990, 2010, dtype="float32")[:, None]
    found = layers.Standardization(2000.37, 5.0)(years)
    want = (years.astype(float) - 2000.37) / 5
    np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("std", [0.0, 1e-30, 3e-12, 1e25])
def test_standardization_divides_by_any_deviation(std):
    x = np.array([[-1.5], [0.0], [2.0]], "float32")
    found = layers.Standardization(0.0, std)(x * np.float32(std or 1))
    np.testing.assert_allclose(found, x, rtol=1e-6)


def test_standardization_contract():
    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    layer_contract.check_layer(
        layers.Standardization,
        {"mean": [1.0, 2.0, 3.0], "std": [2.0, 2.0, 2.0]},
        inputs=x,
        expected_output_shape=(2, 3),
    )
