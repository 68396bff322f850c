"""Answers of a model, and their loss and metrics, in one pass."""

import weakref

import keras
import numpy as np
import tensorflow as tf

from kerasnotes.training import records

# To trace a network takes longer than to ask it of a small split.
_functions = weakref.WeakKeyDictionary()


def answers(model, split, batch_size):
    """Return the `Answers` of a model whose outputs are one array.

    Args:
        model: the model.
        split: the `Split`.
        batch_size: examples at a time.
    """
    batches = split.evaluation_batches(batch_size)
    if model.distribute_strategy is not tf.distribute.get_strategy():
        # Keras spreads these over the devices.
        outputs = model.predict(batches, verbose=0)
        parts = [(y, w) for _, y, w in batches.as_numpy_iterator()]
        targets, weights = map(_joined, zip(*parts, strict=True))
    else:
        targets, weights, outputs = _one_pass(model, batches)
    if outputs.dtype not in ("float32", "float64"):
        outputs = outputs.astype("float32")
    return records.Answers(split, outputs, targets, weights)


def answered(task, trained, split):
    """Return the `Answers` to a split, asked for only where there are none.

    Args:
        task: the `SupervisedTask`.
        trained: the `Trained`.
        split: the `Split`.
    """
    for asked, answers in trained.answered:
        if asked is split:
            return answers
    return task.answers(trained, split)


def _one_pass(model, batches):
    predict = _functions.get(model) or _functions.setdefault(
        model, _function(weakref.ref(model))
    )
    parts = [(y, w, predict(x)) for x, y, w in batches]
    return [_joined(arrays) for arrays in zip(*parts, strict=True)]


def _function(model):
    """Return the function of a model, which doesn't hold it."""
    return tf.function(
        lambda x: model()(x, training=False), reduce_retracing=True
    )


def _joined(arrays):
    return np.concatenate([np.asarray(a) for a in arrays])


def score(task, trained, answers):
    """Return loss and metrics, as `evaluate` of the compiled model would.

    Args:
        task: the `SupervisedTask`.
        trained: the `Trained`.
        answers: the `Answers`.

    Returns:
        A dictionary of name to float.
    """
    y, outputs, w = answers.targets, answers.outputs, answers.weights
    penalty = sum(float(loss) for loss in trained.model.losses)
    values = {"loss": _mean(task.loss(trained.facts), y, outputs, w) + penalty}
    metrics = task.metrics(trained.facts, trained.decisions)
    for metric in metrics.plain:
        metric.update_state(y, outputs)
        values |= _values(metric)
    for metric in metrics.weighted:
        metric.update_state(y, outputs, w)
        values |= _values(metric)
    return values


def _mean(loss, y, outputs, w):
    """Return the mean of a loss, as `compile` takes one: also by its name."""
    loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        return float(loss(y, outputs, w))
    of_examples = np.asarray(loss(y, outputs))
    weights = np.reshape(
        w, np.shape(w) + (1,) * (of_examples.ndim - np.ndim(w))
    )
    return float(np.mean(of_examples * weights))


def _values(metric):
    result = metric.result()
    named = result if isinstance(result, dict) else {metric.name: result}
    return {k: float(keras.ops.convert_to_numpy(v)) for k, v in named.items()}
