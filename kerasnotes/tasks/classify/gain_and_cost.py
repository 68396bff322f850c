"""Predictors beside the single model: what they gain and cost."""

import dataclasses
import statistics
import time
import typing

import numpy as np
import tensorflow as tf

from kerasnotes.diagnosis import comparison, intervals
from kerasnotes.training.report import tables

_SPLITS = ("dev", "test")


@dataclasses.dataclass(frozen=True)
class Predictor:
    """A way to answer, and what it answered.

    Attributes:
        name: what people call it.
        probabilities: dictionary of split to float32 `[n, classes]`.
        classes: a function of these that returns the answers, `[n]`.
        milliseconds: what a picture takes, the median over batches.
    """

    name: str
    probabilities: dict
    classes: typing.Callable
    milliseconds: float


def function(model, decision):
    """Return the compiled function from a batch to served probabilities.

    Args:
        model: the model.
        decision: its `decision.Decision`.
    """

    @tf.function(reduce_retracing=True)
    def probabilities(pixels):
        logits = model(pixels, training=False)
        return decision.probabilities(tf.cast(logits, tf.float32))

    return probabilities


def measure(name, answer, classes, splits, batch_size):
    """Run a way to answer over dev and test.

    Args:
        name: what people call it.
        answer: a function of a float32 batch that returns probabilities.
        classes: a function of these that returns the answers.
        splits: the data.
        batch_size: pictures at a time.

    Returns:
        The `Predictor`.
    """
    size, seconds, probabilities = batch_size, [], {}
    for split in judged(splits):
        arrays = []
        for pixels, *_ in splits[split].evaluation_batches(size):
            if len(pixels) < size or not seconds:
                answer(pixels)  # It compiles.
            began = time.perf_counter()
            arrays.append(np.asarray(answer(pixels)))
            seconds.append((time.perf_counter() - began) / len(pixels))
        probabilities[split] = np.concatenate(arrays)
    return Predictor(
        name, probabilities, classes, 1000 * statistics.median(seconds)
    )


def judged(splits):
    """Return the names of the splits that judge."""
    return [name for name in _SPLITS if name in splits]


def table(predictors, splits):
    """Return a table of the predictors, each against the first.

    Differences of error are in points, with the 95 % interval of paired
    answers (`diagnosis.comparison`): all see the same pictures.

    Args:
        predictors: `Predictor`s, the single model first.
        splits: the data.
    """
    names = judged(splits)
    first = predictors[0]
    header = [
        "model",
        *(f"{name} accuracy" for name in names),
        *(f"{name} error, points" for name in names),
        "ms a picture",
        "times",
    ]
    rows = []
    for predictor in predictors:
        wrong = {n: _wrong(predictor, splits[n], n) for n in names}
        rows.append(
            [
                predictor.name,
                *(float(1 - wrong[n].mean()) for n in names),
                *(
                    ""
                    if predictor is first
                    else _difference(_wrong(first, splits[n], n), wrong[n])
                    for n in names
                ),
                f"{predictor.milliseconds:.3g}",
                f"{predictor.milliseconds / first.milliseconds:.1f}",
            ]
        )
    return tables.text_table(header, rows)


def _wrong(predictor, split, name):
    answers = np.asarray(predictor.classes(predictor.probabilities[name]))
    return answers != split.labels


def _difference(first, second):
    result = comparison.compare(first, second)
    span = intervals.span(result.low, result.high)
    return f"{100 * result.difference:+.2f} ({span})"
