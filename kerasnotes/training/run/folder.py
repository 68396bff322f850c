"""The folder of a run: its identity, its lock, what lies where."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import shutil

from kerasnotes import errors, files
from kerasnotes.training.run import flags as flags_lib
from kerasnotes.training.run import options as options_lib
from kerasnotes.training.run import places, software

# What a trainer's run writes; config.json is replaced, for it tells that the
# folder is a run's. Others tell what they write by `RunFolder.output`.
_WRITTEN = (
    "metrics.json",
    "history.csv",
    "nudge.json",
    "report.html",
    "model.keras",
    "model.tflite",
    "model.onnx",
    "checkpoints",
    "examples.npz",
    "export.npz",
    "figures",
    "learning_curve",
    "logs",
    "saved_model",
)
_OUTPUTS = ".outputs"


OF_ONE_COMMAND = frozenset({"mode", "overwrite", "strategy", "logical_cpus"})
"""Flags that are meant for one command, and not kept for the next."""


def task_of(path):
    """Return the name of the task that a folder is a run of.

    Raises:
        UserError: there is no run.
    """
    config = pathlib.Path(path) / "config.json"
    if not config.exists():
        raise errors.UserError(
            f"{path}: no run here; give the folder of a trainer's --run_dir"
        )
    return str(files.read_sealed(config).get("task"))


def saved_flags(config_class, saved, folder):
    """Return the flags of a run that hold for its next command too.

    Args:
        config_class: the task's Config; flags that it lacks are left out.
        saved: what `RunFolder.read` returned, or nothing.
        folder: the `RunFolder`.

    Raises:
        UserError: a flag's value is none that it takes.
    """
    flags_kept = {}
    for field in dataclasses.fields(config_class):
        name, flags = field.name, saved.get("flags", {})
        if name not in flags or name in OF_ONE_COMMAND:
            continue
        value = flags[name]
        if type(value) is float and flags_lib.fits(
            config_class, field, repr(value)
        ):
            # Of a run from before the flag took texts.
            value = repr(value)
        if not flags_lib.fits(config_class, field, value):
            raise errors.UserError(
                f"{folder / 'config.json'}: --{name} takes no {value!r:.60}; "
                "restore the file, or give another --run_dir"
            )
        flags_kept[name] = value
    return flags_kept


class RunFolder:
    """The files of one run.

    Args:
        path: the folder.
        task: the task's name, that the folder must be a run of.
    """

    def __init__(self, path, task):
        self.path = pathlib.Path(path)
        self.task = task
        self._learning = False

    def __str__(self):
        return str(self.path)

    def __truediv__(self, name):
        return self.path / name

    @property
    def finished(self):
        """Whether the run has been trained to its end; the metrics."""
        metrics = self / "metrics.json"
        try:
            return files.read_sealed(metrics) if metrics.exists() else None
        except errors.UserError:
            print(f"{metrics}: damaged; it is made anew")
            return None

    def open(self, config):
        """Make the folder, or check that it is the run of this config.

        What is there stays until `begin`.

        Raises:
            UserError: the folder isn't a run of ours, is a run of another
                configuration, or can't be written.
        """
        configured = (self / "config.json").exists()
        if configured and not config.overwrite:
            self._check_same(config)
        # A config.json that can't be read is still told by the lock beside.
        elif self._content() and not (configured and self._locks()):
            raise errors.UserError(
                f"--run_dir={self.path}: not a run of ours, and not empty; "
                "give another folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.UserError(
                f"--run_dir={self.path}: can't be made: {error.strerror}; "
                "give a folder that you may write"
            ) from error

    def begin(self, config, facts, batch_size=None):
        """Write config.json: flags, data, versions, the revision.

        With `--overwrite` what a run writes is deleted first; sheets that
        people filled, and files of their own, stay.

        Args:
            config: the run's `Config`.
            facts: those of the data.
            batch_size: the examples of a step, where the flag may ask for
                more than there are.

        Raises:
            UserError: the run has begun with other data.
        """
        chosen = None
        if config.overwrite:
            outputs = self._outputs()
            self._delete(n for n in outputs if outputs[n])
        elif self.begun:
            self.check_data(config, facts)
            # It goes with the model.keras that is there until a new one is.
            chosen = self.read().get("chosen")
        for path in self.path.rglob(".partial-*"):
            # A killed process of ours left it; the lock says it is gone.
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        # In this order a kill leaves a run that goes on.
        (self / "metrics.json").unlink(missing_ok=True)
        value = {
            "task": self.task,
            "flags": dataclasses.asdict(config),
            "files": places.digests(config),
            "data": facts,
            **software.versions(),
        }
        if batch_size:
            value["batch_size"] = batch_size
        if chosen:
            value["chosen"] = chosen
        files.write_sealed(self / "config.json", value)
        self._learning = True

    def _delete(self, outputs):
        """Delete what every run writes, and these outputs."""
        for name in (*_WRITTEN, *outputs):
            path = self / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def check_there(self):
        """Refuses to go on where the folder was deleted meanwhile.

        Raises:
            UserError: see above.
        """
        if (self / "config.json").exists():
            return
        if self._locks():
            raise errors.UserError(
                f"{self / 'config.json'}: is gone; restore it, or give another "
                "--run_dir"
            )
        raise errors.UserError(
            f"--run_dir={self}: the run folder is gone, and with it what was "
            "learned; the same command starts anew"
        )

    def read(self):
        """Return what config.json holds.

        Raises:
            UserError: there is no run of this task.
        """
        if not (self / "config.json").exists():
            raise errors.UserError(
                f"--run_dir={self.path}: no run here; train one first, or "
                "give the folder of one"
            )
        saved = files.read_sealed(self / "config.json")
        if saved.get("task") != self.task:
            raise errors.UserError(
                f"{self / 'config.json'}: not of a run of {self.task}; "
                "restore it, or give another --run_dir"
            )
        return saved

    def keep_decisions(self, decisions):
        """Write what a task decided on dev into config.json."""
        self.check_there()
        saved = self.read()
        if decisions or "chosen" in saved:
            saved |= {"chosen": decisions}
            files.write_sealed(self / "config.json", saved)

    def output(self, name, overwrite=True):
        """Return the path of a file or folder that the run writes.

        Args:
            name: its name in the run's folder.
            overwrite: whether `--overwrite` deletes it.
        """
        line = f"{name}\t{overwrite}"
        if line not in self._output_lines():
            self.path.mkdir(parents=True, exist_ok=True)
            with open(self / _OUTPUTS, "a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        return self / name

    def _outputs(self):
        """Return what `output` was told, a dictionary of name to flag."""
        lines = (line.partition("\t") for line in self._output_lines())
        return {
            name: overwrite == "True"
            for name, _, overwrite in lines
            # No path that leads elsewhere.
            if name == pathlib.PurePath(name).name and name != ".."
        }

    def _output_lines(self):
        if not (self / _OUTPUTS).exists():
            return []
        return (self / _OUTPUTS).read_text("utf-8", "replace").splitlines()

    @contextlib.contextmanager
    def locked(self):
        """Keep other processes from training in the folder."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self / ".lock", os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise errors.UserError(
                f"--run_dir={self.path}: can't be written: {error.strerror}; "
                "give a folder that you may write"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                yield
            finally:
                self._leave()
        except BlockingIOError as error:
            raise errors.UserError(
                f"--run_dir={self.path}: another process is training here; "
                "wait for it, or give another folder"
            ) from error
        finally:
            os.close(lock)

    def _leave(self):
        """Remove a folder in which nothing is begun.

        Flags were refused, or somebody deleted it, and some of what the run
        wrote since made it anew.
        """
        gone = not (self._locks() or (self / "config.json").exists())
        if self._learning and gone:
            self._delete([*self._outputs(), _OUTPUTS])
        if {path.name for path in self.path.glob("*")} <= {".lock"}:
            (self / ".lock").unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self.path.rmdir()

    def _locks(self):
        return (self / ".lock").exists()

    @property
    def begun(self):
        """Returns whether something has been learned here."""
        return (self / "config.json").exists() and any(
            (self / "checkpoints").glob("*.npz")
        )

    def _content(self):
        """Return what is in the folder beside what comes before `begin`."""
        entries = self.path.iterdir() if self.path.is_dir() else []
        return [
            p
            for p in entries
            if p.name not in (".lock", _OUTPUTS, *self._outputs())
            and not p.name.startswith(".partial-")
        ]

    def check_data(self, config, facts):
        """Refuses other data than those that the run began with.

        Where they lie is no matter.

        Args:
            config: the run's Config.
            facts: those of the data as they are now.

        Raises:
            UserError: see above.
        """
        saved = self.read()
        for name in facts:
            if name == "name" or saved["data"].get(name) == facts[name]:
                continue
            for flag, (before, now) in places.moved(config, saved).items():
                raise errors.UserError(
                    f"--{flag}={now}: the run in {self.path} has "
                    f"--{flag}={before}, and other data ({name}); give "
                    "another --run_dir, or --overwrite"
                )
            raise errors.UserError(
                f"--run_dir={self.path}: the data have changed since "
                f"the run began ({name}); restore them, give another "
                "--run_dir, or --overwrite"
            )

    def _check_same(self, config):
        read = self.read()
        if not self.begun:
            return
        saved = options_lib.resolved(type(config), read["flags"])
        moved = places.moved(config, read)
        for name, value in config.learned().items():
            if name in moved and places.may_be_same(name, config, read):
                continue
            if saved.get(name, value) != value:
                raise errors.UserError(
                    f"--{name}={value}: the run in {self.path} has "
                    f"--{name}={saved[name]}; give another --run_dir, or "
                    "--overwrite"
                )
        for field in dataclasses.fields(config):
            name = field.name
            before, now = saved.get(name), getattr(config, name)
            if not field.metadata["grows"] or before in (None, now):
                continue
            if now < before:
                raise errors.UserError(
                    f"--{name}={now}: the run in {self.path} has "
                    f"--{name}={before}; {name} may only grow; give another "
                    "--run_dir, or --overwrite"
                )
            note = config.growth_note(saved)
            if note:
                print(note)
