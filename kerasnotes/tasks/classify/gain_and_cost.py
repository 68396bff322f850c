"""Ways to answer beside the single model: what they gain and cost."""

import dataclasses
import statistics
import time
import typing

import numpy as np
import tensorflow as tf

from kerasnotes.diagnosis import comparison, intervals
from kerasnotes.training.report import page as report

_SPLITS = ("dev", "test")


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to answer, and what it answered.

    Attributes:
        name: what people call it.
        probabilities: dictionary of split to float32 `[n, classes]`.
        given: a function of these that returns the answers, `[n]`.
        milliseconds: what a picture takes, the median over batches.
    """

    name: str
    probabilities: dict
    given: typing.Callable
    milliseconds: float


def function(task, model):
    """Returns the compiled function from a batch to served probabilities."""

    @tf.function(reduce_retracing=True)
    def probabilities(pixels):
        logits = model(pixels, training=False)
        return task.probabilities(tf.cast(logits, tf.float32))

    return probabilities


def measure(name, task, answer, splits):
    """Runs a way to answer over dev and test.

    Args:
        name: what people call it.
        task: the task, for the size of a batch and the answers.
        answer: a function of a float32 batch that returns probabilities.
        splits: the data.
    """
    size, seconds, found = task.config.batch_size, [], {}
    for split in judged(splits):
        parts = []
        for pixels, *_ in splits[split].evaluation_batches(size):
            if len(pixels) < size or not seconds:
                answer(pixels)  # It compiles.
            began = time.perf_counter()
            parts.append(np.asarray(answer(pixels)))
            seconds.append((time.perf_counter() - began) / len(pixels))
        found[split] = np.concatenate(parts)
    return Way(name, found, task.given, 1000 * statistics.median(seconds))


def judged(splits):
    """Returns the names of the splits that judge."""
    return [name for name in _SPLITS if name in splits]


def table(ways, splits):
    """Returns a table of the ways, each against the first.

    Differences of error are in points, with the 95 % interval of paired
    answers (`diagnosis.comparison`): all see the same pictures.

    Args:
        ways: `Way`s, the single model first.
        splits: the data.
    """
    names = judged(splits)
    first = ways[0]
    header = [
        "model",
        *(f"{name} accuracy" for name in names),
        *(f"{name} error, points" for name in names),
        "ms a picture",
        "times",
    ]
    rows = []
    for way in ways:
        wrong = {n: _wrong(way, splits[n], n) for n in names}
        rows.append(
            [
                way.name,
                *(float(1 - wrong[n].mean()) for n in names),
                *(
                    ""
                    if way is first
                    else _difference(_wrong(first, splits[n], n), wrong[n])
                    for n in names
                ),
                f"{way.milliseconds:.3g}",
                f"{way.milliseconds / first.milliseconds:.1f}",
            ]
        )
    return report.text_table(header, rows)


def _wrong(way, split, name):
    given = np.asarray(way.given(way.probabilities[name]))
    return given != split.labels


def _difference(first, second):
    found = comparison.compare(first, second)
    span = intervals.span(found.low, found.high)
    return f"{100 * found.difference:+.2f} ({span})"
