"""Tasks unlike classification, each small, that run the whole line."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.data.common import batches, orders
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures.augmentation import named
from kerasnotes.data.pictures.examples import Examples
from kerasnotes.plots import page
from kerasnotes.training import records
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib

VECTORS, WORDS = 4, 12


@dataclasses.dataclass(frozen=True)
class StepsConfig(config_lib.RunConfig):
    """Flags of what learns by steps of its own."""

    steps: int = config_lib.setting(20, "Steps in all.", grows=True)


class _BySteps(task_lib.Task):
    """Learning without `fit`, a dev set or an error."""

    Config = StepsConfig

    def learn(self, run, data):
        keras.utils.set_random_seed(run.config.seed)
        model = self.model()
        optimizer = keras.optimizers.Adam(0.05)
        optimizer.build(model.trainable_variables)
        state = [*model.variables, *optimizer.variables]
        for step in run.steps(data.facts, state, run.config.steps):
            with tf.GradientTape() as tape:
                cost = self.cost(model, step.number)
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(cost, variables), variables)
            step.record(cost=cost)
        return self.Trained(model, data.facts, state=run.history())

    def report(self, run, trained, data):
        costs = [row["cost"] for row in trained.state["history"]]
        return records.Report(
            f"{self.name} by {run.config.steps} steps",
            "Learned without examples to judge it.",
            {"first_cost": costs[0], "cost": costs[-1]},
            [page.Facts([("cost", f"{costs[-1]:.4f}")])],
            f"the cost fell from {costs[0]:.4f} to {costs[-1]:.4f}",
        )


class Pixels(_BySteps):
    """A picture whose pixels are the parameters; there is no data set."""

    name = "pixels"

    def data(self, facts=None):
        example = {"brightness": np.ones([1, 1], "float32")}
        return records.Data({}, {"name": "a ramp"}, example)

    def model(self):
        pixels = keras.layers.Dense(16, use_bias=False, name="pixels")
        return keras.Sequential([keras.Input([1]), pixels], name="picture")

    def cost(self, model, number):
        wanted = tf.linspace(0.0, 1.0, 16)
        return tf.reduce_sum((model(tf.ones([1, 1])) - wanted) ** 2)

    def signatures(self, trained):
        def paint(brightness):
            return {"picture": trained.model(brightness, training=False)}

        spec = tf.TensorSpec([None, 1], tf.float32, name="brightness")
        signature = records.Signature(paint, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def predict(self, trained, inputs):
        for text in inputs:
            picture = trained.model(np.array([[float(text)]], "float32"))
            yield {"brightness": text, "mean": float(np.mean(picture))}


class Vectors(_BySteps):
    """Vectors of words from a stream of pairs: no dev set, no error."""

    name = "vectors"

    def data(self, facts=None):
        example = {"words": np.arange(3, dtype="int32")}
        return records.Data({}, {"name": "pairs", "words": WORDS}, example)

    def model(self):
        layer = keras.layers.Embedding(WORDS, VECTORS, name="vectors")
        inputs = keras.Input([], dtype="int32")
        return keras.Model(inputs, layer(inputs), name="vectors")

    def pairs(self, number):
        """Return the pairs of a step, which depend on its number alone."""
        seed = [self.config.seed, number]
        words = tf.random.stateless_uniform([8], seed, 0, WORDS, tf.int32)
        return words, (words + 1) % WORDS

    def cost(self, model, number):
        words, near = self.pairs(number)
        scores = tf.matmul(
            model(words), model(tf.range(WORDS)), transpose_b=True
        )
        losses = keras.losses.sparse_categorical_crossentropy(
            near, scores, from_logits=True
        )
        return tf.reduce_mean(losses)

    def signatures(self, trained):
        def vectors(words):
            return {"vectors": trained.model(words, training=False)}

        spec = tf.TensorSpec([None], tf.int32, name="words")
        signature = records.Signature(vectors, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def predict(self, trained, inputs):
        for text in inputs:
            vector = trained.model(np.array([int(text)]))
            yield {"word": text, "norm": float(np.linalg.norm(vector))}


@dataclasses.dataclass(frozen=True)
class FitConfig(config_lib.FitConfig):
    """Flags of the supervised toys."""

    batch_size: int = config_lib.redefault("batch_size", 8)
    epochs: int = config_lib.redefault("epochs", 3)


class _Supervised(task_lib.SupervisedTask):
    """What the supervised toys share; an output is one number or more."""

    Config = FitConfig

    def loss(self, facts):
        return keras.losses.MeanSquaredError()

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        wrong = self.outcome(trained, answers).errors
        return {**scores, "error": float(np.mean(wrong))}

    def outcome(self, trained, answers):
        flat = [
            np.reshape(a, [len(a), -1])
            for a in (answers.targets, answers.outputs)
        ]
        wrong = np.abs(flat[0] - flat[1]).mean(axis=1) > 0.5
        rows = [{"id": i, "true": "", "given": ""} for i in answers.split.ids]
        return records.Outcome(wrong.astype(float), rows)

    def signatures(self, trained):
        shape = trained.model.inputs[0].shape

        def answer(inputs):
            return {"outputs": trained.model(inputs, training=False)}

        spec = tf.TensorSpec([None, *shape[1:]], tf.float32, name="inputs")
        signature = records.Signature(answer, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def predict(self, trained, inputs):
        for text in inputs:
            yield {"input": text}


class Faces(_Supervised):
    """Batches of P identities with K examples each."""

    name = "faces"

    class Split(batches.IndexedSplit):
        """Points around the mean of their identity."""

        def __init__(self, ids, labels, points):
            super().__init__(ids, labels)
            self.labels, self._points = labels, points

        def order(self, batch_size):
            return orders.Identities(self.labels, batch_size // 2, 2)

        def fetch(self, indices, numbers):
            y = tf.gather(self.labels.astype("float32"), indices)[:, None]
            return tf.gather(self._points, indices), y, tf.ones_like(y)[:, 0]

        def subset(self, indices):
            ids = [self.ids[i] for i in indices]
            return Faces.Split(ids, self.labels[indices], self._points[indices])

    def data(self, facts=None):
        rng, splits = np.random.default_rng(0), {}
        for name, count in (("train", 60), ("dev", 20)):
            labels = np.arange(count) % 10
            points = labels[:, None] / 5 + 0.1 * rng.normal(size=[count, 3])
            ids = [f"{name}/{i}" for i in range(count)]
            splits[name] = self.Split(ids, labels, points.astype("float32"))
        return records.Data(splits, {"name": "faces", "train": 60})

    def model(self, facts):
        layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input([3]), *layers], name="faces")


class Text(_Supervised):
    """A stream of numbers in windows that go on from batch to batch."""

    name = "text"

    class Split(batches.IndexedSplit):
        """Windows of four of a stream, and what comes after each number."""

        def __init__(self, ids, starts):
            super().__init__(ids)
            self.starts = np.asarray(starts)

        def order(self, batch_size):
            return orders.Streams(self.size, batch_size)

        def fetch(self, indices, numbers):
            places = tf.gather(self.starts, indices)[:, None] + tf.range(5)
            wave = tf.sin(0.3 * tf.cast(places, tf.float32))[..., None]
            w = tf.ones_like(wave[:, 1:, 0])
            return wave[:, :-1], wave[:, 1:], w

        def subset(self, indices):
            ids = [self.ids[i] for i in indices]
            return Text.Split(ids, self.starts[indices])

    def data(self, facts=None):
        splits = {}
        for name, first, count in (("train", 0, 67), ("dev", 300, 12)):
            starts = first + 4 * np.arange(count, dtype="int32")
            splits[name] = self.Split([f"{name}/{s}" for s in starts], starts)
        return records.Data(splits, {"name": "a wave", "train": 67})

    def model(self, facts):
        layers = [
            keras.layers.SimpleRNN(6, return_sequences=True),
            keras.layers.Dense(1),
        ]
        return keras.Sequential([keras.Input([4, 1]), *layers], name="text")


class Boxes(_Supervised):
    """A box and a mask as targets, which move as the picture does."""

    name = "boxes"
    SIDE = 16

    def data(self, facts=None):
        rng, side = np.random.default_rng(0), self.SIDE
        count = 48
        images = np.zeros([count, side, side, 1], "uint8")
        corners = rng.integers(2, 7, [count, 2])
        boxes = np.concatenate(
            [corners, corners + rng.integers(4, 8, [count, 2])], 1
        )
        for image, (left, top, right, bottom) in zip(
            images, boxes, strict=True
        ):
            image[top:bottom, left:right] = 200
        ids = [f"{i:02d}" for i in range(count)]
        examples = Examples(images, np.arange(count) % 2, ids, ["even", "odd"])
        targets = {
            "box": boxes[:, None].astype("float32"),
            "mask": (images[..., 0] > 0).astype("float32"),
        }
        policy = named.build("light:rotate=20,shift=0.1")

        def split(indices, augment):
            return picture_batches.ImageSplit(
                examples,
                indices,
                augment,
                targets=targets,
                move_targets=_moved,
            )

        return records.Data(
            {
                "train": split(np.arange(32), policy),
                "dev": split(np.arange(32, count), None),
            },
            {"name": "boxes", "train": 32},
        )

    def model(self, facts):
        inputs = keras.Input([self.SIDE, self.SIDE, 1], name="inputs")
        x = keras.layers.Rescaling(1 / 255)(inputs)
        mask = keras.layers.Conv2D(1, 3, padding="same")(x)
        mask = keras.layers.Reshape([self.SIDE, self.SIDE], name="mask")(mask)
        box = keras.layers.Dense(4)(keras.layers.Flatten()(x))
        box = keras.layers.Reshape([1, 4], name="box")(box)
        return keras.Model(inputs, {"box": box, "mask": mask}, name="boxes")

    def loss(self, facts):
        return {"box": _of_examples, "mask": _of_examples}

    def answers(self, trained, split):
        data = split.evaluation_batches(self.config.batch_size)
        outputs = trained.model.predict(data, verbose=0)
        targets = [y for _, y, _ in data.as_numpy_iterator()]
        targets = {
            name: np.concatenate([y[name] for y in targets]) for name in outputs
        }
        return records.Answers(split, outputs, targets)

    def score(self, trained, answers):
        wrong = self.outcome(trained, answers).errors
        return {"size": answers.split.size, "error": float(np.mean(wrong))}

    def outcome(self, trained, answers):
        apart = answers.outputs["box"] - answers.targets["box"]
        wrong = np.abs(apart).max(axis=(1, 2)) > 2
        rows = [{"id": i, "true": "", "given": ""} for i in answers.split.ids]
        return records.Outcome(wrong.astype(float), rows)

    def signatures(self, trained):
        def answer(inputs):
            return trained.model(inputs, training=False)

        spec = tf.TensorSpec([None, self.SIDE, self.SIDE, 1], name="inputs")
        signature = records.Signature(answer, (spec,))
        return {"serving_default": signature, "model_inputs": signature}


def _of_examples(true, predicted):
    """Return the mean squared error of each example, `[b]`."""
    return tf.reduce_mean((true - predicted) ** 2, axis=(1, 2))


def _moved(move, targets):
    boxes, _ = move.boxes(targets["box"])
    return {"box": boxes, "mask": move.masks(targets["mask"])}


BY_STEPS = (Pixels, Vectors)
SUPERVISED = (Faces, Text, Boxes)
