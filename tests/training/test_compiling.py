"""Optimisers from flags; one step on two replicas is one step on one."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, optimizers
from kerasnotes.training import compiling, config, distribution

REPLICAS = """
import json, sys
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
from kerasnotes.optimizers import regularizers
from kerasnotes.training import compiling, config, nudging

keras.config.set_floatx("float64")
x = np.random.default_rng(0).normal(size=[80, 4])
x[::2] *= 3  # The replicas' halves of a batch are unlike.
y = (x.sum(axis=1) > 0).astype("int64")

class Task:
    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    def metrics(self):
        return [keras.metrics.SparseCategoricalAccuracy("accuracy")]
    def weighted_metrics(self):
        return []

def train(strategy, nudge=None, **flags):
    given = config.Config(strategy=strategy, **flags)
    keras.utils.set_random_seed(0)
    with distribution.strategy(strategy).scope():
        inputs = keras.Input([4])
        penalty = regularizers.l1_l2(given.l1, given.l2, 80)
        z = keras.layers.Dense(5, kernel_regularizer=penalty)(inputs)
        z = keras.layers.BatchNormalization(synchronized=True)(z)
        model = keras.Model(inputs, keras.layers.Dense(2)(z))
        compiling.compile(model, Task(), given, 5)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    losses = model.fit(data, verbose=0).history["loss"]
    if nudge:
        nudges = [{"key": k, "value": v} for k, v in nudge.items()]
        nudging.Nudger(None, model, given).apply(nudges)
        losses += model.fit(data, verbose=0).history["loss"]
    return losses + [w.ravel().tolist() for w in model.get_weights()]

for flags in json.loads(sys.argv[1]):
    flags = {"l2": 2.0, **flags}
    one, two = train("one_device", **flags), train("mirrored", **flags)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    if flags.pop("nudge", None):
        assert two[1] != train("mirrored", nudge={"l2": 2.0}, **flags)[1]
"""


def test_two_replicas_equal_one_device():
    flags = [
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"optimizer": "sgd", "learning_rate": 1.0, "clip_norm": 0.05},
        {"optimizer": "notes_adam", "weight_average": 0.9},
        {"lr_schedule": "exponential", "warmup_epochs": 0.5},
        {"optimizer": "sgd", "nudge": {"learning_rate": 0.5}},
        {"lr_schedule": "cosine", "nudge": {"learning_rate": 0.1, "l2": 9.0}},
    ]
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS, json.dumps(flags)],
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr


def test_clipping_bounds_the_step():
    given = config.Config(optimizer="sgd", learning_rate=1.0, clip_norm=0.5)
    clipped = compiling.optimizer(given, 10)
    variables = [keras.Variable([3.0, 0.0]), keras.Variable([4.0])]
    clipped.apply(
        [keras.ops.array([3.0, 0.0]), keras.ops.array([4.0])], variables
    )
    np.testing.assert_allclose(variables[0], [2.7, 0.0], rtol=1e-6)
    np.testing.assert_allclose(variables[1], [3.6], rtol=1e-6)


@pytest.mark.parametrize(
    "flags",
    [{"clip_norm": 0.0}, {"weight_average": 1.0}, {"optimizer": "sgd:beta=1"}],
)
def test_values_that_cannot_be_are_refused(flags):
    with pytest.raises(errors.UserError):
        compiling.optimizer(config.Config(**flags), 10)


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
        compiling.check_optimizer(config.Config(optimizer=spec))


@pytest.mark.parametrize("name", optimizers.names())
def test_every_optimizer_passes_as_it_is(name):
    compiling.check_optimizer(config.Config(optimizer=name))


@pytest.mark.parametrize("asked, steps", [(3, 8), (20, 8), (2, 7)])
def test_calls_end_with_the_epoch(asked, steps):
    class Task:
        def loss(self):
            return "mse"

        def metrics(self):
            return []

        weighted_metrics = metrics

    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    given = config.Config(steps_per_execution=asked)
    compiling.compile(model, Task(), given, steps)
    rows = tf.data.Dataset.from_tensors((np.ones([2, 1]), np.ones([2, 1])))
    rows = rows.repeat(2 * steps + 9)
    model.fit(rows, steps_per_epoch=steps, epochs=2, shuffle=False)
    assert int(model.optimizer.iterations) == 2 * steps
