"""A small task on arrays, to test the engine without pictures."""

import contextlib
import dataclasses
import itertools
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, splits
from kerasnotes.data.common import batches as batches_lib
from kerasnotes.training import task as task_lib
from kerasnotes.training.fit import callbacks
from kerasnotes.training.run import config as config_lib


class ArraySplit:
    """Examples in memory; each epoch's order is a function of the epoch."""

    def __init__(self, x, y):
        self.x, self.y, self.size = x, y, len(x)
        # What an example is tells which it is, in whatever part.
        self.ids = [f"{row[0]:.6f}" for row in x]

    def take(self, size):
        order = splits.nested(self.ids, self.y)[:size]
        return ArraySplit(self.x[order], self.y[order])

    def steps(self, batch_size):
        return self.size // batch_size

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        parts = []
        for epoch in range(first_epoch, epochs):
            order = np.random.default_rng([seed, epoch]).permutation(self.size)
            order = order[: self.steps(batch_size) * batch_size]
            if epoch == first_epoch:
                order = order[first_step * batch_size :]
            parts.append(order)
        order = np.concatenate(parts)
        return batches_lib.part(self._batches(order, batch_size), share)

    def evaluation_batches(self, batch_size):
        return self._batches(np.arange(self.size), batch_size)

    def _batches(self, order, batch_size):
        arrays = self.x[order], self.y[order], np.ones(len(order), "float32")
        return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size)


@dataclasses.dataclass(frozen=True)
class ToyConfig(config_lib.Config):
    units: int = config_lib.option(8, "Units of the hidden layer.")


class Toy(task_lib.Task):
    """Which side of a line a point is on."""

    name = "toy"
    Config = ToyConfig

    def splits(self):
        x = np.random.default_rng(0).normal(size=[200, 4]).astype("float32")
        y = (x @ [1, -1, 2, 0.5] > 0).astype("int64")
        self.facts = {"name": "line", "train": 120}
        bounds = {"train": (0, 120), "dev": (120, 160), "test": (160, 200)}
        return {n: ArraySplit(x[a:b], y[a:b]) for n, (a, b) in bounds.items()}

    def model(self):
        inputs = keras.Input([4])
        x = keras.layers.Dense(self.config.units, "relu")(inputs)
        x = keras.layers.Dropout(0.2)(x)
        return keras.Model(inputs, keras.layers.Dense(2)(x), name="toy")

    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self):
        return [keras.metrics.SparseCategoricalAccuracy("accuracy")]

    def evaluate(self, model, split):
        found = super().evaluate(model, split)
        error = 1 - found["accuracy"]
        return {"size": split.size, "error": error, **found}

    def judge(self, model, split):
        given = model.predict(split.x, verbose=0).argmax(-1)
        rows = [
            {"id": i, "true": int(y), "given": int(g)}
            for i, y, g in zip(split.ids, split.y, given, strict=True)
        ]
        return task_lib.Judgement((given != split.y).astype(float), rows)

    def signatures(self, model):
        def answer(points):
            logits = model(points, training=False)
            return {"probabilities": tf.nn.softmax(logits)}

        spec = tf.TensorSpec([None, 4], tf.float32, name="points")
        signature = task_lib.Signature(answer, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def review(self, model, splits, folder):
        return []

    def predict(self, model, paths):
        for path in paths:
            point = np.loadtxt(path, dtype="float32")[None]
            yield {"file": path, "label": int(np.argmax(model(point)))}


@pytest.fixture
def toy():
    return Toy


class Killed(Exception):
    pass


def kill():
    raise Killed


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def after_call(monkeypatch):
    """Returns a context manager in which runs are cut.

    Its arguments: after how many calls of training steps, and how: `killed`,
    or `asked` to stop. A run that isn't cut fails the test.
    """

    @contextlib.contextmanager
    def cut(number, how):
        act, raised = {
            "killed": (kill, Killed),
            "asked": (terminate, errors.Preempted),
        }[how]
        calls, original = itertools.count(1), callbacks.Guard.on_train_batch_end

        def on_train_batch_end(self, batch, logs=None):
            original(self, batch, logs)
            if next(calls) == number:
                act()

        with monkeypatch.context() as patch, pytest.raises(raised):
            patch.setattr(
                callbacks.Guard, "on_train_batch_end", on_train_batch_end
            )
            yield

    return cut
