"""Runs of a toy task, in this process, and the weights they leave."""

import contextlib
import itertools
from unittest import mock

import numpy as np
import pytest

from kerasnotes.training import runner
from kerasnotes.training.fit import callbacks, checkpoints
from kerasnotes.training.run import folder as run_folder

_EXPORT = {"kerasnotes.training.serve.export.export": lambda *_, **__: {}}
_PAGE = {
    "kerasnotes.training.report.page.write": lambda *_, **__: None,
    "kerasnotes.plots.figures.png": lambda _: b"",
}


def run(task, folder, **flags):
    """Run a task's command; `rest` are the words beside its flags."""
    flags = {"epochs": 4, "batch_size": 16, **flags, "run_dir": str(folder)}
    rest = flags.pop("rest", [])
    return runner.run(task, flags, rest, "trainers.toy")


def no_page():
    """Leaves figures and the page out of runs that are read by others."""
    return _without(_PAGE)


def no_report():
    """Leaves exports out too, where weights, metrics or words are tested."""
    return _without(_PAGE | _EXPORT)


@contextlib.contextmanager
def _without(stubs):
    with contextlib.ExitStack() as stack:
        for target, stub in stubs.items():
            stack.enter_context(mock.patch(target, stub))
        yield


def learn(task, folder, **flags):
    """Run a task's command without exports, figures and page."""
    with no_report():
        return run(task, folder, **flags)


def learn_only(task_class, folder, **flags):
    """Learn without export and report; return task, trained and data."""
    task = task_class(task_class.Config(**flags, run_dir=str(folder)))
    task.config.check()
    place = run_folder.RunFolder(folder, task.name)
    with place.locked():
        return task, *runner.learn_in(place, task)


class _Killed(BaseException):
    """Ends a run, nothing being mended on the way."""


@contextlib.contextmanager
def killed(step):
    """Ends the run inside after so many steps, and fails if it doesn't end.

    Its state is kept at every step.
    """
    steps, original = itertools.count(1), callbacks.Guard.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        original(self, batch, logs)
        if next(steps) == step:
            raise _Killed

    name = "on_train_batch_end"
    with (
        mock.patch.object(checkpoints, "SECONDS", -1),
        mock.patch.object(callbacks.Guard, name, on_train_batch_end),
        pytest.raises(_Killed),
    ):
        yield


def assert_within(folder, epoch, steps):
    """Assert that a run ended in the midst of an epoch of so many steps."""
    state = last(folder)[1]
    assert state["epoch"] == epoch and 0 < state["step"] < steps


def last(folder):
    """Return the values of a run's last checkpoint, by name, and its state."""
    (path,) = sorted((folder / "checkpoints").glob("last-*"))[-1:]
    return checkpoints.read(path)


def weights(folder):
    """Return the values of a run's last checkpoint, by name."""
    return last(folder)[0]


def assert_same(one, two):
    """Assert that two runs end in the same weights, to the bit."""
    a, b = weights(one), weights(two)
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def assert_same_losses(one, two):
    """Assert that two runs had the same losses in each epoch, to the bit."""
    losses = [
        [row["loss"] for row in last(folder)[1]["history"]]
        for folder in (one, two)
    ]
    assert losses[0] == losses[1]
