"""A small supervised task, whole: copy it to begin one of your own.

It tells three cultivars of wine apart by 13 measurements (scikit-learn's
wine data). docs/adding_a_task.md says where each part goes; tests/training/
test_template_task.py runs it.
"""

import dataclasses

import keras
import numpy as np
import sklearn.datasets
import tensorflow as tf

from kerasnotes import errors, optimizers
from kerasnotes.data.common import batches, split_choice, tag_sheet
from kerasnotes.plots import page
from kerasnotes.training import records, runner
from kerasnotes.training import task as task_lib
from kerasnotes.training.report import remedies
from kerasnotes.training.run import config as config_lib

option, redefault = config_lib.option, config_lib.redefault


# config.py: the flags. What `fit` has is there already; a task adds its own.
@dataclasses.dataclass(frozen=True)
class Config(config_lib.FitConfig):
    """The flags of the template."""

    dataset: str = option("wine", "wine, the built-in set.")
    epochs: int = redefault("epochs", 60)
    learning_rate: float = redefault("learning_rate", 1e-2)
    optimize: str = redefault("optimize", "accuracy")
    hidden: int = option(16, "Units of the hidden layer.", bounds=(1, 1000))


# data/<medium>/batches.py: examples known by their indices.
class Rows(batches.IndexedSplit):
    """Rows of a table with an integer label each."""

    def __init__(self, ids, x, labels):
        # Of the classes `take` keeps the shares.
        super().__init__(ids, strata=labels)
        self.x, self.labels = x, labels

    def fetch(self, indices, numbers):
        x, y = tf.gather(self.x, indices), tf.gather(self.labels, indices)
        # The last is each example's weight in the loss.
        return x, y, tf.ones_like(y, tf.float32)

    def subset(self, indices):
        ids = [self.ids[i] for i in indices]
        return Rows(ids, self.x[indices], self.labels[indices])


# task.py: the contract's questions, answered.
class Wine(task_lib.SupervisedTask):
    """Measurements in, a class and its probability out."""

    name = "wine"
    Config = Config

    def data(self, facts=None):
        if self.config.dataset != "wine":
            raise errors.unknown("--dataset", self.config.dataset, ["wine"])
        wine = sklearn.datasets.load_wine()
        ids = [f"wine/{i:03d}" for i in range(len(wine.target))]
        # 60/20/20 by a hash of the ids, each class alike.
        parts = split_choice.choose(ids, wine.target)
        x = wine.data.astype("float32")
        train = x[parts["train"]]
        # What the model needs to know; config.json keeps it, and a run goes
        # on only with the same.
        facts = facts or {
            "name": "wine",
            **{name: len(rows) for name, rows in parts.items()},
            "classes": list(map(str, wine.target_names)),
            "features": list(wine.feature_names),
            "mean": train.mean(0).tolist(),
            "std": train.std(0).tolist(),
        }
        splits = {
            name: Rows([ids[i] for i in rows], x[rows], wine.target[rows])
            for name, rows in parts.items()
        }
        return records.Data(splits, facts)

    def model(self, facts):
        inputs = keras.Input([len(facts["features"])], name="features")
        variance = np.square(facts["std"])
        x = keras.layers.Normalization(mean=facts["mean"], variance=variance)(
            inputs
        )
        config = self.config
        # --l1 and --l2; without it a run with one of them is refused.
        penalty = optimizers.regularizers.l1_l2(
            config.l1, config.l2, facts["train"]
        )
        for units, activation, name in (
            (config.hidden, "relu", "hidden"),
            (len(facts["classes"]), None, "logits"),
        ):
            x = keras.layers.Dense(
                units, activation, kernel_regularizer=penalty, name=name
            )(x)
        return keras.Model(inputs, x, name="wine")

    def loss(self, facts):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self, facts, decisions):
        accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
        return records.Metrics([accuracy])

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        # What the diagnosis measures bias and variance by.
        return {**scores, "error": 1 - scores["accuracy"]}

    def outcome(self, trained, answers):
        names = trained.facts["classes"]
        probabilities = keras.ops.softmax(answers.outputs).numpy()
        predicted = probabilities.argmax(-1)
        rows = [
            {
                "id": name,
                "true": names[true],
                "given": names[label],
                "confidence": round(float(shares[label]), 4),
            }
            for name, true, label, shares in zip(
                answers.split.ids,
                answers.targets,
                predicted,
                probabilities,
                strict=True,
            )
        ]
        wrong = predicted != answers.targets
        return records.Outcome(wrong.astype(float), rows)

    # remedies.py: what this task can try, beside what every run can.
    def remedies(self, problem, facts):
        if problem == "avoidable bias":
            units = 2 * facts.flags["hidden"]
            why = "it fits train better"
            yield from facts.flag("hidden", remedies.BIGGER, why, units)
        yield from super().remedies(problem, facts)

    # review.py: figures, tables, and the sheet of mistakes.
    def review(self, run, trained, data, answers):
        outcome = self.outcome(trained, answers["dev"])
        rows = [outcome.rows[i] for i in outcome.sample()]
        columns = list(outcome.rows[0])
        tag_sheet.write(run.folder / "mistakes.csv", rows, columns=columns)
        cells = [list(row.values()) for row in rows[:20]]
        return [page.Heading("Mistakes"), page.Table(columns, cells)]

    # serving.py: what TensorFlow alone will answer.
    def signatures(self, trained):
        names = tf.constant(trained.facts["classes"])

        def answer(features):
            logits = trained.model(features, training=False)
            probabilities = tf.nn.softmax(logits)
            return {
                "label": tf.gather(names, tf.argmax(probabilities, -1)),
                "probabilities": probabilities,
            }

        shape = [None, len(trained.facts["features"])]
        spec = tf.TensorSpec(shape, tf.float32, name="features")
        signature = records.Signature(answer, (spec,))
        return {"serving_default": signature, "model_inputs": signature}

    def predict(self, trained, inputs):
        serve = self.signatures(trained)["serving_default"].function
        count = len(trained.facts["features"])
        for text in inputs:
            try:
                values = [float(cell) for cell in text.split(",")]
            except ValueError:
                values = []
            if len(values) != count:
                error = f"give {count} numbers with commas between"
                yield {"input": text, "error": error}
                continue
            answer = serve(tf.constant([values]))
            yield {"input": text, "label": answer["label"][0].numpy().decode()}


# trainers/<task>.py is the module docstring and these two lines.
if __name__ == "__main__":
    runner.main(Wine)
