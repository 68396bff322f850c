"""The runner: the line from flags to a served model and its report."""

import dataclasses
import functools
import re

from etils import epy

from kerasnotes import archives, errors, files, flag_paths
from kerasnotes.training.run import command
from kerasnotes.training.run import flags as flags_lib
from kerasnotes.training.run import options as options_lib

with epy.lazy_imports():
    from kerasnotes.training import records
    from kerasnotes.training.distribute import strategies, workers
    from kerasnotes.training.fit import compiling
    from kerasnotes.training.report import page, supervised, tables
    from kerasnotes.training.run import fingerprints, places, session
    from kerasnotes.training.run import folder as run_folder
    from kerasnotes.training.serve import export as export_lib


# Modes whose work devices and machines share.
_SPREAD = ("train", "evaluate")


def main(task_class):
    """Run a trainer's command line; return only through `sys.exit`."""
    command.run(task_class.Config, functools.partial(run, task_class))


def run(task_class, flags, inputs, program):
    """Do what `--mode` says.

    Args:
        task_class: the `Task`.
        flags: the fields that the user named, a dictionary.
        inputs: arguments that are no flags: predict's inputs.
        program: the trainer's module, for commands to copy.
    """
    mode = flags.get("mode", "train")
    path = flags.get("run_dir") or f"runs/{task_class.name}"
    folder = run_folder.RunFolder(path, task_class.name)
    if inputs and mode != "predict":
        raise errors.UserError(
            f"{inputs[0]!r}: --mode={mode} takes flags alone; a data set is "
            "--dataset=…, and inputs go with --mode=predict"
        )
    # A run that goes on keeps the flags that aren't given anew.
    fresh = mode == "train" and (flags.get("overwrite") or not folder.begun)
    saved = {} if fresh else folder.read()
    _check_unlearned(task_class, mode, flags, saved.get("flags", {}))
    values = run_folder.saved_flags(task_class.Config, saved, folder) | flags
    if mode not in _SPREAD:
        values["strategy"] = "one_device"
    config = task_class.Config(**(values | {"run_dir": path, "mode": mode}))
    config.check()
    compiling.configure(config)
    with workers.together(), workers.worker_folder(path) as own_path:
        workers.check_flags(config)
        config = dataclasses.replace(config, run_dir=str(own_path))
        folder = run_folder.RunFolder(own_path, task_class.name)
        task = task_class(config)
        if mode == "train":
            words = flags | {"run_dir": str(folder.path), "overwrite": None}
            return train(task, folder, flags_lib.command(program, words))
        modes = {"evaluate": evaluate, "export": export, "predict": predict}
        answer = (modes | task.modes())[mode]
        return answer(OpenRun(task, folder, saved), inputs)


def _check_unlearned(task_class, mode, flags, saved):
    """Refuses flags that make another model, where none is trained."""
    if mode == "train":
        return
    flags, saved = (
        options_lib.resolved(task_class.Config, values)
        for values in (flags, saved)
    )
    for field in dataclasses.fields(task_class.Config):
        name = field.name
        if name not in flags or not field.metadata["learned"]:
            continue
        other_data = mode == "evaluate" and name == "dataset"
        if flags[name] != saved.get(name) and not other_data:
            raise errors.UserError(
                f"--{name}={flags[name]}: the run was trained with "
                f"--{name}={saved.get(name)}; --mode={mode} keeps to it; "
                "leave the flag out"
            )


@dataclasses.dataclass(frozen=True)
class OpenRun:
    """A run that has learned, opened again.

    Attributes:
        task: its `Task`.
        folder: its `RunFolder`.
        saved: what its config.json holds.
    """

    task: object
    folder: object
    saved: dict

    @property
    def facts(self):
        """The facts of the data that it learned from."""
        return self.saved["data"]

    @functools.cached_property
    def data(self):
        """The `Data` that its model is asked about.

        Raises:
            UserError: its own data have changed since it was trained, or
                aren't where they were.
        """
        config = self.task.config
        dataset, moved = config.dataset, places.moved(config, self.saved)
        try:
            data = self.task.data(self.facts)
        except errors.UserError as error:
            for flag in filter(places.is_of_data, places.names(config)):
                value = getattr(config, flag)
                if flag not in moved and flag_paths.are_missing(value):
                    words = flags_lib.command(
                        f"trainers.{self.task.name}",
                        {"run_dir": str(self.folder)},
                    )
                    raise errors.UserError(
                        f"--{flag}={value}: the data of the run in "
                        f"{self.folder} are not there any more; restore them, "
                        f"or say where they are: {words} --{flag}=PATH"
                    ) from error
            raise
        if "dataset" in moved:
            fingerprints.warn(self.folder, data, dataset)
        else:
            fingerprints.check(self.folder, self.facts, data, dataset)
        return data

    @functools.cached_property
    def example(self):
        """The `Data` on which exports are compared with the model.

        They are inputs that the run keeps; the data need not be there.
        """
        inputs = export_lib.read_inputs(self.folder)
        if inputs is None:
            return self.data
        return records.Data({}, self.facts, inputs)

    @functools.cached_property
    def trained(self):
        """The `Trained`, its model not compiled.

        Raises:
            UserError: there is no trained model, or it can't be read.
        """
        decisions = self.saved.get("chosen", {})
        model = load(self.folder / "model.keras")
        return self.task.Trained(model, self.facts, decisions)

    def outcome(self, split):
        """Return the `Outcome` of a split, of supervised learning.

        Args:
            split: the split's name.

        Raises:
            UserError: there is no such split, or no trained model.
        """
        if split not in self.data.splits:
            raise errors.unknown("--split", split, self.data.splits)
        answers = self.task.answers(self.trained, self.data.splits[split])
        return self.task.outcome(self.trained, answers)


def open_run(path, task_class, **flags):
    """Open a run's folder.

    Args:
        path: the folder.
        task_class: the `Task` that it is a run of.
        **flags: values that replace those of the run.

    Raises:
        UserError: there is no run of that task, or its config.json can't be
            read.
    """
    folder = run_folder.RunFolder(path, task_class.name)
    saved = folder.read()
    values = run_folder.saved_flags(task_class.Config, saved, folder)
    names = {f.name for f in dataclasses.fields(task_class.Config)}
    unknown = set(flags) - (names - run_folder.OF_ONE_COMMAND)
    if unknown:
        raise errors.unknown("flag", min(unknown), names)
    # Whatever the environment says of workers: nobody else is started.
    alone = {"run_dir": str(path), "strategy": "one_device"}
    # Nothing is to be trained.
    alone["mode"] = "evaluate"
    config = task_class.Config(**(values | flags | alone))
    config.check()
    compiling.configure(config)
    return OpenRun(task_class(config), folder, saved)


def learn_in(folder, task, data=None, watchers=()):
    """Learns in a folder, without export and report.

    Args:
        folder: the `RunFolder`, locked.
        task: the `Task`.
        data: its `Data`; None to read them.
        watchers: Keras callbacks beside the engine's own.

    Returns:
        `(trained, data)`: the `Trained` and the `Data`.
    """
    compiling.configure(task.config)
    folder.open(task.config)
    run = session.Run(task.config, folder, tuple(watchers))
    return _learn(task, run, data or task.data())


def _learn(task, run, data):
    """Learns, and writes down from what; returns `(trained, data)`."""
    data, hashes = fingerprints.with_digests(data)
    trained = task.learn(run, data)
    fingerprints.write(run.folder, hashes)
    return trained, data


def train(task, folder, program_command):
    """Learns, exports and reports; goes on where it was.

    Args:
        task: the `Task`.
        folder: its `RunFolder`.
        program_command: the command line that makes this run.
    """
    config = task.config
    export_lib.formats(config.export)
    folder.open(config)
    with folder.locked():
        done = None if config.overwrite else folder.finished
        if done and _is_complete(folder, config):
            find_again(folder, task)
            print(
                f"{folder.path}: finished; its report is "
                f"{folder / 'report.html'}. More {_growing(config)} go on, "
                "--overwrite starts anew."
            )
            return done
        run = session.Run(config, folder)
        trained, data = _learn(task, run, workers.chief_first(task.data))
        if not workers.is_chief():
            return None
        folder.check_there()
        _save(trained.model, folder / "model.keras")
        figures = export_lib.export(task, trained, data, folder)
        report = task.report(run, trained, data)
        metrics = {"task": task.name, **report.metrics, "export": figures}
        page.write(folder, report, program_command)
        folder.check_there()
        # Written last: it says that the run is whole.
        files.write_sealed(folder / "metrics.json", metrics)
    print(report.text)
    print(f"report: {folder / 'report.html'}")
    export_lib.check(figures)
    return metrics


def find_again(folder, task):
    """Take down where the data of a run lie now, if they have moved.

    Args:
        folder: the `RunFolder`.
        task: its `Task`, whose flags say where they lie.

    Raises:
        UserError: the data that lie there are others.
    """
    moved = places.moved(task.config, folder.read())
    if not moved:
        return
    data, _ = fingerprints.with_digests(workers.chief_first(task.data))
    folder.check_data(task.config, data.facts)
    places.keep(folder, task.config, data.facts.get("name"))
    for flag, (before, now) in moved.items():
        print(f"{folder}: has --{flag}={now} now, not {before}")


def _growing(config):
    """Return the flags under whose larger values a run goes on."""
    fields = dataclasses.fields(config)
    return ", ".join(f"--{f.name}" for f in fields if f.metadata["grows"])


def _is_complete(folder, config):
    """Return whether a finished run has all that is asked of it."""
    try:
        archives.check_zip(folder / "model.keras")
    except Exception:  # Zipfile raises at will.
        return False
    saved = folder.read()["flags"]
    for field in dataclasses.fields(config):
        before, now = saved.get(field.name), getattr(config, field.name)
        if field.metadata["grows"] and (before is None or before < now):
            return False
        if field.metadata["shown"] and before != now:
            return False
    return True


def _save(model, path):
    with files.aside(path) as partial:
        # How it was trained would ask for classes that no reader has.
        model.compiled, compiled = False, model.compiled
        model.save(partial)
        model.compiled = compiled


def load(path):
    """Return the model of a run's `model.keras`, not compiled.

    Raises:
        UserError: it isn't there, or can't be read.
    """
    if not path.exists():
        raise errors.UserError(
            f"{path}: not there; train the run to its end first"
        )
    try:
        return archives.load_model(path)
    except Exception as error:  # Zip, JSON, HDF5 and Keras raise at will.
        reason = re.split(r"[.]\s|\n", str(error) or repr(error))[0]
        raise errors.UserError(
            f"{path}: not a model that can be read ({reason:.300}); delete it, "
            "and the training command makes it anew from the checkpoints"
        ) from error


def evaluate(opened, inputs=()):
    """Print the metrics of the trained model on every split."""
    task = opened.task
    if not hasattr(task, "score"):
        raise errors.UserError(
            f"--mode=evaluate: {task.name} has no true answers to compare "
            "with; look at its report"
        )
    data = workers.chief_first(lambda: opened.data)
    with strategies.strategy(task.config.strategy).scope():
        trained = opened.trained
    _, scores = supervised.evaluate(task, trained, data)
    print(tables.metrics_text(scores))
    return scores


def export(opened, inputs=()):
    """Export the trained model once more, in the formats asked for."""
    figures = export_lib.export(
        opened.task, opened.trained, opened.example, opened.folder
    )
    export_lib.check(figures)
    return figures


def predict(opened, inputs):
    """Print an answer for each input; return the exit status."""
    if not inputs:
        raise errors.UserError(
            "--mode=predict: name the files, folders or texts to answer for"
        )
    answers = opened.task.predict(opened.trained, inputs)
    return tables.print_answers(answers, opened.task.config.format)
