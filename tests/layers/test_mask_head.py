"""The head of masks against NumPy, number by number."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers


def inputs(batch=2, n=3, side=4, channels=5):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, n, side, side, channels))
    labels = rng.integers(0, 3, (batch, n))
    return x.astype("float32"), labels


def built(*args, **options):
    """Return a layer whose biases, too, are random."""
    keras.utils.set_random_seed(0)
    layer = layers.MaskHead(*args, **options)
    layer(*map(keras.ops.convert_to_tensor, inputs()))
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return layer


def forward(weights, x, label):
    """Return the logits of a region."""
    *maps, up, up_bias, kernel, bias = (w.astype("float64") for w in weights)
    side = len(x)
    for w, b in zip(maps[::2], maps[1::2], strict=True):
        padded = np.pad(x, [(1, 1), (1, 1), (0, 0)])
        x = np.zeros((side, side, len(b))) + b
        for i, j in np.ndindex(3, 3):
            x += padded[i : i + side, j : j + side] @ w[i, j]
        x = np.maximum(x, 0)
    y = np.zeros((2 * side, 2 * side, len(up_bias))) + up_bias
    for i, j in np.ndindex(2, 2):
        # Keras' transposed kernels have outputs before inputs.
        y[i::2, j::2] += x @ up[i, j].T
    return np.maximum(y, 0) @ kernel[:, label] + bias[label]


@pytest.mark.parametrize("convolutions", [0, 4])
def test_logits_are_those_of_numpy(convolutions):
    layer = built(3, 6, convolutions)
    x, labels = inputs()
    weights = [np.array(w) for w in layer.weights]
    if weights[0].ndim == 2:
        # Keras lists the weights of layers within last.
        weights = weights[2:] + weights[:2]
    got = layer(x, tf.constant(labels))
    assert got.shape == (2, 3, 8, 8) and got.dtype == "float32"
    for i in np.ndindex(2, 3):
        want = forward(weights, x[i], labels[i])
        np.testing.assert_allclose(got[i], want, atol=1e-4)


def test_a_label_that_is_no_class_has_the_mask_of_class_0():
    layer, (x, _) = built(3, 6), inputs(1)
    want = layer(x, tf.constant([[0, 0, 0]]))
    for labels in ([[-1, 3, 99]], [[-1.0, -2.0, 0.0]]):
        np.testing.assert_array_equal(layer(x, tf.constant(labels)), want)


def test_only_the_masks_of_labels_learn():
    layer, (x, _) = built(3, 6), inputs(1)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x, tf.constant([[2, 0, 2]])) ** 2)
    slopes = tape.gradient(y, [w.value for w in layer.trainable_weights])
    slopes = [tf.convert_to_tensor(slope).numpy() for slope in slopes]
    assert all(np.isfinite(slope).all() and slope.any() for slope in slopes)
    (of_kernel,) = (s for s in slopes if s.shape == (6, 3))
    assert of_kernel.any(0).tolist() == [True, False, True]


def test_any_number_of_regions():
    layer = built(3, 6)
    x, labels = inputs()
    together = layer(x, tf.constant(labels))
    empty = layer(x[:, :0], tf.zeros((2, 0), "int32"))
    assert empty.shape == (2, 0, 8, 8)
    assert layer(x[:0], tf.zeros((0, 3), "int32")).shape == (0, 3, 8, 8)
    symbols = keras.Input((None, 4, 4, 5)), keras.Input((None,), dtype="int32")
    model = keras.Model(symbols, layer(*symbols))
    assert model.output_shape == (None, None, 8, 8)
    np.testing.assert_allclose(model([x, labels]), together, atol=1e-5)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x[:, :0], tf.zeros((2, 0), "int32")))
    for slope in tape.gradient(y, [w.value for w in layer.trainable_weights]):
        assert slope is not None and not np.any(tf.convert_to_tensor(slope))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_halves(policy):
    exact, layer = built(3, 6), built(3, 6, dtype=policy)
    assert {w.dtype for w in layer.weights} == {"float32"}
    x, labels = inputs()
    got, want = (each(x, tf.constant(labels)) for each in (layer, exact))
    assert got.dtype == "float32"
    np.testing.assert_allclose(got, want, atol=0.1 * np.abs(want).max())
    symbols = keras.Input((3, 4, 4, 5)), keras.Input((3,))
    assert layer(*symbols).dtype == "float32"


def test_the_configuration_holds_all():
    layer = layers.MaskHead(
        *(3, 6, 2, "glorot_uniform", keras.regularizers.L2(0.1)), name="a"
    )
    again = layers.MaskHead.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again(*map(tf.constant, inputs()))
    # Of two convolutions, one transposed, and one of 1×1.
    assert len(again.losses) == 4
    assert (
        layers.MaskHead(3).kernel_initializer.__class__.__name__ == "HeNormal"
    )


@pytest.mark.parametrize("name", ["classes", "filters"])
def test_refuses_numbers(name):
    with pytest.raises(ValueError, match=f"`{name}` must be 1 or more"):
        layers.MaskHead(**{"classes": 2, name: 0})


def test_refuses_maps_of_another_rank():
    with pytest.raises(ValueError, match="`x` must have the shape"):
        layers.MaskHead(2)(tf.zeros((1, 4, 4, 5)), tf.zeros((1, 4)))
