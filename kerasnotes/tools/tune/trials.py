"""One trial of a search: a run that tells the study how it goes."""

import contextlib
import dataclasses
import math
import shutil
import signal
import sys

import keras
import optuna
from optuna.trial import TrialState

from kerasnotes import errors
from kerasnotes.diagnosis import selection
from kerasnotes.training import runner
from kerasnotes.training.fit import checkpoints, evaluating
from kerasnotes.training.run import command
from kerasnotes.training.serve import export

_BROKEN = 1e6


class Reporter(keras.callbacks.Callback):
    """Tells the study each epoch's score, and ends a trial without hope.

    The score is that of the epoch that would be kept: a lucky epoch counts
    and a worse one after it doesn't. An epoch that breaks a bound of
    `--satisfy` is behind all that keep it.

    Args:
        trial: the Optuna trial.
        chooser: the `Selection`.
        told: what earlier epochs have told, a dictionary by epoch.
        live: a stream that shows the epoch on a terminal, or None.
    """

    def __init__(self, trial, chooser, reported, live=None):
        super().__init__()
        self._trial, self._chooser = trial, chooser
        self._reported, self._live = dict(reported), live

    def on_epoch_end(self, epoch, logs=None):
        epoch += 1
        if epoch in self._reported:
            return
        smaller = selection.smaller_is_better(self._chooser.optimize)
        best = min if smaller else max
        score = best([self._score(logs, smaller), *self._reported.values()])
        self._reported[epoch] = score
        self._trial.report(score, epoch)
        if self._live:
            text = f"\rtrial {self._trial.number}  epoch {epoch}  {score:.4f}"
            print(text, end="\x1b[K\r", file=self._live, flush=True)
        if self._trial.should_prune():
            raise optuna.TrialPruned

    def _score(self, logs, smaller):
        sign = 1 if smaller else -1
        dev = {
            name.removeprefix("val_"): float(value)
            for name, value in logs.items()
            if name.startswith("val_")
        }
        value = sign * self._chooser.value(dev)
        bounds = self._chooser.bounds
        broken = [bound.violation(dev[bound.name]) for bound in bounds]
        value += _BROKEN * sum(broken)
        return sign * (math.inf if math.isnan(value) else value)


def learn(study, folder, config, watchers=()):
    """Trains as the trainer's own run with the same flags, without a report.

    Args:
        study: the `Study`.
        folder: the trial's `RunFolder`, locked.
        config: the trial's Config.
        watchers: Keras callbacks.

    Returns:
        `(task, trained, data)`.
    """
    task = study.task_class(
        dataclasses.replace(
            config, run_dir=str(folder.path), learning_curve=None
        )
    )
    return task, *runner.learn_in(folder, task, watchers=watchers)


def scores(task, trained, split):
    """Return the metrics of a split that are numbers."""
    answers = evaluating.answered(task, trained, split)
    return scalars(task.score(trained, answers))


def scalars(metrics):
    """Return the metrics that are numbers."""
    return {k: v for k, v in metrics.items() if isinstance(v, int | float)}


def attempt(study, trial):
    """Trains the trial, and tells the study how it ended.

    A loss that diverges fails the trial alone; so does a value that is
    refused, once another trial has shown that the flag's others aren't.

    Args:
        study: the `Study`.
        trial: the Optuna trial that `Study.claimed` gave.

    Returns:
        A line for the terminal.

    Raises:
        UserError: what would end the other trials as well.
    """
    folder = study.run_folder(trial.number)
    _, config = study.flags(trial.params)
    reported = study.trials()[trial.number].intermediate_values
    live = sys.stdout if sys.stdout.isatty() else None
    reporter = Reporter(trial, study.chooser, reported, live)
    state, dev, value, reason = TrialState.COMPLETE, None, None, None
    try:
        with output(folder):
            task, trained, data = learn(study, folder, config, [reporter])
            run = trained.state
            dev = scores(task, trained, data.splits["dev"])
            if study.chooser.at_export:
                dev |= _exported(task, trained, data, folder)
        dev = study.chooser.scored(dev)
        value = dev[study.chooser.optimize]
    except optuna.TrialPruned:
        state, run = TrialState.PRUNED, _left(folder)
    except errors.UserError as error:
        if not _own_fault(study, trial, error):
            raise
        state, run, reason = TrialState.FAIL, _left(folder), str(error)
    finally:
        # The handler that training left saves a run that is over.
        signal.signal(signal.SIGTERM, command.stop)
    if state == TrialState.PRUNED:
        dev = run["best"] and study.chooser.scored(run["best"])
    for name, metrics in {
        "dev": dev,
        "epochs": len(run["history"]) if run else 0,
        "seconds": run["seconds"] if run else 0.0,
        "reason": reason,
    }.items():
        trial.set_user_attr(name, metrics)
    study.optuna.tell(trial, value, state if value is None else None)
    return _line(study, trial.number)


def _own_fault(study, trial, error):
    """Return whether an error is of this trial's values alone."""
    if isinstance(error, errors.Diverged):
        return True
    flags = tuple(f"--{name.partition('.')[0]}" for name in trial.params)
    tried = study.trials(TrialState.COMPLETE, TrialState.PRUNED)
    return bool(tried) and str(error).startswith(flags)


def _line(study, number):
    record = study.trials()[number]
    attributes = record.user_attrs
    name = study.chooser.optimize
    score = (
        f"dev {name} {attributes['dev'][name]:.4f}  "
        if attributes["dev"]
        else ""
    )
    values = " ".join(f"{k}={v}" for k, v in record.params.items())
    reason = (
        f"  ({attributes['reason'].split(';')[0]})"
        if attributes["reason"]
        else ""
    )
    return (
        f"trial {number:<3} {record.state.name.lower():<9} {score}"
        f"{attributes['epochs']} epochs  {attributes['seconds']:.1f} s  "
        f"{values}{reason}"
    )


def _left(folder):
    """Return the last state that a run which didn't end has saved."""
    checkpoint = checkpoints.Checkpoints(folder / "checkpoints").load_last()
    return checkpoint and checkpoint[1]


def _exported(task, trained, data, folder):
    """Return size and latency of the SavedModel, which isn't kept."""
    config = dataclasses.replace(task.config, export="saved_model")
    figures = export.export(type(task)(config), trained, data, folder)
    shutil.rmtree(folder / "saved_model")
    return {n: figures["saved_model"][n] for n in ("size_mb", "latency_ms")}


@contextlib.contextmanager
def output(folder):
    """Send what a run prints to a text file beside its folder."""
    path = folder.path.with_suffix(".txt")
    with (
        open(path, "a", buffering=1, encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
    ):
        yield
