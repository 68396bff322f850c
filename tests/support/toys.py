"""Small tasks on arrays, to test the engine without pictures."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib
from tests.support.splits import ArraySplit


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
