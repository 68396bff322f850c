"""Where the time of a step goes: a trace of some steps, for TensorBoard."""

import contextlib

import keras
import tensorflow as tf

from kerasnotes import errors, specs


class Profiler(keras.callbacks.Callback):
    """Traces steps in the first epoch that runs them.

    Steps that run in one call (`steps_per_execution`) are traced together.
    The trace changes nothing that is learned.

    Args:
        first: the first step to trace, from 1 in its epoch.
        last: the last one.
        steps: steps of an epoch.
        folder: where the trace goes, the `--logdir` of TensorBoard.

    Source: https://www.tensorflow.org/guide/profiler
    """

    def __init__(self, first, last, steps, folder):
        super().__init__()
        self._first, self._last, self._steps = first, last, steps
        self._folder, self._traced, self._mark = str(folder), [], None
        self._done = False

    def on_train_batch_begin(self, batch, logs=None):
        # An epoch that was cut goes on with the steps left.
        step = self._steps - self.params["steps"] + batch + 1
        end = step + self.model.steps_per_execution - 1
        if self._done or end < self._first or step > self._last:
            return
        if not self._traced:
            tf.profiler.experimental.start(self._folder)
        self._traced += [step, end]
        self._mark = tf.profiler.experimental.Trace(
            "train", step_num=step, _r=1
        )

    def on_train_batch_end(self, batch, logs=None):
        self._end_mark()
        if self._traced and self._traced[-1] >= self._last:
            self.close()

    def _end_mark(self):
        if self._mark is not None:
            self._mark.__exit__(None, None, None)
            self._mark = None

    def close(self):
        """Write the trace, of fewer steps where the run has ended."""
        if self._done or not self._traced:
            return
        self._done = True
        self._end_mark()
        tf.profiler.experimental.stop()
        print(
            f"--profile: steps {self._traced[0]} to {self._traced[-1]} are "
            "traced; pip install xprof, and look at them by tensorboard "
            f"--logdir={self._folder}"
        )


@contextlib.contextmanager
def profiler(asked, steps, folder):
    """Yield the callbacks that `--profile` asks for, a list.

    What they trace is written also where the run ends in between.

    Args:
        asked: the flag's value: `"10,20"`, or None.
        steps: steps of an epoch.
        folder: the `--logdir` of TensorBoard.

    Raises:
        UserError: an epoch hasn't these steps.
    """
    if asked is None:
        yield []
        return
    first, last = specs.span("--profile", asked)
    if last > steps:
        raise errors.UserError(
            f"--profile={asked}: an epoch has only {steps} steps"
        )
    callback = Profiler(first, last, steps, folder)
    try:
        yield [callback]
    finally:
        callback.close()
