"""What `--watch` looks at while a run learns, and what it found."""

import keras

from kerasnotes import errors
from kerasnotes.diagnosis import cost_curve, gradient_check
from kerasnotes.training.fit import monitors

_EXAMPLES, _SAMPLES = 8, 10


class GradientWatch(keras.callbacks.Callback):
    """Checks the gradients before the first step and after the last.

    A gradient may be right only near the initial weights, hence twice. The
    model runs as it is served: dropout off, batch norm by its averages.

    Args:
        x: inputs, a few examples.
        y: their targets.

    Attributes:
        findings: a text for each check.
    """

    def __init__(self, x, y):
        super().__init__()
        self._x, self._y, self.findings = x, y, []

    def on_train_begin(self, logs=None):
        self._check("before training")

    def on_train_end(self, logs=None):
        self._check("after training")

    def _check(self, when):
        check = gradient_check.gradient_check(
            self.model,
            self.model.loss,
            self._x,
            self._y,
            samples=_SAMPLES,
            training=False,
        )
        self.findings.append(f"gradients {when}:\n{check}")
        print(self.findings[-1])


def watcher(kind, train, batch_size, folder):
    """Return the callback that looks on, or None.

    Args:
        kind: the value of `--watch`.
        train: the training split.
        batch_size: examples a step.
        folder: where norms go for TensorBoard.

    Raises:
        UserError: the cost is asked for of a set that is no one batch.
    """
    size = {"norms": batch_size, "cost": train.size, "gradients": _EXAMPLES}
    if kind not in size:
        return None
    x, y, w = next(iter(train.evaluation_batches(size[kind])))
    if kind == "norms":
        return monitors.NormMonitor(x, y, folder, w)
    if kind == "cost" and len(y) < train.size:
        raise errors.UserError(
            "--watch=cost: takes the training set as one batch, which "
            f"{getattr(train, 'cut_by', 'its bound')} is too small for; leave "
            "that out"
        )
    if kind == "cost":
        return monitors.CostMonitor(x, y, w)
    return GradientWatch(x, y)


def findings(callback):
    """Return what a watcher found, as texts for the report.

    One that has seen no step, in a run that was trained before, found none.
    """
    if isinstance(callback, monitors.CostMonitor):
        if len(callback.costs) < 2:
            return []
        costs = f"{callback.costs[0]:.6g} to {callback.costs[-1]:.6g}"
        rise = callback.first_rise
        first = f", first rose at step {rise}" if rise else ""
        verdict = cost_curve.verdict(callback.costs)
        return [
            f"the cost of the whole training set, {costs}{first}; {verdict}"
        ]
    if isinstance(callback, monitors.NormMonitor) and callback.history:
        return callback.findings or ["no gradient vanishes or explodes"]
    return callback.findings if callback else []
