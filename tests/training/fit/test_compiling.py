"""Optimisers from flags."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, optimizers
from kerasnotes.training import records
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import config


def test_clipping_bounds_the_step():
    given = config.FitConfig(optimizer="sgd", learning_rate=1.0, clip_norm=0.5)
    clipped = compiling.optimizer(given, 10)
    variables = [keras.Variable([3.0, 0.0]), keras.Variable([4.0])]
    clipped.apply(
        [keras.ops.array([3.0, 0.0]), keras.ops.array([4.0])], variables
    )
    np.testing.assert_allclose(variables[0], [2.7, 0.0], rtol=1e-6)
    np.testing.assert_allclose(variables[1], [3.6], rtol=1e-6)


def test_clipping_by_value_bounds_each_component():
    given = config.FitConfig(
        optimizer="sgd", learning_rate=1.0, clip_norm=0.0, clip_value=0.5
    )
    variable = keras.Variable([3.0, 0.0, -1.0])
    gradient = [keras.ops.array([3.0, -0.25, -0.75])]
    compiling.optimizer(given, 10).apply(gradient, [variable])
    np.testing.assert_allclose(variable, [2.5, 0.25, -0.5], rtol=1e-6)


@pytest.mark.parametrize(
    "flags, moved",
    [
        ({"clip_value": 0.5}, [[0.5, 0.25], [0.0, 0.0]]),
        # The norm of (1.2, 1.6).
        ({"clip_norm": 1.0}, [[0.6, 0.8], [0.0, 0.0]]),
    ],
)
def test_rows_of_an_embedding_are_summed_before_they_are_clipped(flags, moved):
    share = {"clip_value": [0.3, 0.125], "clip_norm": [0.6, 0.8]}
    (name,) = flags
    rows = tf.IndexedSlices(tf.constant([share[name]] * 2), [0, 0], [2, 2])
    variable = keras.Variable(np.zeros([2, 2]))
    given = config.FitConfig(optimizer="sgd", learning_rate=1.0, **flags)
    compiling.optimizer(given, 10).apply([rows], [variable])
    np.testing.assert_allclose(variable, np.negative(moved), rtol=1e-6)


@pytest.mark.parametrize(
    "flags, told",
    [
        ({"clip_norm": -1.0}, "--clip_norm: must be from 0"),
        ({"clip_value": -1.0}, "--clip_value: must be from 0"),
        ({"clip_norm": 1.0, "clip_value": 2.0}, "--clip_norm=1, --clip_value"),
    ],
)
def test_clipping_that_cannot_be_is_refused(flags, told):
    with pytest.raises(errors.UserError, match=told):
        config.FitConfig(**flags).check()


def test_no_clipping_is_stock():
    given = config.FitConfig(optimizer="sgd", clip_norm=0.0)
    assert type(compiling.optimizer(given, 10)) is keras.optimizers.SGD


@pytest.mark.parametrize(
    "flags",
    [{"weight_average": 1.0}, {"optimizer": "sgd:beta=1"}],
)
def test_values_that_cannot_be_are_refused(flags):
    with pytest.raises(errors.UserError):
        compiling.optimizer(config.FitConfig(**flags), 10)


@pytest.mark.parametrize(
    "spec",
    [
        "adam:beta_1=2",
        "sgd:momentum=1.0",
        "rmsprop:rho=-0.1",
        "lion:beta_2=nan",
    ],
)
def test_averages_that_cannot_be_are_refused(spec):
    with pytest.raises(errors.UserError, match=r"must be in \[0, 1\)"):
        compiling.check_optimizer(config.FitConfig(optimizer=spec))


@pytest.mark.parametrize("name", optimizers.names())
def test_every_optimizer_passes_as_it_is(name):
    compiling.check_optimizer(config.FitConfig(optimizer=name))


@pytest.mark.parametrize("asked, steps", [(3, 8), (20, 8), (2, 7)])
def test_calls_end_with_the_epoch(asked, steps):
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    given = config.FitConfig(steps_per_execution=asked)
    compiling.compile(model, "mse", records.Metrics([]), given, steps)
    rows = tf.data.Dataset.from_tensors((np.ones([2, 1]), np.ones([2, 1])))
    rows = rows.repeat(2 * steps + 9)
    model.fit(rows, steps_per_epoch=steps, epochs=2, shuffle=False)
    assert int(model.optimizer.iterations) == 2 * steps


def test_a_warm_up_ends_before_its_schedule(capsys):
    flags = config.FitConfig(
        epochs=1, warmup_epochs=1.0, lr_schedule="cosine", learning_rate=0.1
    )
    optimizer = compiling.optimizer(flags, 10)
    assert capsys.readouterr().out == (
        "--warmup_epochs=1: is 0.5 here, half of --epochs=1\n"
    )
    variable = keras.Variable([0.0])
    optimizer.build([variable])
    rates = []
    for _ in range(10):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.array([1.0])], [variable])
    # Up to half of the way, then down.
    assert np.argmax(rates) in (4, 5) and max(rates) > 0.04
    flags = config.FitConfig(epochs=1, warmup_epochs=1.0)
    assert float(compiling.optimizer(flags, 10).learning_rate) == (
        pytest.approx(1e-4)
    )
    assert not capsys.readouterr().out
