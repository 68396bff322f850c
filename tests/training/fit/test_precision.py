"""Half precision: losses are scaled where float16 needs it, answers exact."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.tasks import classify
from kerasnotes.training import records
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import config
from kerasnotes.training.serve import export, folding
from tests.support import csv_rows
from tests.support.runs import learn, weights

HALF = ("mixed_float16", "mixed_bfloat16")
# The last bit of a float16 and of a bfloat16, with room for some sums.
CLOSE = {"mixed_float16": 5e-3, "mixed_bfloat16": 4e-2}
x = np.random.default_rng(0).normal(size=[32, 4]).astype("float32")
y = x.sum(axis=1, keepdims=True)


class Line:
    """The squared error of a line, times a factor."""

    def __init__(self, factor=1.0):
        self.factor, self.types = factor, []

    def loss(self, facts):
        def loss(true, given):
            self.types.append(given.dtype)
            return self.factor * keras.losses.mean_squared_error(true, given)

        return loss


def compiled(task, precision, **flags):
    """Return a line's model whose sums are in half precision."""
    given = config.FitConfig(precision=precision, optimizer="sgd", **flags)
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(3), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input([4]), *layers])
    metrics = records.Metrics([keras.metrics.MeanAbsoluteError("error")])
    compiling.compile(model, task.loss({}), metrics, given, 2)
    return model


def change(model, epochs=1):
    """Return what two steps an epoch change of the weights."""
    before = [w.copy() for w in model.get_weights()]
    model.fit(x, y, batch_size=16, epochs=epochs, shuffle=False, verbose=0)
    pairs = zip(model.get_weights(), before, strict=True)
    return np.concatenate([(after - was).ravel() for after, was in pairs])


def test_a_gradient_that_underflows_arrives_scaled():
    flags = {"learning_rate": 1e7}
    want = change(compiled(Line(1e-9), "float32", **flags))
    made = compiled(Line(1e-9), "mixed_float16", **flags)
    got = change(made)
    # Keras' own SGD in the same precision has nothing to go by.
    bare = compiled(Line(1e-9), "mixed_float16", **flags)
    bare.compile(keras.optimizers.SGD(1e7), bare.loss, auto_scale_loss=False)
    lost = change(bare)
    largest = np.abs(want).max()
    assert np.abs(got - want).max() < 5e-3 * largest
    assert np.abs(lost).max() < 0.5 * largest


def test_losses_are_scaled_once_and_in_float16_alone():
    inner = compiled(Line(), "mixed_float16").optimizer.inner_optimizer
    assert type(inner) is keras.optimizers.SGD
    plain = compiled(Line(), "mixed_bfloat16").optimizer
    assert type(plain) is keras.optimizers.SGD


@pytest.mark.parametrize("precision", HALF)
@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"clip_norm": 0.01},
        {"clip_norm": 1.0},
        {"lr_schedule": "cosine", "warmup_epochs": 0.5},
        {"weight_average": 0.9},
    ],
)
def test_a_model_learns_as_in_float32(precision, flags):
    flags = {"learning_rate": 1.0, "epochs": 2, **flags}
    exact, half = (
        compiled(Line(0.01), kind, **flags) for kind in ("float32", precision)
    )
    want, got = change(exact, 2), change(half, 2)
    largest = np.abs(want).max()
    assert np.abs(got - want).max() < CLOSE[precision] * largest
    rates = [
        float(np.asarray(m.optimizer.learning_rate)) for m in (exact, half)
    ]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


@pytest.mark.parametrize("precision", HALF)
def test_losses_and_metrics_are_float32(precision):
    task = Line()
    model = compiled(task, precision)
    change(model)
    assert {kind.name for kind in task.types} == {"float32"}
    assert all(v.dtype == "float32" for v in model.metrics_variables)
    assert all(w.dtype == "float32" for w in model.get_weights())


@pytest.fixture
def overflowing(toy):
    """The toy task, its first gradients too large for float16 if scaled."""

    class Overflowing(toy):
        def data(self, facts=None):
            data = super().data(facts)
            for split in data.splits.values():
                split.x *= 1000
            return data

    return Overflowing


def run(task, folder, **given):
    given |= {"precision": "mixed_float16", "lr_schedule": "cosine"}
    learn(task, folder, epochs=2, **given)
    return weights(folder), csv_rows.read(folder / "history.csv")


def test_steps_that_overflow_are_left_out(overflowing, tmp_path, after_call):
    values, rows = run(overflowing, tmp_path / "whole")
    named = {name.split("/")[-1]: value for name, value in values.items()}
    halved = np.log2(2**15 / named["dynamic_scale"])
    assert halved >= 1 and halved == int(halved)
    # Two epochs of seven steps, of which some changed nothing.
    steps = max(int(v) for n, v in values.items() if n.endswith("iteration"))
    assert steps == 14 - halved
    # The rate is that of the steps that counted.
    rate = keras.optimizers.schedules.CosineDecay(1e-3, 14)(steps - 1)
    assert float(rows[-1]["learning_rate"]) == pytest.approx(float(rate))
    for step in (2, 9):
        cut = tmp_path / str(step)
        with after_call(step, "asked"):
            run(overflowing, cut)
        again, _ = run(overflowing, cut)
        assert list(again) == list(values)
        for name, value in values.items():
            np.testing.assert_array_equal(value, again[name], err_msg=name)


def served(precision, weights=None):
    """Return a task of that precision and its untrained network, twice."""
    given = classify.Config(precision=precision, batch_norm=True)
    keras.config.set_dtype_policy(precision)
    task = classify.Classify(given)
    keras.utils.set_random_seed(0)
    model = models.build(
        "lenet5", (32, 32, 1), 10, mean=[80.0], std=[70.0], batch_norm=True
    )
    if weights:
        model.set_weights(weights)
    names = [str(digit) for digit in range(10)]
    facts = {"classes": names, "input_shape": [32, 32, 1]}
    return task, records.Trained(model, facts)


@pytest.mark.parametrize("precision", HALF)
def test_what_is_served_is_float32_and_near(precision, tmp_path):
    pictures = np.random.default_rng(1).uniform(0, 255, (8, 32, 32, 1))
    pictures = pictures.astype("float32")
    task, exact = served("float32")
    # Averages other than those that fold into nothing.
    for weight in exact.model.weights:
        if "moving" in weight.path:
            weight.assign(weight + 0.5)
    want = task.signatures(exact)[export.TENSORS].function(pictures)
    task, half = served(precision, exact.model.get_weights())
    folded = dataclasses.replace(
        half, model=folding.fold_batch_norm(half.model)
    )
    assert folded.model.count_params() < half.model.count_params()
    norms = [
        layer.output
        for layer in half.model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {str(n.dtype) for n in norms} == {precision.removeprefix("mixed_")}
    for trained in (half, folded):
        signatures = task.signatures(trained)
        path = tmp_path / trained.model.name
        loaded = export.write_saved_model(signatures, path)
        got = loaded.signatures[export.TENSORS](pixels=tf.constant(pictures))
        chances = got["probabilities"]
        assert chances.dtype == tf.float32
        np.testing.assert_allclose(
            chances, want["probabilities"], atol=CLOSE[precision]
        )
        np.testing.assert_allclose(np.sum(chances, -1), 1, atol=1e-6)
