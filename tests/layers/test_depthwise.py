import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers
from kerasnotes.testing import layer_contract

BLOCKS = {
    "DepthwiseSeparable": {"filters": 5, "strides": 2, "kernel_size": 5},
    "InvertedResidual": {"filters": 3, "expansion": 4},
}
each_block = pytest.mark.parametrize("name", BLOCKS)


def multiplications(layer, shape):
    """Count those of the convolutions, by TensorFlow's own statistics."""
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec(shape)).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation()
    options |= {"output": "none", "account_type_regexes": [".*Conv2[dD].*"]}
    found = profiler.profile(graph, cmd="op", options=options)
    return found.total_float_ops // 2


@each_block
def test_contract(name):
    cls, arguments = getattr(layers, name), BLOCKS[name]
    separable = name == "DepthwiseSeparable"
    layer_contract.check_layer(
        cls,
        {**arguments, "kernel_regularizer": "l2"},
        input_shape=(2, 7, 6, 3),
        expected_output_shape=(2, 4, 3, 5) if separable else (2, 7, 6, 3),
        expected_num_trainable_weights=6 if separable else 9,
        expected_num_non_trainable_weights=4 if separable else 6,
    )


@pytest.mark.parametrize(
    ("channels", "filters", "size"), [(3, 5, 3), (8, 512, 3), (4, 7, 5)]
)
def test_cost(channels, filters, size):
    shape = (1, 4, 4, channels)
    plain = multiplications(
        keras.layers.Conv2D(filters, size, padding="same"), shape
    )
    separable = multiplications(
        layers.DepthwiseSeparable(filters, kernel_size=size), shape
    )
    if (channels, filters, size) == (3, 5, 3):
        assert (separable, plain) == (672, 2160)
    assert separable / plain == pytest.approx(1 / filters + 1 / size**2)


def test_two_convolutions_are_keras_separable_one():
    block = layers.DepthwiseSeparable(4)
    x = np.random.default_rng(0).uniform(0, 1, (2, 6, 6, 3)).astype("float32")
    block(x)
    keras_layer = keras.layers.SeparableConv2D(
        4, 3, padding="same", use_bias=False
    )
    keras_layer.build(x.shape)
    kernels = [w for w in block.trainable_weights if w.name == "kernel"]
    for kernel, weight in zip(kernels, keras_layer.weights, strict=True):
        # Non-negative and small: neither ReLU6 changes anything.
        weight.assign(keras.ops.abs(kernel))
        kernel.assign(weight)
    unit = np.sqrt(1 + 1e-3)
    np.testing.assert_allclose(
        np.asarray(block(x, training=False)) * unit**2,
        keras_layer(x),
        rtol=1e-5,
    )


def test_shortcut_where_the_shape_stays():
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 6)).astype("float32")
    for filters, strides, same in ((6, 1, True), (6, 2, False), (5, 1, False)):
        block = layers.InvertedResidual(filters, strides, name="block")
        block(x)
        for weight in block.weights:
            if weight.path.endswith("block_project_BN/gamma"):
                weight.assign(keras.ops.zeros_like(weight))
        y = np.asarray(block(x))
        np.testing.assert_array_equal(y, x if same else np.zeros_like(y))


def test_expansion_one_has_no_first_convolution():
    inputs = keras.Input((8, 8, 3))
    for expansion, expected in ((1, 5), (2, 8)):
        block = layers.InvertedResidual(3, 1, expansion)
        model = keras.Model(inputs, block.unroll(inputs))
        # Beside the input and the sum.
        assert len(model.layers) - 2 == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv_3", ["conv_dw_3", "conv_dw_3_bn", "conv_dw_3_relu"]),
        ("a", ["a_dw", "a_dw_bn", "a_dw_relu"]),
    ],
)
def test_unrolled_is_the_block(name, expected):
    inputs = keras.Input((6, 6, 3))
    block = layers.DepthwiseSeparable(4, name=name)
    flat = keras.Model(inputs, block.unroll(inputs))
    assert [layer.name for layer in flat.layers[1:4]] == expected
    whole = layers.DepthwiseSeparable(4)
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    whole(x)
    whole.set_weights(flat.get_weights())
    np.testing.assert_allclose(whole(x), flat(x), rtol=1e-6)


@each_block
def test_depthwise_kernels_are_not_regularised(name):
    block = getattr(layers, name)(4, kernel_regularizer="l2")
    block.build((None, 6, 6, 3))
    pointwise = 1 if name == "DepthwiseSeparable" else 2
    assert len(block.losses) == pointwise


@each_block
@pytest.mark.parametrize("mode", ["fan_in", "fan_avg", "fan_out"])
def test_a_depthwise_kernel_has_its_own_window_as_inputs(name, mode):
    initializer = keras.initializers.VarianceScaling(2.0, mode, seed=0)
    inputs = keras.Input((6, 6, 400))
    block = getattr(layers, name)(8, kernel_initializer=initializer)
    model = keras.Model(inputs, block.unroll(inputs))
    (kernel,) = (
        layer.kernel
        for layer in model.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
    )
    assert np.var(kernel) == pytest.approx(2 / 9, rel=0.1)


@each_block
def test_a_subclass_changes_one_layer(name):
    class Mine(getattr(layers, name)):
        def activation(self, name):
            if name not in ("dw_relu", "depthwise_relu"):
                return super().activation(name)
            return keras.layers.Activation("hard_swish", **self.named(name))

    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, Mine(4, name="a").unroll(inputs))
    kinds = {
        layer.name: type(layer).__name__
        for layer in model.layers
        if layer.name.endswith("_relu")
    }
    if name == "DepthwiseSeparable":
        assert kinds == {"a_dw_relu": "Activation", "a_pw_relu": "ReLU"}
    else:
        assert kinds == {
            "a_depthwise_relu": "Activation",
            "a_expand_relu": "ReLU",
        }
