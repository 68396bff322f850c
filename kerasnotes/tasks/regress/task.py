"""Regression: a number from the other columns of a table."""

import math

from etils import epy

from kerasnotes import errors, specs
from kerasnotes.tasks.regress import config
from kerasnotes.training import records
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    import keras
    import numpy as np

    from kerasnotes import layers, models, optimizers
    from kerasnotes.data.common import example_weights, split_choice
    from kerasnotes.data.tables import batches as table_batches
    from kerasnotes.data.tables import read as tables
    from kerasnotes.data.tables import scales
    from kerasnotes.diagnosis import intervals
    from kerasnotes.plots import digits
    from kerasnotes.tasks.regress import metrics, remedies, review, serving
    from kerasnotes.training.distribute import strategies
    from kerasnotes.training.fit import evaluating

# As many as an export is compared on.
_EXAMPLES = 16


class Regress(task_lib.SupervisedTask):
    """Numbers in, a number out.

    Inputs and target are standardised by the training set, so that one
    learning rate fits tables in all units. Means are subtracted in float64 on
    reading; the network learns from what is left, and the model that is saved
    has both scales around it. The loss is the squared error as a share of the
    target's variance; metrics are in the target's units.
    """

    name = "regress"
    Config = config.Config

    def data(self, facts=None):
        config = self.config
        inputs, y, w, target = self._columns(facts)
        # A slice counts rows in the file's order: of a series, the last.
        parts = split_choice.choose(
            inputs.ids,
            official={"train": np.arange(len(inputs.ids))},
            expression=config.split,
        )
        where = config.dataset
        _tell_constants(y, target, parts, config)
        facts = facts or _facts(where, inputs, y, target, parts)
        replicas = strategies.strategy(config.strategy).num_replicas_in_sync
        x = _inputs(facts).standardize(inputs.values, inputs.ids, where)
        z = _target(facts).standardize(y[:, None], inputs.ids, where)[:, 0]
        splits = {
            name: table_batches.TableSplit(
                x[rows],
                z[rows],
                [inputs.ids[i] for i in rows],
                example_weights.mean_one(w[rows], "--weight"),
                replicas,
                y[rows],
            )
            for name, rows in parts.items()
        }
        rows = inputs.values[parts["dev"][:_EXAMPLES]]
        example = {"features": rows.astype(_dtype(facts, facts["features"]))}
        return records.Data(splits, facts, example)

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
            "dropout": config.dropout,
            "input_dropout": config.input_dropout,
            "kernel_regularizer": optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        }
        arguments = {k: v for k, v in arguments.items() if v is not None}
        with errors.as_flags(*arguments, default=f"--model={config.model}"):
            network = models.build(
                config.model,
                input_shape=(len(facts["features"]),),
                **arguments,
            )
        inputs = keras.Input(
            network.input_shape[1:],
            dtype=_dtype(facts, facts["features"]),
        )
        standardized = layers.Standardization(
            facts["mean"], facts["std"], dtype="float32", name="normalization"
        )
        to_units = layers.Standardization(
            facts["target_mean"],
            facts["target_std"],
            invert=True,
            dtype=_dtype(facts, [facts["target"]]),
            name="to_units",
        )
        x = inputs
        # Models of tables are chains; one graph shows all of their layers.
        for layer in [standardized, *network.layers[1:], to_units]:
            x = layer(x)
        return keras.Model(inputs, x, name=config.model)

    def training_model(self, model):
        """Return what stands between the two scales."""
        chain = model.layers[2:-1]
        x = inputs = keras.Input(model.input_shape[1:])
        for layer in chain:
            x = layer(x)
        return keras.Model(inputs, x, name=model.name)

    def loss(self, facts):
        # Of standardised targets: a share of their variance.
        return keras.losses.MeanSquaredError()

    def metrics(self, facts, decisions):
        std = facts["target_std"]
        plain = [
            metrics.MeanSquaredError(std),
            metrics.MeanAbsoluteError(std),
            metrics.R2Score(),
        ]
        weighted = []
        if self.config.weight is not None:
            weighted.append(metrics.MeanSquaredError(std, "weighted_mse"))
        return records.Metrics(plain, weighted)

    def answers(self, trained, split):
        """Return the `Answers`, standardised as the split is."""
        network = self.training_model(trained.model)
        return evaluating.answers(network, split, self.config.batch_size)

    def score(self, trained, answers):
        scores = super().score(trained, answers)
        if math.isnan(scores["r2"]):
            # There is no variance to be a share of.
            del scores["r2"]
        return scores

    def outcome(self, trained, answers):
        return review.outcome(answers, trained.facts)

    def error(self, trained, answers, metrics):
        errors = self.outcome(trained, answers).errors
        return intervals.Measure.of_examples(errors)

    def remedies(self, problem, facts):
        return remedies.remedies(problem, facts)

    def signatures(self, trained):
        return serving.signatures(trained.model, trained.facts)

    def review(self, run, trained, data, answers):
        outcome, facts = self.outcome(trained, answers["dev"]), trained.facts
        blocks = review.review(outcome, facts, run.folder)
        if self.config.model == "linear_regression":
            weights = trained.model.get_weights()
            blocks += review.coefficients(weights, facts)
        return blocks + review.served(facts)

    def predict(self, trained, inputs):
        facts = trained.facts
        network = self.training_model(trained.model)
        if not network.compiled:
            # Keras' own choice is XLA, which compiles for seconds.
            network.jit_compile = False
        for path in inputs:
            try:
                table = tables.read(path, facts["features"])
                if not table.ids:
                    raise errors.UserError(
                        f"{path}: no row below the header; give one at least"
                    )
                x = _inputs(facts).standardize(table.values, table.ids, path)
            except errors.UserError as error:
                reason = str(error).removeprefix(f"{path}: ")
                yield {"file": path, "error": reason}
                continue
            z = network.predict(x, verbose=0)[:, 0].astype(float)
            answers = facts["target_mean"] + facts["target_std"] * z
            for line, answer in zip(table.ids, answers, strict=True):
                yield {
                    "file": path,
                    "line": int(line),
                    "prediction": digits.rounded(answer, facts["target_std"]),
                }


def _tell_constants(y, target, parts, config):
    """Say on which sides the target is one value, and R² has none.

    Raises:
        UserError: it is so on dev, where R² is to choose.
    """
    chooser = config.selection()
    choosing = {*chooser.weights, *(bound.name for bound in chooser.bounds)}
    for name, rows in parts.items():
        if name == "train" or np.ptp(y[rows]):
            continue
        number = f"{len(rows)} {errors.plural('row', len(rows))}"
        line = (
            f"{name}: column {target!r} is {y[rows[0]]:g} in {number}, so r2 "
            "has no value there"
        )
        if name == "dev" and "r2" in choosing:
            raise errors.UserError(
                f"{line}; choose by --optimize=mse, or give another --split"
            )
        print(errors.printable(line))


def _facts(where, inputs, y, target, parts):
    """Return what the training rows say of the model."""
    rows = parts["train"]
    x_train, y_train = inputs.values[rows], y[rows, None]
    if not np.ptp(y_train):
        raise errors.UserError(
            f"{where}: column {target!r} is {y_train[0, 0]:g} in all "
            f"{len(rows)} training rows: nothing to learn; give another "
            "--target"
        )
    scale = scales.measure(inputs.names, x_train, where)
    target_scale = scales.measure([target], y_train, where)
    wide = [
        *scales.beyond_float32(x_train, scale.std),
        *scales.beyond_float32(y_train, target_scale.std),
    ]
    names = [*inputs.names, target]
    return {
        "name": where,
        **{split: len(indices) for split, indices in parts.items()},
        "features": inputs.names,
        "target": target,
        "mean": scale.mean.tolist(),
        "std": scale.std.tolist(),
        "target_mean": float(target_scale.mean[0]),
        "target_std": float(target_scale.std[0]),
        "float64": [n for n, w in zip(names, wide, strict=True) if w],
    }


def _inputs(facts):
    """Return the `Scale` of the inputs."""
    mean, std = np.array(facts["mean"]), np.array(facts["std"])
    return scales.Scale(facts["features"], mean, std)


def _target(facts):
    """Return the `Scale` of the target."""
    mean, std = np.array([facts["target_mean"]]), [facts["target_std"]]
    return scales.Scale([facts["target"]], mean, np.array(std))


def _dtype(facts, columns):
    """Return the type that holds these columns."""
    return "float32" if {*columns}.isdisjoint(facts["float64"]) else "float64"
