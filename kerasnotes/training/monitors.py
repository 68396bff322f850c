"""Callbacks that watch a model learn: its norms, and its cost."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf

VANISHED, EXPLODED = 1e-4, 1e4


class NormMonitor(keras.callbacks.Callback):
    """Logs each layer's gradient and activation, and warns of extremes.

    At the end of every epoch the compiled loss `J`, penalties included, is
    taken on one batch in training mode; neither weights, batch norm's
    averages nor the seeds of dropout change. For every layer with trainable
    weights it keeps

    - `gradient`: `‖∂J/∂W‖` over all the layer's weights,
    - `activation`: the root mean square of the layer's output `a`,
    - `signal`: `‖∂J/∂a‖`, the error that arrives at the layer.

    The gradient is said to vanish where the signal is below 1e-4 of that of
    the layer called last, and to explode where it is above 1e4 times that, or
    no number. The signal is compared, not the gradient, because it alone
    shows depth: in a stack of layers `0.5·I` all weight gradients are equal.
    A warning names the layer, once for each kind.

    Args:
        x: inputs of the batch.
        y: its targets.
        log_dir: folder for TensorBoard, or None.

    Attributes:
        history: a row for each epoch and layer: a dictionary of `epoch` (from
            1), `layer`, `gradient`, `activation` and `signal`.
        findings: the warnings given, as texts.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(1, name="last")]
    ... )
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 2)), np.zeros((4, 1))
    >>> monitor = NormMonitor(x, y)
    >>> _ = model.fit(x, y, verbose=0, callbacks=[monitor])
    >>> sorted(monitor.history[0])
    ['activation', 'epoch', 'gradient', 'layer', 'signal']

    Source: course 2, "Vanishing/exploding gradients"; Glorot and Bengio,
    2010, section 4.2, for the two norms.
    """

    def __init__(self, x, y, log_dir=None):
        super().__init__()
        self._x, self._y = _tensors((x, y))
        self._log_dir, self._writer = log_dir, None
        self.history, self.findings = [], []
        self._warned = set()

    def on_epoch_end(self, epoch, logs=None):
        rows = [
            {"epoch": epoch + 1, **row}
            for row in _norms(self.model, self._x, self._y)
        ]
        self.history.extend(rows)
        self._log(rows)
        for kind, row in _extremes(rows):
            if kind in self._warned:
                continue
            self._warned.add(kind)
            self.findings.append(
                f"{kind} gradient in epoch {epoch + 1} at layer "
                f"{row['layer']!r}: ‖∂J/∂a‖ is {row['signal']:.1e} there and "
                f"{rows[-1]['signal']:.1e} at the last, {rows[-1]['layer']!r}"
                "; try He initialisation, batch norm, shortcuts or "
                f"{'ReLU' if kind == 'vanishing' else 'clipping'}"
            )
            warnings.warn(self.findings[-1], stacklevel=2)

    def on_train_end(self, logs=None):
        if self._writer:
            self._writer.close()
            self._writer = None

    def _log(self, rows):
        if self._log_dir is None:
            return
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._log_dir))
        with self._writer.as_default():
            for row in rows:
                for name in ("gradient", "activation", "signal"):
                    tf.summary.scalar(
                        f"norms/{name}/{row['layer']}", row[name], row["epoch"]
                    )


class CostMonitor(keras.callbacks.Callback):
    """Checks that the cost of the whole set falls at every step.

    The cost is the compiled loss on all of `(x, y)`, penalties included, with
    dropout off and batch norm by its running averages. With full batches and
    a learning rate that isn't too large it falls at every step; the first
    rise by more than rounding (1e-6 of the cost), or a cost that is no
    number, is kept and warned of. A pass over the set a step: for small sets.

    Args:
        x: all inputs.
        y: all targets.

    Attributes:
        costs: the cost before the first step, and after each. Where steps run
            several a call (`steps_per_execution`), after each call.
        first_rise: the step, from 1 over all epochs, at which the cost first
            rose, or None.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), "mse")
    >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
    >>> monitor = CostMonitor(x, y)
    >>> _ = model.fit(x, y, epochs=3, verbose=0, callbacks=[monitor])
    >>> len(monitor.costs), monitor.first_rise
    (4, None)

    Source: course 2, "Mini-batch gradient descent".
    """

    def __init__(self, x, y):
        super().__init__()
        self._x, self._y = _tensors((x, y))
        self.costs, self.first_rise = [], None

    def on_train_begin(self, logs=None):
        def cost():
            return _cost(self.model, self._x, self._y, training=False)

        self._cost = cost if self.model.run_eagerly else tf.function(cost)
        self.costs.append(float(self._cost()))

    def on_train_batch_end(self, batch, logs=None):
        self.costs.append(float(self._cost()))
        before, after = self.costs[-2:]
        fell = after - before <= 1e-6 * abs(before)
        if fell or self.first_rise is not None:
            return
        self.first_rise = int(self.model.optimizer.iterations)
        warnings.warn(
            f"the cost of the whole set rose at step {self.first_rise}, from "
            f"{before:.6g} to {after:.6g}; expected of mini-batches and "
            "dropout, else try a smaller learning rate, or check the gradient",
            stacklevel=2,
        )


def _tensors(structure):
    return keras.tree.map_structure(tf.convert_to_tensor, structure)


def _cost(model, x, y, training):
    """Returns the compiled loss with penalties, and changes nothing."""
    # Mapping each variable to itself leaves reads as they are, and keeps
    # writes (averages, seeds, metrics) inside the scope.
    with keras.StatelessScope(
        [(v, v) for v in model.variables], collect_losses=True
    ):
        takes_training = model._call_has_training_arg
        given = {"training": training} if takes_training else {}
        return model.compute_loss(
            x, y, model(x, **given), None, training=training
        )


def _norms(model, x, y):
    """Returns a dictionary of norms for each layer, in the order of calls."""
    outputs = {}
    layers = _weighted(model)
    weights = {layer: layer.trainable_weights for layer in layers}
    with tf.GradientTape() as tape:
        with _recorded(layers, outputs):
            cost = _cost(model, x, y, training=True)
        scale = 1.0
        if model.optimizer is not None:
            # What mixed precision multiplies by against underflow.
            scale = float(model.optimizer.scale_loss(tf.ones(())))
        cost = scale * cost
    sources = [(outputs[layer], weights[layer]) for layer in outputs]
    found = tape.gradient(cost, sources, unconnected_gradients="zero")
    return [
        {
            "layer": layer.path,
            "gradient": _norm(gradients) / scale,
            "activation": _norm([outputs[layer]])
            / math.sqrt(max(1, tf.size(outputs[layer]))),
            "signal": _norm([signal]) / scale,
        }
        for layer, (signal, gradients) in zip(outputs, found, strict=True)
    ]


def _norm(tensors):
    return float(
        np.sqrt(
            sum(
                np.sum(np.square(tf.convert_to_tensor(t), dtype="float64"))
                for t in tensors
            )
        )
    )


def _extremes(rows):
    """Yields each kind of extreme with the row that is worst."""
    last = rows[-1]["signal"] if rows else 0.0
    lowest = min(rows, key=lambda row: row["signal"], default=None)
    highest = max(
        rows,
        key=lambda row: (not math.isfinite(row["signal"]), row["signal"]),
        default=None,
    )
    if highest and not highest["signal"] <= EXPLODED * last:
        yield "exploding", highest
    if lowest and lowest["signal"] < VANISHED * last:
        yield "vanishing", lowest
