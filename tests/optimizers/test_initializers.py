import keras
import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.optimizers import initializers


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("normal_0.01", 0.01**2),
        ("he", 2 / 900),
        ("xavier", 1 / 900),
        ("glorot", 2 / (900 + 400)),
        ("zeros", 0.0),
    ],
)
def test_variance_on_a_wide_layer(name, variance):
    keras.utils.set_random_seed(0)
    dense = np.array(initializers.get(name)((900, 400)))
    # A 3×3 convolution of 100 channels has as many inputs a unit.
    if name != "glorot":
        conv = np.array(initializers.get(name)((3, 3, 100, 400)))
        np.testing.assert_allclose(conv.var(), variance, rtol=0.02)
    np.testing.assert_allclose(dense.var(), variance, rtol=0.02)
    np.testing.assert_allclose(dense.mean(), 0, atol=1e-3)


def test_samples_are_not_truncated():
    keras.utils.set_random_seed(0)
    sample = np.array(initializers.get("he")((500, 500)))
    assert np.abs(sample).max() > 3.5 * sample.std()


@pytest.mark.parametrize(
    ("name", "activation", "low", "high"),
    [
        ("zeros", "relu", 0, 0),
        ("normal_0.01", "relu", 0, 1e-6),
        ("he", "relu", 0.3, 3),
        ("xavier", "relu", 0, 0.1),
        ("xavier", "tanh", 0.1, 1),
    ],
)
def test_activations_of_a_deep_stack(name, activation, low, high):
    keras.utils.set_random_seed(0)
    x = keras.random.normal((256, 200))
    act = keras.activations.get(activation)
    for _ in range(10):
        x = act(keras.ops.matmul(x, initializers.get(name)((200, 200))))
    size = float(keras.ops.sqrt(keras.ops.mean(x**2)))
    assert low <= size <= high


def test_each_call_gives_other_values():
    a, b = (initializers.get("he")((3, 3)) for _ in range(2))
    assert not np.allclose(a, b)
    kept = keras.initializers.HeNormal()
    a, b = (initializers.get(kept)((3, 3)) for _ in range(2))
    assert not np.allclose(a, b)


def test_keras_own_names_and_configs():
    found = initializers.get("orthogonal")
    assert isinstance(found, keras.initializers.Orthogonal)
    config = keras.initializers.serialize(initializers.get("xavier"))
    assert initializers.get(config).mode == "fan_in"


def test_unknown_name():
    with pytest.raises(errors.ArgumentError, match="did you mean 'glorot'"):
        initializers.get("glorat")
    assert "normal_0.01" in initializers.names()
