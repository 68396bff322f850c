import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers
from kerasnotes.testing import layer_contract

CLASSES = {
    layers.NaiveInception: ((5, 6, 7), 5 + 6 + 7 + 3),
    layers.Inception: ((5, (2, 6), (3, 7), 4), 5 + 6 + 7 + 4),
}
each_class = pytest.mark.parametrize("cls", CLASSES)


@each_class
@pytest.mark.parametrize("batch_norm", [False, True])
def test_contract(cls, batch_norm):
    filters, channels = CLASSES[cls]
    convolutions = 3 if cls is layers.NaiveInception else 6
    layer_contract.check_layer(
        cls,
        {
            "filters": filters,
            "batch_norm": batch_norm,
            "kernel_initializer": keras.initializers.HeNormal(),
            "kernel_regularizer": keras.regularizers.L2(0.1),
        },
        input_shape=(2, 4, 5, 3),
        expected_output_shape=(2, 4, 5, channels),
        expected_num_trainable_weights=(2 + batch_norm) * convolutions,
        expected_num_non_trainable_weights=2 * batch_norm * convolutions,
    )


def multiplications(model, part):
    """Count those of the convolutions whose name has `part` in it."""
    return sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and part in layer.name
    )


@pytest.mark.parametrize(
    ("cls", "channels", "expected"),
    [
        (layers.NaiveInception, 416, 120_422_400),
        (layers.Inception, 256, 12_443_648),
    ],
)
def test_the_course_example(cls, channels, expected):
    inputs = keras.Input((28, 28, 192))
    outputs = cls(name="module").unroll(inputs)
    assert outputs.shape == (None, 28, 28, channels)
    assert multiplications(keras.Model(inputs, outputs), "5x5") == expected


def conv(x, weights):
    kernel, bias = weights
    return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)


def naive(x, one, three, five):
    pooled = tf.nn.max_pool2d(x, 3, 1, "SAME")
    return [conv(x, one), conv(x, three), conv(x, five), pooled]


def reduced(x, one, three_reduce, three, five_reduce, five, projection):
    return [
        conv(x, one),
        conv(conv(x, three_reduce), three),
        conv(conv(x, five_reduce), five),
        conv(tf.nn.max_pool2d(x, 3, 1, "SAME"), projection),
    ]


@pytest.mark.parametrize(
    ("cls", "equation"),
    [(layers.NaiveInception, naive), (layers.Inception, reduced)],
)
def test_against_tensorflow(cls, equation):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 6, 5, 3)).astype("float32")
    layer = cls(CLASSES[cls][0])
    layer(x)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    flat = layer.get_weights()
    pairs = zip(flat[::2], flat[1::2], strict=True)
    expected = np.concatenate(equation(x, *pairs), axis=-1)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)


@each_class
def test_unrolled_is_called(cls):
    inputs = keras.Input((6, 6, 3))
    layer = cls(CLASSES[cls][0], batch_norm=True, name="a")
    flat = keras.Model(inputs, layer.unroll(inputs))
    assert all(name.startswith("a_") for name in flat.output_names)
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3))
    np.testing.assert_array_equal(flat(x), layer(x))


def test_kernels_of_one_shape_start_apart():
    layer = layers.Inception((4, (4, 4), (4, 4), 4))
    layer.build((None, 6, 6, 3))
    first, *others = (w for w in layer.weights if w.shape == (1, 1, 3, 4))
    assert len(others) == 3
    assert not any(np.allclose(first, other) for other in others)
