import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.diagnosis.gradient_check import gradient_check

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 5)
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class InVariable(keras.layers.Layer):
    """A custom gradient that reaches its variable through `variables`."""

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", name="w"
        )

    def call(self, inputs):
        @tf.custom_gradient
        def scale(x):
            w = tf.convert_to_tensor(self.w)

            def grad(up, variables):
                return up * w, [tf.reduce_sum(x * up, 0) for _ in variables]

            return w * x, grad

        return scale(inputs)


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(5, activation="sigmoid")
        # Not the symbolic inputs that a functional model has.
        self.inputs = InVariable()
        self.out = keras.layers.Dense(3)

    def call(self, inputs):
        return self.out(self.inputs(self.hidden(inputs)))


def nested():
    inner_in = keras.Input((6,))
    inner = keras.Model(
        inner_in, keras.layers.Dense(5, activation="tanh")(inner_in)
    )
    deep = keras.Sequential(
        [keras.Input((5,)), inner_of(5), keras.layers.Dense(5)]
    )
    inputs = keras.Input((4,))
    x = keras.layers.Dense(6, activation="gelu")(inputs)
    x = deep(inner(x))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.ops.tanh(x)))


def inner_of(size):
    return keras.Sequential(
        [keras.Input((size,)), keras.layers.Dense(size, activation="tanh")]
    )


def picture_model():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Normalization(mean=0.5, variance=2.0),
            keras.layers.Conv2D(3, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
            keras.layers.DepthwiseConv2D(2, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )


def sequence_model():
    return keras.Sequential(
        [
            keras.Input((4, 3)),
            keras.layers.Bidirectional(
                keras.layers.LSTM(3, return_sequences=True)
            ),
            keras.layers.GRU(4),
            keras.layers.Dense(3),
        ]
    )


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (Subclass, (4,)),
        (nested, (4,)),
        (picture_model, (8, 8, 1)),
        (sequence_model, (4, 3)),
    ],
)
def test_right_gradients_are_good(make, shape):
    keras.utils.set_random_seed(1)
    model = make()
    x = RNG.normal(size=(5, *shape)).astype("float32")
    model(x)
    weights, outputs = model.get_weights(), model(x).numpy()
    found = gradient_check(model, CROSSENTROPY, x, LABELS, samples=12)
    assert found.verdict == "good", str(found)
    # The model is as it was: types, weights, averages and answers.
    assert {layer.dtype for layer in model.layers} == {"float32"}
    assert keras.config.floatx() == "float32"
    for before, after in zip(weights, model.get_weights(), strict=True):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(model(x).numpy(), outputs)
    assert model(x).dtype == "float32"


def test_mixed_precision():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation="tanh", dtype="mixed_bfloat16"),
        ]
    )
    assert gradient_check(model, CROSSENTROPY, X, LABELS).verdict == "good"
    assert model(X).dtype == "bfloat16"


def test_custom_gradient_of_a_variable_and_eager_model():
    model = keras.Sequential([keras.Input((4,)), InVariable()])
    model.compile("sgd", "mse", run_eagerly=True)
    found = gradient_check(model, "mse", X, np.zeros((5, 4)))
    assert found.verdict == "good", str(found)
