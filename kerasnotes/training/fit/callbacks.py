"""Keras callbacks of the runner: progress, the guard, the keeper."""

import math
import sys
import time

import keras

from kerasnotes import errors, files
from kerasnotes.plots import digits
from kerasnotes.training.distribute import workers
from kerasnotes.training.fit import checkpoints, nudging

_PROGRESS_SECONDS = 0.5


class Progress(keras.callbacks.Callback):
    """Prints a line an epoch, and on a terminal the step it is at.

    Args:
        epochs: the number of epochs in all.
        steps: steps of an epoch.
        metric: the dev metric that chooses, shown beside the loss.
        first_step: the step, from 0, at which an epoch that was cut goes on.
    """

    def __init__(self, epochs, steps, metric, first_step=0):
        super().__init__()
        self._epochs, self._steps, self._metric = epochs, steps, metric
        self._offset = first_step
        self._live = sys.stdout.isatty()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._shown = epoch + 1, time.monotonic()
        self._began = self._shown

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        pause = _PROGRESS_SECONDS if self._live else 60 * _PROGRESS_SECONDS
        if now - self._shown < pause:
            return
        self._shown = now
        step = self._offset + batch + 1
        left = (now - self._began) / (batch + 1) * (self._steps - step)
        text = (
            f"epoch {self._epoch}/{self._epochs}  step {step}/"
            f"{self._steps}  loss {digits.text(logs['loss'])}  "
            f"{left:.0f} s left"
        )
        print(f"\r{text}\x1b[K" if self._live else text, end="", flush=True)
        print(end="" if self._live else "\n")

    def on_epoch_end(self, epoch, logs=None):
        shown = ["loss", "val_loss", f"val_{self._metric}"]
        numbers = "  ".join(
            f"{name.replace('val_', 'dev ')} {digits.text(logs[name])}"
            for name in dict.fromkeys(shown)
            if name in logs
        )
        start = "\r" if self._live else ""
        end = "\x1b[K\n" if self._live else "\n"
        seconds = time.monotonic() - self._began
        print(
            f"{start}epoch {epoch + 1}/{self._epochs}  {numbers}  "
            f"{seconds:.1f} s",
            end=end,
            flush=True,
        )


class Guard(keras.callbacks.Callback):
    """Stops at the step whose loss is no number any more.

    Args:
        steps: steps of an epoch.
        first_step: the step, from 0, at which the first epoch goes on.
    """

    def __init__(self, steps, first_step=0):
        super().__init__()
        self._steps, self._offset = steps, first_step

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        # The last step of an epoch may have spoilt the weights.
        self._check(logs.get("val_loss", 0.0), self._steps)
        self._offset = 0

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs["loss"], self._offset + batch + 1)

    def _check(self, loss, step):
        if math.isfinite(loss):
            return
        step += self._epoch * self._steps
        raise errors.Diverged(
            f"the loss is {float(loss)} at step {step} (epoch "
            f"{self._epoch + 1}); checkpoints of earlier epochs are kept; try "
            "a smaller --learning_rate, --clip_norm=1, or smaller penalties, "
            "with --overwrite"
        )


class Keeper(keras.callbacks.Callback):
    """Keeps the run's state: checkpoints, history.csv, nudges, best weights.

    Args:
        folder: the run's folder.
        store: its `Checkpoints`.
        selection: the `kerasnotes.diagnosis.selection.Selection`.
        steps: steps of an epoch.
        config: the run's `Config`.
    """

    def __init__(self, folder, store, selection, steps, config):
        super().__init__()
        self._folder, self._store = folder, store
        self._selection, self.state = selection, self.new_state()
        self._steps, self._config = steps, config
        self._dev_weights = self._metric_values = None
        self._stop_asked = False
        self._began, self._spent = time.monotonic(), 0.0

    def set_model(self, model):
        super().set_model(model)
        path = self._folder / "nudge.json"
        self._nudger = nudging.Nudger(path, model, self._config)

    @property
    def stopped(self):
        """Whether patience has ended, or a nudge has stopped the run."""
        return self.state["stopped"]

    @property
    def place(self):
        """Returns where the run is, in words."""
        epoch, step = self.state["epoch"], self.state["step"]
        if step:
            return f"step {step} of epoch {epoch + 1}"
        return f"epoch {epoch}"

    @staticmethod
    def new_state():
        """Return the state before the first step."""
        return {
            "epoch": 0,
            "step": 0,
            "history": [],
            "nudges": [],
            "best": None,
            "best_file": None,
            "stopped": False,
            "seconds": 0.0,
        }

    def resume(self, values, state, source):
        """Set the model and its optimiser to what a checkpoint holds."""
        self.state = self.new_state() | state
        self._began, self._spent = time.monotonic(), self.state["seconds"]
        variables = self._variables()
        if state["step"]:
            count = len(variables)
            names = list(values)
            self._metric_values = [values[n] for n in names[count:]]
            values = {n: values[n] for n in names[:count]}
        checkpoints.restore(variables, values, source)
        self._nudger.apply(self.state["nudges"])
        if self.state["history"] and not self.state["step"]:
            # A nudge that spoilt the epoch after it can be taken back.
            nudges = list(self.state["nudges"])
            stop = self._nudger.nudge(
                self.state["history"][-1], self.state["nudges"]
            )
            self.state["stopped"] = stop or self._patience_ended()
            if self.state["nudges"] != nudges:
                self._save()
            # A kill may have come between a checkpoint and it.
            self._write_history()

    def _variables(self):
        """Return the variables, beside metrics, that a step depends on."""
        return [*self.model.variables, *self.model.optimizer.variables]

    def ask_to_stop(self, *_):
        """Save and raise `Preempted` after the next step; for signals."""
        self._stop_asked = True

    def stop_if_asked(self):
        """Raise `Preempted` where there is nothing to save."""
        if workers.any_of(self._stop_asked)[0]:
            raise errors.Preempted

    def on_train_begin(self, logs=None):
        self._saved = self._began = time.monotonic()
        self._spent = self.state["seconds"]

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_began = time.monotonic()
        self._offset = self.state["step"]
        if self._metric_values:
            # Fit has just reset the metrics of the epoch that goes on.
            for variable, value in zip(
                self.model.metrics_variables, self._metric_values, strict=True
            ):
                variable.assign(value)
            self._metric_values = None

    def on_train_batch_end(self, batch, logs=None):
        step = self._offset + batch + 1
        together = self.model.steps_per_execution
        if step >= self._steps or not workers.may_agree(step, together):
            return
        due = time.monotonic() - self._saved > checkpoints.SECONDS
        stop, due = workers.any_of(self._stop_asked, due and workers.is_chief())
        if stop or due:
            self.state["step"] = step
            self._save()
        if stop:
            raise errors.Preempted

    def on_test_end(self, logs=None):
        # Averaged weights are in the model for the length of the test.
        if self._config.weight_average is not None:
            self._dev_weights = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        dev = {
            name.removeprefix("val_"): float(value)
            for name, value in logs.items()
            if name.startswith("val_")
        }
        row = {"epoch": epoch + 1}
        row |= {name: float(value) for name, value in logs.items()}
        row["learning_rate"] = nudging.last_rate(self.model.optimizer)
        row |= self._nudger.penalties(self.state["nudges"])
        row["seconds"] = round(time.monotonic() - self._epoch_began, 3)
        self.state["history"].append(row)
        self.state.update(epoch=epoch + 1, step=0)
        self._folder.check_there()
        best = self.state["best"]
        if best is None or self._selection.better(dev, best):
            self.state["best"] = {"epoch": epoch + 1, **dev}
            weights = self._dev_weights or self.model.get_weights()
            self.state["best_file"] = self._store.save_best(
                (epoch + 1) * self._steps,
                {f"{i:05d}": w for i, w in enumerate(weights)},
            )
        stop = self._nudger.nudge(row, self.state["nudges"])
        if stop or self._patience_ended():
            self.state["stopped"] = self.model.stop_training = True
        self._save()
        self._write_history()
        self.stop_if_asked()

    def _patience_ended(self):
        patience, state = self._config.early_stop, self.state
        if patience is None:
            return False
        return state["epoch"] - state["best"]["epoch"] >= patience

    def _write_history(self):
        files.write_csv(self._folder / "history.csv", self.state["history"])

    def _save(self):
        self._folder.check_there()
        variables = self._variables()
        if self.state["step"]:
            variables += self.model.metrics_variables
        self._saved = time.monotonic()
        self.state["seconds"] = self._spent + self._saved - self._began
        self._store.save_last(
            self.state["epoch"] * self._steps + self.state["step"],
            checkpoints.collect(variables),
            self.state,
        )
