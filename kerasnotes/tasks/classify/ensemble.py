"""Several runs that answer as one: the mean of their probabilities."""

import dataclasses
import os
import typing

import numpy as np
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.tasks.classify import gain_and_cost
from kerasnotes.tasks.pictures import serving
from kerasnotes.training import records, runner
from kerasnotes.training.run import fingerprints
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.serve import export as export_lib
from kerasnotes.training.serve import folding

_TOLERANCE = 1e-3  # Beyond what another order of sums explains.


@dataclasses.dataclass(frozen=True)
class Member:
    """A run that takes part.

    Attributes:
        name: its folder.
        run: the `OpenRun`.
    """

    name: str
    run: typing.Any

    @property
    def splits(self):
        """Its data, at the size of its model."""
        return self.run.data.splits

    @property
    def decision(self):
        """Its `decision.Decision`."""
        return self.run.task.decision(self.run.trained.decisions)


def run(opened, inputs=()):
    """Do what `--mode` says, of the run and those that `--ensemble` names.

    Args:
        opened: the classifier's `OpenRun`.
        inputs: none.

    Raises:
        UserError: a folder is no run of a classifier, is named twice, or is
            of other classes or data.
    """
    config, folder = opened.task.config, opened.folder
    members = [Member(str(folder.path), opened)]
    for path in _paths(config.ensemble, folder):
        members.append(_open(path, opened))
        _check_same(members[0], members[-1], config.mode)
    if any(member.decision.threshold for member in members):
        print(
            "thresholds were chosen for single models: the ensemble answers "
            "with the larger mean probability"
        )
    if config.mode == "evaluate":
        return evaluate(members)
    return export(members, folder.output("ensemble") / "saved_model")


def _paths(text, folder):
    """Return the folders that the flag names, of runs of the same kind."""
    paths, real_paths = [], {os.path.realpath(folder.path)}
    for path in filter(None, (path.strip() for path in text.split(","))):
        if os.path.realpath(path) in real_paths:
            raise errors.UserError(
                f"--ensemble={text}: {path} is in it twice, or is the "
                "--run_dir itself; name each other run once"
            )
        name = run_folder.task_of(path)
        if name != folder.task:
            raise errors.UserError(
                f"--ensemble={text}: {path} is a run of {name}; give runs of "
                f"{folder.task}"
            )
        real_paths.add(os.path.realpath(path))
        paths.append(path)
    if not paths:
        raise errors.UserError(
            f"--ensemble={text}: names no run; give RUN,RUN,…"
        )
    return paths


def _open(path, opened):
    """Open a run of the same kind, on the data that are asked for."""
    config = opened.task.config
    flags = {"data_dir": config.data_dir}
    if config.dataset != opened.facts["name"]:
        flags["dataset"] = config.dataset
    return Member(path, runner.open_run(path, type(opened.task), **flags))


def _check_same(one, other, mode):
    """Refuses members that were not to answer the same questions.

    Whatever each was trained on: none saw what judges all. An export reads
    no data where the facts of both runs tell of the same.
    """
    both = f"--ensemble: {one.name}, {other.name}"
    if one.run.facts["classes"] != other.run.facts["classes"]:
        raise errors.UserError(
            f"{both}: their classes differ; give runs of the same classes"
        )
    digests, others = (
        [member.run.facts.get(name) for name in (fingerprints.FACT, "by_hand")]
        for member in (one, other)
    )
    if mode == "export" and digests[0] and digests == others:
        return
    for name in {
        *gain_and_cost.judged(one.splits),
        *gain_and_cost.judged(other.splits),
    }:
        sides = [member.splits.get(name) for member in (one, other)]
        if None in sides or sides[0].ids != sides[1].ids:
            raise errors.UserError(
                f"{both}: their {name} sets differ; give runs of the same "
                "--dataset and --split"
            )
        if (sides[0].labels != sides[1].labels).any():
            raise errors.UserError(
                f"{both}: their labels of {name} differ; give runs of the "
                "same --corrections"
            )


def evaluate(members):
    """Print each member and their ensemble, on dev and test.

    Args:
        members: two `Member`s or more, the single model first.

    Returns:
        The `gain_and_cost.Predictor`s of the members and of the ensemble.
    """
    single = [
        gain_and_cost.measure(
            member.name,
            gain_and_cost.function(member.run.trained.model, member.decision),
            member.decision.classes,
            member.splits,
            member.run.task.config.batch_size,
        )
        for member in members
    ]
    splits = members[0].splits
    mean = {
        name: sum(one.probabilities[name] for one in single) / len(single)
        for name in gain_and_cost.judged(splits)
    }
    cost = sum(one.milliseconds for one in single)
    both = [*single, gain_and_cost.Predictor("ensemble", mean, _largest, cost)]
    print(gain_and_cost.table(both, splits))
    return both


def _largest(probabilities):
    return probabilities.argmax(axis=-1)


def export(members, path):
    """Write the ensemble as one SavedModel, and check its answers.

    Args:
        members: two `Member`s or more.
        path: the SavedModel's folder.

    Returns:
        The largest difference of its probabilities from the members' mean.

    Raises:
        UserError: the difference is more than rounding explains.
    """
    served = signatures(
        [member.run.task for member in members],
        [_folded(member.run) for member in members],
    )
    loaded = export_lib.write_saved_model(served, path)
    x = export_lib.examples(members[0].run.example)
    x = tf.cast(x["pixels"] if isinstance(x, dict) else x, tf.uint8)
    got = loaded.signatures["images"](images=x)["probabilities"]
    want = served["images"].function(x)["probabilities"]
    difference = float(np.abs(got - want).max())
    if not difference < _TOLERANCE:
        raise errors.UserError(
            f"{path}: its answers differ from the runs' by {difference:.1e}; "
            "train them with --precision=float32"
        )
    print(
        f"{path}: {len(members)} runs in one, differs from their mean by at "
        f"most {difference:.1e}"
    )
    return difference


def _folded(opened):
    """Return the `Trained` of a run, folded where its flags say so."""
    trained = opened.trained
    if not opened.task.config.fold_batch_norm:
        return trained
    model = folding.fold_batch_norm(trained.model)
    return dataclasses.replace(trained, model=model)


def signatures(tasks, trained):
    """Return the signatures of an ensemble: those of a single model.

    `model_inputs` is there only where all take the same input.

    Args:
        tasks: the task of each member.
        trained: the `Trained` of each.
    """
    parts = [
        task.signatures(one) for task, one in zip(tasks, trained, strict=True)
    ]
    names = ["serving_default", "images"]
    if len({tuple(one.facts["input_shape"]) for one in trained}) == 1:
        names.append("model_inputs")
    classes = trained[0].facts["classes"]
    return {
        name: _mean([part[name] for part in parts], classes) for name in names
    }


def _mean(parts, classes):
    """Return the signature that answers with the mean of others."""

    def answer(x):
        answers = [part.function(x) for part in parts]
        shares = [answer["probabilities"] for answer in answers]
        shares = tf.add_n(shares) / len(shares)
        if "label" not in answers[0]:
            return {"probabilities": shares}
        return {
            "label": tf.gather(classes, tf.argmax(shares, axis=-1)),
            "probabilities": shares,
            "classes": serving.classes(classes, shares),
        }

    return records.Signature(answer, parts[0].inputs)
