"""Small tasks on arrays, to test the engine without pictures."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.training import records
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib
from tests.support.splits import ArraySplit


@dataclasses.dataclass(frozen=True)
class ToyConfig(config_lib.FitConfig):
    optimize: str = config_lib.redefault("optimize", "accuracy")
    units: int = config_lib.option(8, "Units of the hidden layer.")


class Toy(task_lib.SupervisedTask):
    """Which side of a line a point is on."""

    name = "toy"
    Config = ToyConfig

    def data(self, facts=None):
        x = np.random.default_rng(0).normal(size=[200, 4]).astype("float32")
        y = (x @ [1, -1, 2, 0.5] > 0).astype("int64")
        bounds = {"train": (0, 120), "dev": (120, 160), "test": (160, 200)}
        return records.Data(
            {n: ArraySplit(x[a:b], y[a:b]) for n, (a, b) in bounds.items()},
            {"name": "line", "train": 120},
        )

    def model(self, facts):
        inputs = keras.Input([4])
        x = keras.layers.Dense(self.config.units, "relu")(inputs)
        x = keras.layers.Dropout(0.2)(x)
        return keras.Model(inputs, keras.layers.Dense(2)(x), name="toy")

    def loss(self, facts):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self, facts, decisions):
        return records.Metrics(
            [keras.metrics.SparseCategoricalAccuracy("accuracy")]
        )

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        return {**scores, "error": 1 - scores["accuracy"]}

    def outcome(self, trained, answers):
        predicted = answers.outputs.argmax(-1)
        rows = [
            {"id": i, "true": int(y), "given": int(p)}
            for i, y, p in zip(
                answers.split.ids, answers.targets, predicted, strict=True
            )
        ]
        wrong = predicted != answers.targets
        return records.Outcome(wrong.astype(float), rows)

    def signatures(self, trained):
        def answer(points):
            logits = trained.model(points, training=False)
            return {"probabilities": tf.nn.softmax(logits)}

        spec = tf.TensorSpec([None, 4], tf.float32, name="points")
        signature = records.Signature(answer, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def predict(self, trained, inputs):
        for path in inputs:
            point = np.loadtxt(path, dtype="float32")[None]
            label = int(np.argmax(trained.model(point)))
            yield {"file": path, "label": label}
