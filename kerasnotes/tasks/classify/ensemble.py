"""Several runs that answer as one: the mean of their probabilities."""

import dataclasses
import os
import typing

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.tasks.classify import gain_and_cost
from kerasnotes.training import runner
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.serve import export as export_lib
from kerasnotes.training.serve import folding

_TOLERANCE = 1e-3  # Beyond what another order of sums explains.


@dataclasses.dataclass(frozen=True)
class Member:
    """A run that takes part.

    Attributes:
        name: its folder.
        task: its task.
        model: its trained model.
        splits: its data, at the size of its model.
    """

    name: str
    task: typing.Any
    model: keras.Model
    splits: dict


def run(task, model, folder):
    """Does what `--mode` says, of the run and those that `--ensemble` names.

    Args:
        task: the classifier's task.
        model: its trained model.
        folder: its run's folder.

    Raises:
        UserError: a folder is no run of a classifier, is named twice, or is
            of other classes or data.
    """
    paths = _paths(task.config.ensemble, folder)
    members = [Member(str(folder.path), task, model, task.splits())]
    for path in paths:
        members.append(_open(path, task))
        _check_same(members[0], members[-1])
    if any(member.task.threshold for member in members):
        print(
            "thresholds were chosen for single models: the ensemble answers "
            "with the larger mean probability"
        )
    if task.config.mode == "evaluate":
        return evaluate(members)
    return export(members, folder / "ensemble" / "saved_model")


def _paths(text, folder):
    """Returns the folders that the flag names, of runs of the same kind."""
    found, seen = [], {os.path.realpath(folder.path)}
    for path in filter(None, (path.strip() for path in text.split(","))):
        if os.path.realpath(path) in seen:
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
        seen.add(os.path.realpath(path))
        found.append(path)
    if not found:
        raise errors.UserError(
            f"--ensemble={text}: names no run; give RUN,RUN,…"
        )
    return found


def _open(path, task):
    """Opens a run of the same kind, on the data that are asked for."""
    folder = run_folder.RunFolder(path, task.name)
    saved = folder.read()
    values = run_folder.kept_flags(type(task.config), saved, folder)
    values |= {"run_dir": path, "data_dir": task.config.data_dir}
    if task.config.dataset != task.facts["name"]:
        values["dataset"] = task.config.dataset
    other = type(task)(type(task.config)(**values), saved["data"])
    other.chosen = saved.get("chosen", {})
    return Member(path, other, runner.load(other, folder), other.splits())


def _check_same(one, other):
    """Refuses members that were not to answer the same questions.

    Whatever each was trained on: none saw what judges all.
    """
    both = f"--ensemble: {one.name}, {other.name}"
    if one.task.facts["classes"] != other.task.facts["classes"]:
        raise errors.UserError(
            f"{both}: their classes differ; give runs of the same classes"
        )
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
    """Prints each member and their ensemble, on dev and test.

    Args:
        members: two `Member`s or more, the single model first.

    Returns:
        The `gain_and_cost.Way`s of the members and of the ensemble.
    """
    ways = [
        gain_and_cost.measure(
            member.name,
            member.task,
            gain_and_cost.function(member.task, member.model),
            member.splits,
        )
        for member in members
    ]
    splits = members[0].splits
    mean = {
        name: sum(way.probabilities[name] for way in ways) / len(ways)
        for name in gain_and_cost.judged(splits)
    }
    cost = sum(way.milliseconds for way in ways)
    ways.append(gain_and_cost.Way("ensemble", mean, _largest, cost))
    print(gain_and_cost.table(ways, splits))
    return ways


def _largest(probabilities):
    return probabilities.argmax(axis=-1)


def export(members, path):
    """Writes the ensemble as one SavedModel, and checks its answers.

    Args:
        members: two `Member`s or more.
        path: the SavedModel's folder.

    Returns:
        The largest difference of its probabilities from the members' mean.

    Raises:
        UserError: the difference is more than rounding explains.
    """
    models = [
        folding.fold_batch_norm(member.model)
        if member.task.config.fold_batch_norm
        else member.model
        for member in members
    ]
    served = signatures([m.task for m in members], models)
    loaded = export_lib.write_saved_model(served, path)
    x, *_ = next(iter(members[0].splits["dev"].evaluation_batches(16)))
    x = tf.cast(x, tf.uint8)
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


def signatures(tasks, models):
    """Returns the signatures of an ensemble: those of a single model.

    `model_inputs` is there only where all take the same input.

    Args:
        tasks: the task of each model.
        models: the models.
    """
    parts = [
        task.signatures(model)
        for task, model in zip(tasks, models, strict=True)
    ]
    names = ["serving_default", "images"]
    if len({tuple(task.facts["input_shape"]) for task in tasks}) == 1:
        names.append("model_inputs")
    return {
        name: _mean([part[name] for part in parts], tasks[0].facts["classes"])
        for name in names
    }


def _mean(parts, classes):
    """Returns the signature that answers with the mean of others."""

    def answer(x):
        answers = [part.function(x) for part in parts]
        shares = [answer["probabilities"] for answer in answers]
        shares = tf.add_n(shares) / len(shares)
        if "label" not in answers[0]:
            return {"probabilities": shares}
        names = tf.constant(classes)
        return {
            "label": tf.gather(names, tf.argmax(shares, axis=-1)),
            "probabilities": shares,
            "classes": names,
        }

    return task_lib.Signature(answer, parts[0].inputs)
