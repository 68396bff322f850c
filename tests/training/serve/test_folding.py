import warnings

import keras
import numpy as np
import pytest
from keras import layers

from kerasnotes.training.serve.folding import fold_batch_norm

RNG = np.random.default_rng(3)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def start():
    """Give every test the same numbers, whichever ran before."""
    RNG.bit_generator.state = START


def randomise(model):
    """Give every weight, γ, β, mean and variance a random value."""
    for variable in model.variables:
        if variable.dtype == "float32":
            value = RNG.normal(size=variable.shape)
            if "variance" in variable.name:
                value = RNG.uniform(0.1, 3, variable.shape)
            elif "kernel" in variable.name:
                value /= np.sqrt(np.prod(variable.shape[:-1]))
            variable.assign(value)
    return model


def norms(model):
    return [
        layer.name
        for layer in model._flatten_layers()
        if isinstance(layer, layers.BatchNormalization)
    ]


def fold_silently(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return fold_batch_norm(model)


def assert_equal(model, folded, shape):
    x = RNG.normal(size=(3, *shape)).astype("float32")
    expected = model(x, training=False)
    np.testing.assert_allclose(
        folded(x, training=False), expected, atol=1e-4, rtol=1e-4
    )
    # Random weights must not have hidden the batch norm.
    assert np.std(expected) > 1e-2


LAYERS = [
    (lambda **k: layers.Dense(4, **k), (5,)),
    (lambda **k: layers.Dense(4, **k), (3, 5)),
    (lambda **k: layers.Conv1D(4, 3, groups=2, **k), (9, 4)),
    (lambda **k: layers.Conv2D(4, 3, padding="same", **k), (6, 6, 2)),
    (lambda **k: layers.Conv3D(4, 2, **k), (4, 4, 4, 2)),
    (lambda **k: layers.Conv1DTranspose(4, 3, strides=2, **k), (5, 2)),
    (lambda **k: layers.Conv2DTranspose(4, 3, strides=2, **k), (5, 5, 2)),
    (lambda **k: layers.Conv3DTranspose(4, 2, **k), (3, 3, 3, 2)),
    (lambda **k: layers.DepthwiseConv1D(3, depth_multiplier=2, **k), (6, 3)),
    (lambda **k: layers.DepthwiseConv2D(3, depth_multiplier=2, **k), (6, 6, 3)),
    (lambda **k: layers.SeparableConv1D(4, 3, **k), (6, 3)),
    (lambda **k: layers.SeparableConv2D(4, 3, **k), (6, 6, 3)),
]


@pytest.mark.parametrize(("make", "shape"), LAYERS)
@pytest.mark.parametrize(
    ("use_bias", "scale", "center"),
    [(True, True, True), (False, True, False), (False, False, True)],
)
def test_folded_equals_unfolded(make, shape, use_bias, scale, center):
    model = keras.Sequential(
        [
            keras.Input(shape),
            make(use_bias=use_bias),
            layers.BatchNormalization(scale=scale, center=center, epsilon=0.1),
            layers.ReLU(),
        ]
    )
    randomise(model)
    weights = model.get_weights()
    folded = fold_silently(model)
    assert norms(folded) == []
    assert folded.layers[1].use_bias
    assert_equal(model, folded, shape)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_identity_of_gamma_and_beta():
    # γ = √(σ²+ε), β = μ undoes the normalisation.
    dense, norm = layers.Dense(4), layers.BatchNormalization()
    model = keras.Sequential([keras.Input((5,)), dense, norm])
    mean, variance = RNG.normal(size=4), RNG.uniform(0.1, 3, 4)
    gamma = np.sqrt(variance + norm.epsilon)
    norm.set_weights([gamma, mean, mean, variance])
    x = RNG.normal(size=(3, 5))
    np.testing.assert_allclose(model(x), dense(x), atol=1e-6)
    new = fold_silently(model).layers[1]
    np.testing.assert_allclose(new.kernel, dense.kernel, atol=1e-6)
    np.testing.assert_allclose(new.bias, dense.bias, atol=1e-6)


class Net(keras.Model):
    """A functional graph in a Model subclass with a config of its own."""

    def __init__(self, units, **kwargs):
        inputs = keras.Input((8, 8, 3))
        x = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1, 2, 3])(
            inputs
        )
        x = layers.Conv2D(units, 3, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        y = layers.Conv2D(units, 3, padding="same")(keras.ops.relu(x))
        y = layers.BatchNormalization()(y)
        x = layers.add([x, y])
        x = layers.GlobalAveragePooling2D()(layers.Dropout(0.5)(x))
        super().__init__(inputs, layers.Dense(2)(x), **kwargs)
        self.units = units

    def get_config(self):
        return {"units": self.units, "name": self.name}


def test_functional_subclass_with_residual_sum(tmp_path):
    model = randomise(Net(4, name="net"))
    model.compile("sgd", "mse")
    folded = fold_silently(model)
    assert (norms(folded), folded.name) == ([], "net")
    assert_equal(model, folded, (8, 8, 3))
    # The copy has weights of its own, and is saved as any model is.
    model.set_weights([0 * w for w in model.get_weights()])
    x = RNG.normal(size=(2, 8, 8, 3))
    answer = folded(x)
    assert np.any(np.abs(answer) > 1e-3)
    folded.save(tmp_path / "folded.keras")
    again = keras.saving.load_model(tmp_path / "folded.keras")
    np.testing.assert_allclose(again(x), answer, rtol=1e-6)


def test_adapted_normalization_keeps_its_statistics():
    first = layers.Normalization()
    first.adapt(RNG.normal(3, 5, size=(50, 4)))
    model = keras.Sequential(
        [keras.Input((4,)), first, layers.Dense(3), layers.BatchNormalization()]
    )
    assert_equal(model, fold_silently(model), (4,))


def test_nested_models_are_folded():
    inner = keras.Sequential(
        [keras.Input((5,)), layers.Dense(5), layers.BatchNormalization()]
    )
    inputs = keras.Input((5,))
    first = inner(inputs)
    outputs = layers.BatchNormalization()(layers.Dense(3)(first))
    # Called twice, it is still one model.
    model = randomise(keras.Model(inputs, [outputs, inner(first)]))
    folded = fold_silently(model)
    assert norms(folded) == []
    x = RNG.normal(size=(3, 5))
    for new, old in zip(folded(x), model(x), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-4)


class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(3)
        self.norm = layers.BatchNormalization(name="hidden_norm")

    def call(self, inputs, training=None):
        return self.norm(self.dense(inputs), training=training)


def left_graphs():
    def chain(*between, conv=None, norm=None, call=None):
        inputs = keras.Input((6, 6, 3))
        x = (conv or layers.Conv2D(3, 3))(inputs)
        for layer in between:
            x = layer(x)
        norm = norm or layers.BatchNormalization()
        return keras.Model(inputs, norm(x, **(call or {})))

    inputs = keras.Input((6, 6, 3))
    used_twice = layers.Conv2D(3, 3)(inputs)
    normed = layers.BatchNormalization()(used_twice)
    shared_dense = layers.Dense(3)
    shared = layers.BatchNormalization()(shared_dense(inputs))
    return {
        "no plain": chain(layers.ReLU()),
        "has an activation": chain(conv=layers.Conv2D(3, 3, activation="relu")),
        "used elsewhere": keras.Model(inputs, layers.add([used_twice, normed])),
        "more than once": keras.Model(
            inputs, shared + shared_dense(2.0 * inputs)
        ),
        "its axis": chain(norm=layers.BatchNormalization(axis=1)),
        "training=True": chain(call={"training": True}),
        "inside block": keras.Model(inputs, Block(name="block")(inputs)),
        "used elsewhere.": keras.Model(inputs, [used_twice, normed]),
    }


@pytest.mark.parametrize("reason", list(left_graphs()))
def test_what_cannot_be_folded_is_left_and_named(reason):
    model = randomise(left_graphs()[reason])
    (name,) = norms(model)
    with pytest.warns(UserWarning, match=f"{name} .*{reason.rstrip('.')}"):
        folded = fold_batch_norm(model)
    assert norms(folded) == [name]
    x = RNG.normal(size=(3, 6, 6, 3))
    for new, old in zip(
        keras.tree.flatten(folded(x)), keras.tree.flatten(model(x)), strict=True
    ):
        np.testing.assert_allclose(new, old, atol=1e-4)


def test_refuses_a_model_without_graph():
    class Plain(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="`model` .*Received: .*Plain"):
        fold_batch_norm(Plain())
