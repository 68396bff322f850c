import csv
import io
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kerasnotes.training.fit.monitors import CostMonitor, NormMonitor

RNG = np.random.default_rng(0)


def fit(model, x, y, monitor, **kwargs):
    model.fit(x, y, verbose=0, callbacks=[monitor], **kwargs)
    return monitor


def watched(model, x, y, **kwargs):
    """Run one epoch whose steps change nothing, so norms are at hand."""
    if not model.compiled:
        model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False)
    return fit(model, x, y, NormMonitor(x, y), batch_size=len(x), **kwargs)


def linear_stack(factor, depth=50):
    return keras.Sequential(
        [keras.Input((3,))]
        + [
            layers.Dense(
                3,
                kernel_initializer=keras.initializers.Identity(factor),
                name=f"layer_{i:02d}",
            )
            for i in range(depth)
        ]
    )


@pytest.mark.parametrize(
    ("factor", "kind"), [(0.5, "vanishing"), (1.5, "exploding")]
)
def test_linear_stack_is_named(factor, kind):
    x = RNG.normal(size=(4, 3)).astype("float32")
    with pytest.warns(UserWarning, match=f"{kind} gradient.*'.*layer_00'"):
        monitor = watched(linear_stack(factor), x, x + 1)
    assert len(monitor.findings) == 1
    # a_l = f^l x; ∂J/∂a_l = f^(50-l) ∂J/∂a_50, with J the mean over 12.
    depth = np.arange(1, 51)
    error = 2 / 12 * np.linalg.norm(factor**50 * x - (x + 1))
    np.testing.assert_allclose(
        [row["signal"] for row in monitor.history],
        factor ** (50.0 - depth) * error,
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        [row["activation"] for row in monitor.history],
        factor**depth * np.sqrt(np.mean(x**2)),
        rtol=1e-4,
    )


def test_gradient_is_that_of_the_equation_with_penalty():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5)),
        ]
    )
    x, y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))
    (row,) = watched(model, x, y).history
    w, b = model.get_weights()
    error = 2 / 8 * (x @ w + b - y)
    parts = np.concatenate([(x.T @ error + w).ravel(), error.sum(0)])
    np.testing.assert_allclose(row["gradient"], np.linalg.norm(parts), 1e-5)
    np.testing.assert_allclose(row["signal"], np.linalg.norm(error), 1e-5)


def healthy_mlp():
    hidden = [
        layers.Dense(64, activation="relu", kernel_initializer="he_normal")
        for _ in range(20)
    ]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(1)])


def convolution():
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(8, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def recurrent():
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GRU(4, dropout=0.3),
            layers.Dense(1),
        ]
    )


@pytest.mark.parametrize("make", [healthy_mlp, convolution, recurrent])
def test_healthy_networks_raise_no_warning(make):
    keras.utils.set_random_seed(0)
    x, y = RNG.normal(size=(32, 64)), RNG.normal(size=(32, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monitor = watched(make(), x, y)
    assert monitor.findings == []


def test_deep_sigmoids_vanish():
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(20, activation="sigmoid") for _ in range(12)]
    model = keras.Sequential([keras.Input((5,)), *hidden, layers.Dense(1)])
    x, y = RNG.normal(size=(16, 5)), RNG.normal(size=(16, 1))
    with pytest.warns(UserWarning, match="vanishing"):
        watched(model, x, y, epochs=3)


def test_overflow_is_named():
    model = linear_stack(1e6, 9)
    x = np.ones((2, 3), "float32")
    with pytest.warns(UserWarning, match="exploding"):
        watched(model, x, x)


def test_every_layer_is_named_and_rows_are_csv(tmp_path):
    model = recurrent()
    x, y = RNG.normal(size=(8, 64)), RNG.normal(size=(8, 1))
    model.compile("sgd", "mse", jit_compile=False)
    monitor = fit(model, x, y, NormMonitor(x, y, tmp_path), epochs=2)
    expected = ["forward_lstm", "backward_lstm", "gru", "dense"]
    for row, name in zip(monitor.history, 2 * expected, strict=True):
        assert row["layer"].split("/")[-1].startswith(name)
    assert [row["epoch"] for row in monitor.history] == [1] * 4 + [2] * 4
    writer = csv.DictWriter(io.StringIO(), monitor.history[0])
    writer.writerows(monitor.history)
    (events,) = tmp_path.glob("events*")
    found = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            found[value.tag, event.step] = tf.make_ndarray(value.tensor)
    assert len(found) == 3 * len(monitor.history)
    last = monitor.history[-1]
    tag = f"norms/signal/{last['layer']}"
    np.testing.assert_allclose(found[tag, 2], last["signal"], rtol=1e-6)


def test_watching_changes_no_run():
    x, y = RNG.normal(size=(32, 64)), RNG.normal(size=(32, 1))
    weights = []
    for watch in (False, True):
        keras.utils.set_random_seed(7)
        model = convolution()
        model.compile("adam", "mse", metrics=["mae"], jit_compile=False)
        monitors = [NormMonitor(x, y), CostMonitor(x, y)] if watch else []
        log = model.fit(
            x, y, batch_size=8, epochs=2, verbose=0, callbacks=monitors
        )
        weights.append([*model.get_weights(), log.history["mae"]])
    for plain, seen in zip(*weights, strict=True):
        np.testing.assert_array_equal(plain, seen)


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4, activation="relu")
        self.out = layers.Dense(1)

    def call(self, inputs):
        return self.out(self.hidden(inputs))


def test_subclass_and_mixed_float16():
    x, y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))
    plain = watched(Subclass(), x, y).history
    assert [row["layer"].split("/")[-1][:5] for row in plain] == ["dense"] * 2
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = Subclass()
        model.compile(
            keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.0)),
            "mse",
            jit_compile=False,
        )
        (_, last) = watched(model, x, y).history
    finally:
        keras.config.set_dtype_policy("float32")
    error = 2 / 8 * (model(x).numpy().astype("float64") - y)
    np.testing.assert_allclose(last["signal"], np.linalg.norm(error), 1e-2)


def test_cost_is_that_of_the_equation():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dropout(0.5),
            layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5)),
        ]
    )
    x, y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))
    model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=False)
    w, b = model.get_weights()
    before = np.mean((x @ w + b - y) ** 2) + 0.5 * np.sum(w**2)
    monitor = fit(model, x, y, CostMonitor(x, y))
    w, b = model.get_weights()
    after = np.mean((x @ w + b - y) ** 2) + 0.5 * np.sum(w**2)
    np.testing.assert_allclose(monitor.costs, [before, after], rtol=1e-5)


def test_weights_count_as_in_training():
    x, y = RNG.normal(size=(8, 1)), RNG.normal(size=(8, 1))
    weights = RNG.random(8)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    monitor = fit(model, x, y, CostMonitor(x, y, weights))
    w, b = model.get_weights()
    squares = ((x @ w + b - y) ** 2)[:, 0]
    assert monitor.costs[0] == pytest.approx(np.mean(weights * squares))
    norms = [NormMonitor(x, y, w=k * weights) for k in (1, 2)]
    one, two = (fit(model, x, y, n).history[0]["gradient"] for n in norms)
    assert two == pytest.approx(2 * one)


def test_cost_falls_at_a_small_rate_and_rises_at_a_large_one():
    # J = w²: w ← (1 - 2α) w, so the cost falls for α < 1 alone.
    x, y = np.ones((8, 1)), np.zeros((8, 1))
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, use_bias=False)]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    monitor = fit(model, x, y, CostMonitor(x, y), epochs=5)
    assert monitor.first_rise is None
    assert np.all(np.diff(monitor.costs) < 0)
    model.optimizer.learning_rate = 1.5
    with pytest.warns(UserWarning, match="rose at step 6, from"):
        fit(model, x, y, monitor, epochs=3)
    assert monitor.first_rise == 6


def test_cost_that_is_no_number_counts_as_a_rise():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    x, y = np.ones((8, 1)), np.zeros((8, 1))
    model.compile(keras.optimizers.SGD(float("nan")), "mse", jit_compile=False)
    with pytest.warns(UserWarning, match="step 1"):
        assert fit(model, x, y, CostMonitor(x, y)).first_rise == 1
