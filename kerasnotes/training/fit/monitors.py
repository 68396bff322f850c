"""Callbacks that watch a model learn: its norms, and its cost."""

import contextlib
import functools
import math
import warnings

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import keras_private

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
        w: the weights of its losses, or None.

    Attributes:
        history: a row for each epoch and layer: a dictionary of `epoch` (from
            1), `layer`, `gradient`, `activation` and `signal`.
        findings: the warnings given, as texts.

    Example:
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 2)), np.zeros((4, 1))
    >>> monitor = NormMonitor(x, y)
    >>> _ = model.fit(x, y, verbose=0, callbacks=[monitor])
    >>> sorted(monitor.history[0])
    ['activation', 'epoch', 'gradient', 'layer', 'signal']

    Source: course 2, "Vanishing/exploding gradients"; Glorot and Bengio,
    2010, section 4.2, for the two norms.
    """

    def __init__(self, x, y, log_dir=None, w=None):
        super().__init__()
        x, y = keras.tree.map_structure(tf.convert_to_tensor, (x, y))
        self._batch = x, y, w
        self._log_dir, self._writer = log_dir, None
        self.history, self.findings = [], []

    def on_epoch_end(self, epoch, logs=None):
        norms = _norms(self.model, *self._batch)
        rows = [{"epoch": epoch + 1, **row} for row in norms]
        self.history.extend(rows)
        self._log(rows)
        for kind, row in _extremes(rows):
            if any(text.startswith(kind) for text in self.findings):
                continue
            self.findings.append(
                f"{kind} gradient in epoch {epoch + 1} at layer "
                f"{row['layer']!r}: ‖∂J/∂a‖ is {row['signal']:.1e} there, "
                f"{rows[-1]['signal']:.1e} at the last; try He "
                "initialisation, batch norm, ReLU or clipping"
            )
            warnings.warn(self.findings[-1], stacklevel=2)

    def on_train_begin(self, logs=None):
        if self._log_dir is not None:
            self._writer = tf.summary.create_file_writer(str(self._log_dir))

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()

    def _log(self, rows):
        if self._writer is None:
            return
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
        w: the weights of their losses, or None.

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

    def __init__(self, x, y, w=None):
        super().__init__()
        x, y = keras.tree.map_structure(tf.convert_to_tensor, (x, y))
        self._set = x, y, w
        self.costs, self.first_rise = [], None

    def on_train_begin(self, logs=None):
        def cost():
            values = self.model.variables
            return _cost(self.model, *self._set, values, training=False)

        self._cost = cost if self.model.run_eagerly else tf.function(cost)
        self.costs.append(float(self._cost()))

    def on_train_batch_end(self, batch, logs=None):
        self.costs.append(float(self._cost()))
        before, after = self.costs[-2:]
        if self.first_rise or after - before <= 1e-6 * abs(before):
            return
        self.first_rise = int(np.asarray(self.model.optimizer.iterations))
        warnings.warn(
            f"the cost of the whole set rose at step {self.first_rise}, from "
            f"{before:.6g} to {after:.6g}; expected of mini-batches and "
            "dropout, else try a smaller learning rate, or check the gradient",
            stacklevel=2,
        )


def _cost(model, x, y, w, values, training):
    """Return the compiled loss with penalties, and changes nothing."""
    # Averages, seeds and metrics are written into the scope alone.
    mapping = zip(model.variables, values, strict=True)
    with keras.StatelessScope(list(mapping), collect_losses=True):
        answers = model(x, training=training)
        return model.compute_loss(x, y, answers, w, training=training)


def _norms(model, x, y, w):
    """Return a dictionary of norms for each layer, in the order of calls."""
    outputs = {}
    # Tensors, since mirrored variables have no gradient between replicas.
    at = {id(v): tf.convert_to_tensor(v) for v in model.variables}
    # What mixed precision multiplies the loss by against underflow.
    scale = float(model.optimizer.scale_loss(tf.ones(())))
    with tf.GradientTape() as tape:
        tape.watch([at[id(v)] for v in model.trainable_variables])
        with _recorded(_weighted_layers(model), outputs):
            cost = _cost(model, x, y, w, at.values(), training=True) * scale
    sources = {
        layer: (output, [at[id(v)] for v in layer.trainable_variables])
        for layer, output in outputs.items()
    }
    slopes = tape.gradient(
        cost, list(sources.values()), unconnected_gradients="zero"
    )
    return [
        {
            "layer": layer.path,
            "gradient": _norm(gradients) / scale,
            "activation": _norm([outputs[layer]])
            / math.sqrt(max(1, outputs[layer].numpy().size)),
            "signal": _norm([signal]) / scale,
        }
        for layer, (signal, gradients) in zip(sources, slopes, strict=True)
    ]


def _norm(tensors):
    parts = [np.asarray(tf.convert_to_tensor(t), "float64") for t in tensors]
    return math.sqrt(sum(np.sum(np.square(part)) for part in parts))


def _weighted_layers(layer):
    """Return the layers with trainable weights of their own.

    A recurrent layer stands for its cell, whose outputs stay in the loop.
    """
    inner = keras_private.flatten_layers(
        layer, include_self=False, recursive=False
    )
    theirs = {id(v) for child in inner for v in child.trainable_variables}
    variables = [v for v in layer.trainable_variables if id(v) not in theirs]
    if variables or (theirs and isinstance(layer, keras.layers.RNN)):
        return [layer]
    return [entry for child in inner for entry in _weighted_layers(child)]


@contextlib.contextmanager
def _recorded(layers, outputs):
    """Keep in `outputs` what the layers return while it is entered."""

    def record(layer):
        original = layer.call

        # Keras reads the signature.
        @functools.wraps(original)
        def call(*args, **kwargs):
            output = original(*args, **kwargs)
            outputs[layer] = keras.tree.flatten(output)[0]
            return output

        layer.call = call

    for layer in layers:
        record(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call


def _extremes(rows):
    """Yield each kind of extreme with the layer that is worst."""
    if not rows:
        return
    last = rows[-1]["signal"]
    broken = [row for row in rows if not math.isfinite(row["signal"])]
    highest = max(rows, key=lambda row: row["signal"])
    lowest = min(rows, key=lambda row: row["signal"])
    if broken or highest["signal"] > EXPLODED * last:
        yield "exploding", broken[-1] if broken else highest
    if lowest["signal"] < VANISHED * last:
        yield "vanishing", lowest
