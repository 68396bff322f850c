"""Regression: a number from the other columns of a table."""

from etils import epy

from kerasnotes import errors, specs
from kerasnotes.tasks.regress import config
from kerasnotes.training import records
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    import keras
    import numpy as np

    from kerasnotes import models, optimizers
    from kerasnotes.data.common import example_weights, split_choice
    from kerasnotes.data.tables import batches as table_batches
    from kerasnotes.data.tables import read as tables
    from kerasnotes.diagnosis import intervals
    from kerasnotes.tasks.regress import remedies, review, serving
    from kerasnotes.training.distribute import strategies


class Regress(task_lib.SupervisedTask):
    """Numbers in, a number out.

    Inputs and target are normalised inside the model by the training set, so
    that one learning rate fits tables in all units. The loss is the squared
    error as a share of the target's variance; metrics are in the target's
    units.
    """

    name = "regress"
    Config = config.Config

    def data(self, facts=None):
        config = self.config
        inputs, y, w, target = self._columns(facts)
        parts = split_choice.choose(inputs.ids, expression=config.split)
        facts = facts or _facts(config.dataset, inputs, y, target, parts)
        scale = facts["target_std"] ** -2
        replicas = strategies.strategy(config.strategy).num_replicas_in_sync
        splits = {
            name: table_batches.TableSplit(
                inputs.values[rows],
                y[rows],
                [inputs.ids[i] for i in rows],
                scale * example_weights.mean_one(w[rows], "--weight"),
                replicas,
            )
            for name, rows in parts.items()
        }
        return records.Data(splits, facts)

    def _columns(self, facts):
        """Return inputs, target, weights and the target's name."""
        config = self.config
        weight = [config.weight] if config.weight else []
        known = facts and [*facts["features"], facts["target"]]
        table = tables.load(config.dataset, known and [*known, *weight])
        w = np.ones(len(table.ids))
        if weight:
            table, w = table.split(config.weight, "--weight")
        target = (facts and facts["target"]) or config.target
        inputs, y = table.split(target)
        return inputs, y, w, target or table.names[-1]

    def model(self, facts):
        config = self.config
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

    def metrics(self, facts, decisions):
        plain = [
            keras.metrics.MeanSquaredError("mse"),
            keras.metrics.MeanAbsoluteError("mae"),
            keras.metrics.R2Score(name="r2"),
        ]
        weighted = []
        if self.config.weight is not None:
            weighted.append(keras.metrics.MeanSquaredError("weighted_mse"))
        return records.Metrics(plain, weighted)

    def outcome(self, trained, answers):
        return review.outcome(answers, trained.facts["target_std"])

    def error(self, trained, answers, metrics):
        errors = self.outcome(trained, answers).errors
        return intervals.Measure.of_examples(errors)

    def remedies(self, problem, facts):
        return remedies.remedies(problem, facts)

    def signatures(self, trained):
        return serving.signatures(trained.model, trained.facts["features"])

    def review(self, run, trained, data, answers):
        outcome, facts = self.outcome(trained, answers["dev"]), trained.facts
        blocks = review.review(outcome, facts["target"], run.folder)
        if self.config.model == "linear_regression":
            weights = trained.model.get_weights()
            blocks += review.coefficients(weights, facts)
        return blocks

    def predict(self, trained, inputs):
        for path in inputs:
            try:
                table = tables.read(path, trained.facts["features"])
            except errors.UserError as error:
                reason = str(error).removeprefix(f"{path}: ")
                yield {"file": path, "error": reason}
                continue
            values = table.values.astype("float32")
            answers = trained.model.predict(values, verbose=0)[:, 0]
            for line, answer in zip(table.ids, answers, strict=True):
                yield {
                    "file": path,
                    "line": int(line),
                    "prediction": float(f"{answer:.6g}"),
                }


def _facts(name, inputs, y, target, parts):
    """Return what the training rows say of the model."""
    rows = parts["train"]
    x_train, y_train = inputs.values[rows], y[rows]
    if not np.ptp(y_train):
        raise errors.UserError(
            f"{name}: column {target!r} is {y_train[0]:g} in all {len(rows)} "
            "training rows: nothing to learn; give another --target"
        )
    # Rounding leaves constant columns a tiny deviation.
    std = np.where(np.ptp(x_train, axis=0), x_train.std(axis=0), 1.0)
    return {
        "name": name,
        **{split: len(indices) for split, indices in parts.items()},
        "features": inputs.names,
        "target": target,
        "mean": x_train.mean(axis=0).tolist(),
        "std": std.tolist(),
        "target_mean": float(y_train.mean()),
        "target_std": float(y_train.std()),
    }
