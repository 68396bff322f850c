"""Runs of any trainer, opened again."""

import dataclasses

from kerasnotes import errors, tasks
from kerasnotes.training import runner
from kerasnotes.training.fit import compiling
from kerasnotes.training.run import folder as run_folder


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: its `RunFolder`.
        task: its `Task`, with the facts of its data.
    """

    folder: run_folder.RunFolder
    task: object

    def model(self):
        """Returns the trained model, compiled for no more training."""
        return runner.load(self.task, self.folder)

    def judge(self, split):
        """Returns the `Judgement` of a split by the trained model.

        Raises:
            UserError: there is no such split, or no trained model.
        """
        parts = self.task.splits()
        if split not in parts:
            raise errors.unknown("--split", split, parts)
        return self.task.judge(self.model(), parts[split])


def open_run(path, **flags):
    """Opens a run folder of any trainer.

    Args:
        path: the folder.
        **flags: values that replace those of the run.

    Raises:
        UserError: there is no run, or its config.json can't be read.
    """
    name = run_folder.task_of(path)
    task_class = tasks.get(name)
    folder = run_folder.RunFolder(path, name)
    saved = folder.read()
    given = run_folder.kept_flags(task_class.Config, saved, folder)
    known = {f.name for f in dataclasses.fields(task_class.Config)}
    unknown = set(flags) - (known - run_folder.OF_ONE_COMMAND)
    if unknown:
        raise errors.unknown("flag", min(unknown), known)
    # Whatever the environment says of workers: nobody else is started.
    own = {"run_dir": str(path), "strategy": "one_device"}
    config = task_class.Config(**(given | flags | own))
    config.check()
    compiling.configure(config)
    task = task_class(config, saved["data"])
    task.chosen = saved.get("chosen", {})
    return Run(folder, task)
