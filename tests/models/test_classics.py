"""What AlexNet, VGG, network in network and GoogLeNet all promise."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models

SMALL = {
    "alexnet": {"input_shape": (67, 67, 2), "groups": 2, "width": 1 / 16},
    "googlenet": {"input_shape": (32, 32, 2), "width": 1 / 8},
    "nin": {"input_shape": (8, 8, 2), "width": 1 / 8},
    "vgg16": {"input_shape": (32, 32, 2), "width": 1 / 16},
}
each_model = pytest.mark.parametrize("name", SMALL)


def build(name, **arguments):
    keras.utils.set_random_seed(0)
    common = {"classes": 3, "mean": [120.0, 110.0], "std": [60.0, 50.0]}
    return models.build(name, **common | SMALL[name] | arguments)


def pictures(model):
    rng = np.random.default_rng(0)
    shape = (4, *model.input_shape[1:])
    return rng.integers(0, 256, shape).astype("float32")


@each_model
def test_reloads(name, tmp_path):
    penalty = keras.regularizers.L2(0.1)
    model = build(name, initializer="xavier", kernel_regularizer=penalty)
    model.save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert len(loaded.losses) == len(model.losses) > 0
    x = pictures(model)
    np.testing.assert_array_equal(loaded(x), model(x))


@each_model
def test_every_parameter_gets_a_gradient(name):
    model = build(name)
    with tf.GradientTape() as tape:
        cost = tf.reduce_sum(model(pictures(model), training=True) ** 2)
    for gradient in tape.gradient(cost, model.trainable_weights):
        assert np.isfinite(gradient).all()


@each_model
def test_precision(name):
    exact = build(name)
    config = {**exact.get_config(), "dtype": "mixed_bfloat16"}
    mixed = type(exact).from_config(config)
    assert {w.dtype for w in mixed.weights} == {"float32"}
    assert mixed.get_layer(mixed.blocks[-1]).output.dtype == "bfloat16"
    assert mixed.output.dtype == "float32"
    mixed.set_weights(exact.get_weights())
    x = pictures(exact)
    expected = np.array(exact(x))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(mixed(x) / scale, expected / scale, atol=0.1)
    config["dtype"] = "float64"
    assert type(exact).from_config(config).output.dtype == "float64"


@each_model
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (3, 3, 3)}, "Received: input_shape=(3, 3, 3)"),
        ({"input_shape": (64,)}, "Received: input_shape=(64,)"),
        ({"pooling": "min"}, "Received: pooling='min'"),
        ({"keep_prob": 0}, "`keep_prob` must be in (0, 1]"),
    ],
)
def test_refuses(name, arguments, message):
    with pytest.raises(ValueError) as caught:
        build(name, **arguments)
    assert message in str(caught.value)
