import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from kerasnotes import layers, testing

SHAPE = (2, 6, 5, 4)


def randomise(layer, seed=0):
    """Give every weight, mean and variance a random value."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        low = 0.5 if "variance" in weight.path else -1.0
        weight.assign(rng.uniform(low, 1.5, weight.shape))
    return layer


def pictures(shape=SHAPE):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def conv(x, w, strides, padding):
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    windows = sliding_window_view(x, w.shape[:2], axis=(1, 2))
    windows = windows[:, ::strides, ::strides]
    return np.einsum("nhwcij,ijcf->nhwf", windows, w)


def norm(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / np.sqrt(variance + 1.001e-5) + beta


def relu(z):
    return np.maximum(z, 0)


def expected(block, x):
    """Return what a convolutional block gives, from the equation."""
    weights = {w.path.split("/", 1)[1]: w.numpy() for w in block.weights}

    def step(x, i, strides=1):
        own = [
            v for k, v in weights.items() if k.startswith(f"{block.name}_{i}_")
        ]
        return norm(conv(x, own[0], strides, len(own[0]) // 2), *own[1:])

    by_convolution = {"v1": (2, 1), "v1.5": (1, 2)}[block.version]
    if block.kind == "basic":
        main = step(relu(step(x, 1, block.strides)), 2)
    else:
        main = relu(step(x, 1, by_convolution[0]))
        main = step(relu(step(main, 2, by_convolution[1])), 3)
    if block.shortcut == "none":
        return relu(main)
    if block.shortcut == "projection":
        return relu(main + step(x, 0, block.strides))
    side = np.zeros_like(main)
    side[..., : x.shape[-1]] = x[:, :: block.strides, :: block.strides]
    return relu(main + side)


@pytest.mark.parametrize("shortcut", ["projection", "zero_pad", "none"])
@pytest.mark.parametrize(
    ("kind", "version"),
    [("basic", "v1"), ("bottleneck", "v1"), ("bottleneck", "v1.5")],
)
def test_convolutional_block_against_numpy(kind, version, shortcut):
    block = layers.ConvolutionalBlock(
        6, 2, kind, version, shortcut, name="block"
    )
    x = pictures()
    block(x)
    randomise(block)
    np.testing.assert_allclose(block(x), expected(block, x), atol=1e-4)


@pytest.mark.parametrize(
    ("cls", "arguments", "channels", "trainable"),
    [
        (layers.IdentityBlock, {"filters": 4}, 4, 6),
        (layers.IdentityBlock, {"filters": 4, "shortcut": "none"}, 4, 6),
        (
            layers.IdentityBlock,
            {
                "filters": 1,
                "kind": "bottleneck",
                "use_bias": True,
                "kernel_initializer": "glorot_uniform",
            },
            4,
            12,
        ),
        (layers.ConvolutionalBlock, {"filters": 6, "strides": 1}, 6, 9),
        (
            layers.ConvolutionalBlock,
            {
                "filters": 2,
                "kind": "bottleneck",
                "version": "v1.5",
                "shortcut": "zero_pad",
                "kernel_regularizer": "l2",
            },
            8,
            9,
        ),
        (layers.ZeroPadChannels, {"filters": 7, "strides": 2}, 7, 0),
    ],
)
def test_contract(cls, arguments, channels, trainable):
    strides = cls(**arguments).strides
    size = [-(-n // strides) for n in SHAPE[1:3]]
    testing.check_layer(
        cls,
        arguments,
        # A bias before batch norm has no gradient.
        trains=bool(trainable) and "use_bias" not in arguments,
        input_shape=SHAPE,
        expected_output_shape=(2, *size, channels),
        expected_num_trainable_weights=trainable,
    )


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("filters", "kind"), [(4, "basic"), (1, "bottleneck")])
def test_zero_weights_pass_what_is_not_negative(filters, kind, training):
    x = abs(pictures())
    block = layers.IdentityBlock(filters, kind, kernel_initializer="zeros")
    np.testing.assert_array_equal(block(x, training=training), x)
    plain = layers.IdentityBlock(
        filters, kind, "none", kernel_initializer="zeros"
    )
    assert not np.any(plain(x, training=training))


@pytest.mark.parametrize(("version", "seen"), [("v1", 1 / 4), ("v1.5", 1)])
def test_version_says_which_pixels_count(version, seen):
    block = layers.ConvolutionalBlock(2, 2, "bottleneck", version)
    x = pictures((1, 8, 8, 1))
    block(x)
    randomise(block)
    before = np.asarray(block(x))
    changed = 0
    for i in range(64):
        y = x.copy()
        y[0, i // 8, i % 8] += 9
        changed += np.any(np.asarray(block(y)) != before)
    assert changed == 64 * seen


def test_a_stride_keeps_both_ways_on_one_pixel():
    """A single bright pixel comes out where the shortcut takes it."""
    block = layers.ConvolutionalBlock(1, 2, shortcut="zero_pad", name="b")
    x = np.zeros((1, 8, 8, 1), "float32")
    x[0, 4, 4] = 1
    block(x)
    for weight in block.weights:
        if weight.name == "kernel":
            centre = np.zeros(weight.shape)
            centre[1, 1] = 1
            weight.assign(centre)
    y = np.asarray(block(x))
    assert y[0, 2, 2, 0] == pytest.approx(2, abs=1e-4)
    assert np.count_nonzero(y) == 1


def test_unrolled():
    block = layers.ConvolutionalBlock(2, kind="bottleneck", name="a")
    inputs = keras.Input(SHAPE[1:])
    model = keras.Model(inputs, block.unroll(inputs))
    randomise(model)
    assert sorted(layer.name for layer in model.layers[1:]) == sorted(
        f"a_{part}"
        for part in (
            *("0_conv", "0_bn", "1_conv", "1_bn", "1_relu", "2_conv"),
            *("2_bn", "2_relu", "3_conv", "3_bn", "add", "out"),
        )
    )
    x = pictures()
    np.testing.assert_array_equal(model(x), block(x))


def test_a_subclass_changes_one_layer():
    class Tanh(layers.IdentityBlock):
        def activation(self, name):
            if name != "1_relu":
                return super().activation(name)
            return keras.layers.Activation("tanh", name="mine")

    block = Tanh(4, name="a")
    inputs = keras.Input(SHAPE[1:])
    model = keras.Model(inputs, block.unroll(inputs))
    assert model.get_layer("mine").activation is keras.activations.tanh
    assert model.layers[-1].activation is keras.activations.relu
    assert {"a_1_conv", "a_1_bn", "a_out"} < {i.name for i in model.layers}


def test_convolutions_start_unlike():
    block = layers.IdentityBlock(4)
    block(pictures())
    first, second = (w for w in block.weights if w.name == "kernel")
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: layers.IdentityBlock(4, "wide"),
            "`kind` must be one of basic, bottleneck. Received: kind='wide'",
        ),
        (
            lambda: layers.IdentityBlock(4, shortcut="projection"),
            "`shortcut` must be one of identity, none. Received",
        ),
        (
            lambda: layers.ConvolutionalBlock(4, shortcut="identity"),
            "one of projection, zero_pad, none. Received",
        ),
        (
            lambda: layers.ConvolutionalBlock(4, version="v2"),
            "`version` must be one of v1, v1.5. Received: version='v2'",
        ),
        (
            lambda: layers.IdentityBlock(4)(np.zeros((1, 5, 5, 1))),
            "`x` must have 4 channels to be added to the output. Received",
        ),
        (
            lambda: layers.ZeroPadChannels(3)(np.zeros(SHAPE)),
            "`x` must have at most 3 channels. Received",
        ),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert message in str(caught.value)
