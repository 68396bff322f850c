"""Runs of any trainer, opened again."""

from kerasnotes import tasks
from kerasnotes.training import runner
from kerasnotes.training.run import folder as run_folder


def open_run(path, **flags):
    """Open a run folder of any trainer; see `runner.open_run`.

    Args:
        path: the folder.
        **flags: values that replace those of the run.

    Raises:
        UserError: there is no run, or its config.json can't be read.
    """
    return runner.open_run(path, tasks.get(run_folder.task_of(path)), **flags)
