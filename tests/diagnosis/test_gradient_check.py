import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.diagnosis.gradient_check import gradient_check

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 5)
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Scale(keras.layers.Layer):
    """`w² x`, whose written gradient in `w` is `factor` times the true."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", name="w"
        )

    def call(self, inputs):
        @tf.custom_gradient
        def scale(x, w):
            def grad(up):
                true = tf.reduce_sum(2 * w * x * up, 0)
                return up * w**2, self.factor * true

            return w**2 * x, grad

        return scale(inputs, self.w.value)


def planted(factor):
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, activation="tanh", name="first"),
            Scale(factor, name="planted"),
            keras.layers.Dense(3, name="last"),
        ]
    )


class Subclass(keras.Model):
    def __init__(self, rate=0.0):
        super().__init__()
        self.hidden = keras.layers.Dense(5, activation="sigmoid")
        self.drop = keras.layers.Dropout(rate, name="the_dropout")
        self.out = keras.layers.Dense(3)

    def call(self, inputs):
        return self.out(self.drop(self.hidden(inputs)))


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1 + 1e-6, "acceptable"), (1 + 1e-4, "look"), (1.1, "wrong")],
)
def test_planted_gradient_is_caught_and_named(factor, verdict):
    keras.utils.set_random_seed(2)
    model = planted(factor)
    found = gradient_check(model, CROSSENTROPY, X, LABELS, samples=None)
    by_path = {v.path: v for v in found.variables}
    (path,) = [p for p in by_path if p.endswith("planted/w")]
    assert by_path[path].verdict == verdict
    np.testing.assert_allclose(
        by_path[path].ratio, (factor - 1) / (factor + 1), rtol=1e-2
    )
    assert found.offending == ([] if verdict == "acceptable" else [path])
    assert {v.verdict for p, v in by_path.items() if p != path} == {"good"}
    assert path in str(found).splitlines()[1]


def test_again_after_training():
    keras.utils.set_random_seed(3)
    for factor, verdict in ((1.0, "good"), (1.1, "wrong")):
        model = planted(factor)
        model.compile("sgd", CROSSENTROPY)
        model.fit(X, LABELS, epochs=5, verbose=0)
        found = gradient_check(model, CROSSENTROPY, X, LABELS)
        assert found.verdict == verdict
        model.fit(X, LABELS, epochs=1, verbose=0)


def test_gradient_and_estimate_are_those_of_the_equation():
    # J = mean (wx + b - y)² + w²/8
    layer = keras.layers.Dense(
        1, kernel_regularizer=keras.regularizers.L2(0.125)
    )
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.set_weights([np.array([[2.0]]), np.array([0.5])])
    x, y = np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]])
    error = 2 * x + 0.5 - y
    kernel, bias = gradient_check(model, "mse", x, y).variables
    expected = np.mean(2 * error * x) + 0.25 * 2
    np.testing.assert_allclose(kernel.gradient, expected, rtol=1e-12)
    np.testing.assert_allclose(kernel.estimate, expected, rtol=1e-8)
    np.testing.assert_allclose(bias.gradient, np.mean(2 * error), rtol=1e-12)


def test_counts_activity_penalty():
    x = X[:, :1]
    plain, penal = (
        keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.Dense(
                    1, use_bias=False, activity_regularizer=penalty
                ),
            ]
        )
        for penalty in (None, keras.regularizers.L2(0.25))
    )
    penal.set_weights(plain.get_weights())
    (without,) = gradient_check(plain, "mse", x, 0 * x).variables
    (beside,) = gradient_check(penal, "mse", x, 0 * x).variables
    assert beside.verdict == "good"
    # Keras divides the penalty by the batch: it is a quarter of the mse.
    np.testing.assert_allclose(beside.gradient, 1.25 * without.gradient)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Dropout(0.5, name="noisy"),
        keras.layers.GaussianNoise(0.1, name="noisy"),
        keras.layers.AlphaDropout(0.1, name="noisy"),
        keras.layers.Lambda(
            lambda x: x + tf.random.normal(tf.shape(x), dtype=x.dtype)
        ),
    ],
)
def test_refuses_randomness(layer):
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(3)])
    seeds = [v.numpy() for v in model.variables]
    name = layer.name if layer.name == "noisy" else "SeedGenerator"
    with pytest.raises(ValueError, match=f"dropout.*Received: .*{name}"):
        gradient_check(model, CROSSENTROPY, X, LABELS)
    for before, after in zip(seeds, model.variables, strict=True):
        np.testing.assert_array_equal(before, after.numpy())


def test_refuses_dropout_of_recurrent_and_inner_layers():
    recurrent = keras.Sequential(
        [keras.Input((4, 3)), keras.layers.LSTM(3, dropout=0.5, name="cell")]
    )
    with pytest.raises(ValueError, match="cell"):
        gradient_check(recurrent, "mse", np.ones((2, 4, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="the_dropout"):
        gradient_check(Subclass(0.5), CROSSENTROPY, X, LABELS)


def test_dropout_that_is_off_is_no_reason_to_refuse():
    model = Subclass(0.0)
    assert gradient_check(model, CROSSENTROPY, X, LABELS).verdict == "good"
    found = gradient_check(
        keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(3),
                keras.layers.Dropout(0.5),
            ]
        ),
        CROSSENTROPY,
        X,
        LABELS,
        training=False,
    )
    assert found.verdict == "good"
    assert "inference mode" in str(found)


def test_zero_gradient_on_both_sides_is_good():
    # A bias before batch norm in training mode moves nothing.
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="hidden"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(3),
        ]
    )
    found = gradient_check(model, CROSSENTROPY, X, LABELS, samples=None)
    (bias,) = [v for v in found.variables if v.path.endswith("hidden/bias")]
    assert abs(bias.gradient) < 1e-12
    assert bias.ratio == 0
    assert found.verdict == "good"


def test_kinks_raise_no_alarm():
    # Black pictures and zero biases put every ReLU exactly at its kink.
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    x = np.zeros((5, 6, 6, 1))
    x[0, 2, 2] = 1
    found = gradient_check(model, CROSSENTROPY, x, LABELS, samples=None)
    assert found.offending == [], str(found)


def test_samples_are_distinct_and_seeded():
    model = planted(1.0)
    runs = [
        gradient_check(model, CROSSENTROPY, X, LABELS, samples=3, seed=seed)
        for seed in (0, 0, 1)
    ]
    assert {v.entries for v in runs[0].variables} == {3}
    assert runs[0] == runs[1] != runs[2]


def test_gradient_that_is_no_number_is_wrong():
    model = planted(float("nan"))
    found = gradient_check(model, CROSSENTROPY, X, LABELS, samples=None)
    (path,) = [p for p in found.offending if p.endswith("planted/w")]
    assert found.verdict == "wrong"
    assert path in str(found).splitlines()[1]


def test_refuses_a_model_with_nothing_to_train():
    model = planted(1.0)
    model.trainable = False
    with pytest.raises(ValueError, match="trainable.*Received"):
        gradient_check(model, CROSSENTROPY, X, LABELS)


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="KERAS_BACKEND.*Received: .*jax"):
        gradient_check(model, "mse", np.eye(3), np.ones((3, 2)))
