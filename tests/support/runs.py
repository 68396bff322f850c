"""Runs of a toy task, in this process."""

import contextlib
from unittest import mock

from kerasnotes.training import runner

_LEFT_OUT = {
    "kerasnotes.training.serve.export.export": lambda *_, **__: {},
    "kerasnotes.training.report.page.write": lambda *_, **__: None,
}


def run(task, folder, **flags):
    """Run a task's command; `rest` are the words beside its flags."""
    flags = {"epochs": 4, "batch_size": 16, **flags, "run_dir": str(folder)}
    rest = flags.pop("rest", [])
    return runner.run(task, flags, rest, "trainers.toy")


@contextlib.contextmanager
def no_report():
    """Leaves exports and the report out of runs, where weights are tested."""
    with contextlib.ExitStack() as stack:
        for target, stub in _LEFT_OUT.items():
            stack.enter_context(mock.patch(target, stub))
        yield


def learn(task, folder, **flags):
    """Run a task's command without exports and report."""
    with no_report():
        return run(task, folder, **flags)
