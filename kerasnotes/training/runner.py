"""The runner: the line from flags to a served model and its report."""

import dataclasses
import functools
import re

from etils import epy

from kerasnotes import archives, errors, files
from kerasnotes.training.run import command
from kerasnotes.training.run import flags as flags_lib

with epy.lazy_imports():
    from kerasnotes.diagnosis import selection as selection_lib
    from kerasnotes.training.distribute import strategies, workers
    from kerasnotes.training.fit import compiling, loop
    from kerasnotes.training.report import diagnosing, learning_curve
    from kerasnotes.training.report import page as report
    from kerasnotes.training.run import folder as run_folder
    from kerasnotes.training.serve import export


# Modes whose work devices and machines share.
_SPREAD = ("train", "evaluate")
# Settings that change what a finished run has to show.
_SHOWN = (
    "alpha",
    "answers",
    "beam",
    "calibrate",
    "export",
    "fold_batch_norm",
    "human_error",
    "judge",
    "learning_curve",
)


def main(task_class):
    """Runs a trainer's command line; returns only through `sys.exit`."""
    command.run(task_class.Config, functools.partial(run, task_class))


def run(task_class, given, rest, program):
    """Does what `--mode` says.

    Args:
        task_class: the `Task`.
        given: the fields that the user named.
        rest: arguments that are no flags: predict's inputs.
        program: the trainer's module, for commands to copy.
    """
    mode = given.get("mode", "train")
    path = given.get("run_dir") or f"runs/{task_class.name}"
    folder = run_folder.RunFolder(path, task_class.name)
    if rest and mode != "predict":
        raise errors.UserError(
            f"{rest[0]!r}: --mode={mode} takes flags alone; a data set is "
            "--dataset=…, and inputs go with --mode=predict"
        )
    # A run that goes on keeps the flags that aren't given anew.
    fresh = mode == "train" and (given.get("overwrite") or not folder.begun)
    saved = {} if fresh else folder.read()
    _check_unlearned(task_class, mode, given, saved.get("flags", {}))
    values = run_folder.kept_flags(task_class.Config, saved, folder) | given
    if mode not in _SPREAD:
        values["strategy"] = "one_device"
    config = task_class.Config(**(values | {"run_dir": path, "mode": mode}))
    config.check()
    compiling.configure(config)
    with workers.together(), workers.own_folder(path) as own:
        workers.check_flags(config)
        config = dataclasses.replace(config, run_dir=str(own))
        folder = run_folder.RunFolder(own, task_class.name)
        task = task_class(
            config, saved.get("data") if mode != "train" else None
        )
        if mode != "train":
            task.chosen = saved.get("chosen", {})
        return _do(mode, task, folder, given, rest, program)


def _do(mode, task, folder, given, rest, program):
    own = task.modes().get(mode)
    if own:
        return own(load(task, folder), folder)
    modes = {
        "train": lambda: train(task, folder, given, program),
        "evaluate": lambda: evaluate(task, folder),
        "export": lambda: export_again(task, folder),
        "predict": lambda: predict(task, folder, rest),
    }
    return modes[mode]()


def _check_unlearned(task_class, mode, given, saved):
    """Refuses flags that make another model, where none is trained."""
    if mode == "train":
        return
    for field in dataclasses.fields(task_class.Config):
        name = field.name
        if name not in given or not field.metadata["learned"]:
            continue
        other_data = mode == "evaluate" and name == "dataset"
        if given[name] != saved.get(name) and not other_data:
            raise errors.UserError(
                f"--{name}={given[name]}: the run was trained with "
                f"--{name}={saved.get(name)}; --mode={mode} keeps to it; "
                "leave the flag out"
            )


def train(task, folder, given, program):
    """Trains, evaluates, exports and reports; goes on where it was."""
    config = task.config
    chooser = selection_lib.Selection(config.optimize, config.satisfy)
    export.formats(config.export)
    learning_curve.shares(config)
    folder.open(config)
    with folder.locked():
        done = None if config.overwrite else folder.finished
        if (
            done
            and _whole(folder / "model.keras")
            and _nothing_new(folder.read()["flags"], config)
        ):
            print(
                f"{folder.path}: finished; its report is "
                f"{folder / 'report.html'}. More --epochs go on, "
                "--overwrite starts anew."
            )
            return done
        splits = workers.chief_first(task.splits)
        learning_curve.sizes(config, splits["train"])
        model, state = loop.learn(task, folder, splits, chooser, asked=config)
        if not workers.is_chief():
            # The chief does the rest, but for what is learned on parts.
            _learning_curve(task, splits, chooser, folder)
            return None
        metrics = _finish(task, folder, splits, model, state, chooser)
        if config.learning_curve and state["nudges"]:
            print("learning curve: the parts train by the flags, not nudged")
        points = _learning_curve(task, splits, chooser, folder)
        metrics["diagnosis"], verdict, found = diagnosing.diagnose(
            task, model, splits, metrics, config, points
        )
        report.write(
            folder,
            metrics,
            state,
            [*found, *task.review(model, splits, folder)],
            flags_lib.command(
                program,
                given | {"run_dir": str(folder.path), "overwrite": None},
            ),
            task.headline,
        )
        # Written last: it says that the run is whole.
        files.write_sealed(folder / "metrics.json", metrics)
    print(report.metrics_text(metrics))
    print(verdict)
    print(f"report: {folder / 'report.html'}")
    return metrics


def _whole(path):
    try:
        archives.check_zip(path)
    except Exception:  # Zipfile raises at will.
        return False
    return True


def _nothing_new(saved, config):
    """Returns whether a finished run has all that is asked of it."""
    return saved["epochs"] >= config.epochs and all(
        saved.get(name) == getattr(config, name, None) for name in _SHOWN
    )


def _learning_curve(task, splits, chooser, folder):
    """Trains on parts of the training set, where `--learning_curve` asks."""
    if task.config.learning_curve is None:
        return None
    return learning_curve.learning_curve(task, splits, chooser, folder)


def _finish(task, folder, splits, model, state, chooser):
    """Evaluates, saves and exports; returns the metrics."""
    config = task.config
    with files.aside(folder / "model.keras") as partial:
        # How it was trained would ask for classes that no reader has.
        model.compiled, compiled = False, model.compiled
        model.save(partial)
        model.compiled = compiled
    metrics = {
        "task": task.name,
        "model": model.name,
        "parameters": model.count_params(),
        "best_epoch": state["best"]["epoch"],
        "chosen": task.chosen,
    }
    for name, split in splits.items():
        metrics[name] = task.evaluate(model, split)
    for bound in chooser.bounds:
        value = metrics["dev"][bound.name]
        verdict = "kept" if bound.holds(value) else "BROKEN"
        print(f"--satisfy: {bound} is {verdict} on dev: {value:.4f}")
    metrics["export"] = export.export(
        task, model, splits["dev"], folder, chooser.export_bounds
    )
    steps = loop.steps_per_epoch(splits, config)
    # Batches of like length aren't all whole.
    seen = min(steps * config.batch_size, splits["train"].size)
    metrics["seconds"] = round(state["seconds"], 3)
    metrics["examples_per_second"] = round(
        seen * len(state["history"]) / max(state["seconds"], 1e-9), 1
    )
    return metrics


def load(task, folder):
    """Returns the trained model of a run."""
    path = folder / "model.keras"
    if not path.exists():
        raise errors.UserError(
            f"{path}: not there; train the run to its end first"
        )
    try:
        return task.load(path)
    except Exception as error:  # Zip, JSON, HDF5 and Keras raise at will.
        reason = re.split(r"[.]\s|\n", str(error) or repr(error))[0]
        raise errors.UserError(
            f"{path}: not a model that can be read ({reason:.300}); delete it, "
            "and the training command makes it anew from the checkpoints"
        ) from error


def evaluate(task, folder):
    """Prints the metrics of the trained model on every split."""
    splits = workers.chief_first(task.splits)
    with strategies.strategy(task.config.strategy).scope():
        model = load(task, folder)
        compiling.compile_to_evaluate(model, task)
    metrics = {
        name: task.evaluate(model, split) for name, split in splits.items()
    }
    print(report.metrics_text(metrics))
    return metrics


def export_again(task, folder):
    """Exports the trained model once more, in the formats asked for."""
    model = load(task, folder)
    splits = task.splits()
    chooser = selection_lib.Selection(task.config.optimize, task.config.satisfy)
    return export.export(
        task, model, splits["dev"], folder, chooser.export_bounds
    )


def predict(task, folder, inputs):
    """Prints an answer for each input; returns the exit status."""
    if not inputs:
        raise errors.UserError(
            "--mode=predict: name the files, folders or texts to answer for"
        )
    answers = task.predict(load(task, folder), inputs)
    return report.print_answers(answers, task.config.format)
