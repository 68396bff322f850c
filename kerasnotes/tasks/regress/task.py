"""Regression: a number from the other columns of a table."""

import dataclasses

from etils import epy

from kerasnotes import catalog, errors, specs
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    import keras
    import numpy as np

    from kerasnotes import models, optimizers
    from kerasnotes.data.common import example_weights, split_choice
    from kerasnotes.data.tables import batches as table_batches
    from kerasnotes.data.tables import read as tables
    from kerasnotes.diagnosis import intervals
    from kerasnotes.tasks.regress import remedies as regress_remedies
    from kerasnotes.tasks.regress import review as regress_review
    from kerasnotes.tasks.regress import serving
    from kerasnotes.training.distribute import strategies

option, setting = config_lib.option, config_lib.setting


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """What a regression can be told."""

    dataset: str = option(
        "diabetes", "diabetes, or a CSV file of numbers under a header."
    )
    target: str | None = option(
        None, "The column to predict; default the last."
    )
    weight: str | None = option(
        None, "The column that says what each row counts; no input then."
    )
    model: str = option(
        "linear_regression",
        "The model.",
        choices=tuple(catalog.names("tables")),
    )
    batch_size: int = option(
        1024,
        "Examples a step; the whole training set where it has fewer.",
        bounds=(1, 2**31),
    )
    epochs: int = setting(
        250, "Passes over the training set; may grow.", bounds=(1, 10**6)
    )
    # Momentum swings about the minimum, and of its swings the luckiest on dev
    # would be kept: the average takes them out.
    learning_rate: float = option(
        0.1, "The learning rate, α₀.", bounds=(1e-30, 1e30)
    )
    optimizer: str = option(
        "sgd:momentum=0.93",
        "name[:key=value,…]: Keras' own, or the notes' variants.",
    )
    clip_norm: float | None = option(
        1.0, "Largest global norm of the gradient summed over replicas."
    )
    weight_average: float | None = option(
        0.96, "β of an exponentially weighted average of the weights."
    )
    optimize: str = option(
        "mse", "The dev metric that chooses the best checkpoint."
    )
    split: str | None = option(
        None, "Parts of the data: 'train[:80%],dev[80%:]'."
    )
    hidden: str | None = option(None, "Units of hidden layers: '128,64'.")
    activation: str | None = option(None, "Activation of hidden layers.")
    keep_prob: float | None = option(None, "Probability to keep a hidden unit.")


class Regress(task_lib.Task):
    """Numbers in, a number out.

    Inputs and target are normalised inside the model by the training set, so
    that one learning rate fits tables in all units. The loss is the squared
    error as a share of the target's variance; metrics are in the target's
    units.
    """

    name = "regress"
    Config = Config

    def splits(self):
        config = self.config
        inputs, y, w, target = self._columns()
        parts = split_choice.choose(inputs.ids, expression=config.split)
        # A batch larger than the training set is the training set.
        size = len(parts["train"])
        self.config = dataclasses.replace(
            config, batch_size=strategies.batch_size(config, size)
        )
        x_train, y_train = inputs.values[parts["train"]], y[parts["train"]]
        if not np.ptp(y_train):
            raise errors.UserError(
                f"{config.dataset}: column {target!r} is {y_train[0]:g} in "
                f"all {size} training rows: nothing to learn; give another "
                "--target"
            )
        # Rounding leaves constant columns a tiny deviation.
        std = np.where(np.ptp(x_train, axis=0), x_train.std(axis=0), 1.0)
        self.facts = self.facts or {
            "name": config.dataset,
            **{side: len(indices) for side, indices in parts.items()},
            "features": inputs.names,
            "target": target,
            "mean": x_train.mean(axis=0).tolist(),
            "std": std.tolist(),
            "target_mean": float(y_train.mean()),
            "target_std": float(y_train.std()),
        }
        scale = self.facts["target_std"] ** -2
        return {
            side: table_batches.TableSplit(
                inputs.values[rows],
                y[rows],
                [inputs.ids[i] for i in rows],
                scale * example_weights.mean_one(w[rows], "--weight"),
            )
            for side, rows in parts.items()
        }

    def _columns(self):
        """Returns inputs, target, weights and the target's name."""
        config, facts = self.config, self.facts
        weight = [config.weight] if config.weight else []
        known = facts and [*facts["features"], facts["target"]]
        table = tables.load(config.dataset, known and [*known, *weight])
        w = np.ones(len(table.ids))
        if weight:
            table, w = table.split(config.weight, "--weight")
        target = (facts and facts["target"]) or config.target
        inputs, y = table.split(target)
        return inputs, y, w, target or table.names[-1]

    def model(self):
        config, facts = self.config, self.facts
        arguments = {
            "classes": 1 if config.model == "mlp" else None,
            "hidden": specs.numbers("--hidden", config.hidden),
            "activation": config.activation,
            "keep_prob": config.keep_prob,
            "kernel_regularizer": optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        }
        arguments = {k: v for k, v in arguments.items() if v is not None}
        with errors.as_flags(*arguments, default=f"--model={config.model}"):
            model = models.build(
                config.model,
                input_shape=(len(facts["features"]),),
                mean=facts["mean"],
                std=facts["std"],
                **arguments,
            )
        to_units = keras.layers.Rescaling(
            facts["target_std"],
            facts["target_mean"],
            dtype="float32",
            name="to_units",
        )
        return keras.Model(
            model.inputs, to_units(model.output), name=config.model
        )

    def loss(self):
        # The splits' weights divide it by the target's variance.
        return keras.losses.MeanSquaredError()

    def metrics(self):
        return [
            keras.metrics.MeanSquaredError("mse"),
            keras.metrics.MeanAbsoluteError("mae"),
            keras.metrics.R2Score(name="r2"),
        ]

    def weighted_metrics(self):
        if self.config.weight is None:
            return []
        return [keras.metrics.MeanSquaredError("weighted_mse")]

    def evaluate(self, model, split):
        return {"size": split.size, **super().evaluate(model, split)}

    def signatures(self, model):
        return serving.signatures(model, self.facts["features"])

    def judge(self, model, split):
        batches = split.evaluation_batches(self.config.batch_size)
        predicted = model.predict(batches, verbose=0)[:, 0]
        return regress_review.judge(
            split.ids, split.targets, predicted, self.facts["target_std"]
        )

    def measure(self, model, split, metrics):
        return intervals.Measure.of_examples(self.judge(model, split).errors)

    def remedies(self, problem, facts):
        return regress_remedies.remedies(problem, facts)

    def review(self, model, splits, folder):
        judged = self.judge(model, splits["dev"])
        blocks = regress_review.review(judged, self.facts["target"], folder)
        if self.config.model == "linear_regression":
            blocks += regress_review.coefficients(
                model.get_weights(), self.facts
            )
        return blocks

    def predict(self, model, paths):
        for path in paths:
            try:
                table = tables.read(path, self.facts["features"])
            except errors.UserError as error:
                reason = str(error).removeprefix(f"{path}: ")
                yield {"file": path, "error": reason}
                continue
            values = table.values.astype("float32")
            answers = model.predict(values, verbose=0)[:, 0]
            for line, answer in zip(table.ids, answers, strict=True):
                yield {
                    "file": path,
                    "line": int(line),
                    "prediction": float(f"{answer:.6g}"),
                }
