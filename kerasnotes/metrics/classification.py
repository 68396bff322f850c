"""Precision, recall, F1 and error, all from one confusion matrix."""

import math

import keras
import numpy as np
from keras import ops

from kerasnotes.metrics import averages

_NAME = "classification"


@keras.saving.register_keras_serializable("kerasnotes")
class ClassificationMetrics(keras.metrics.Metric):
    """Accuracy, precision, recall and F1 from a running confusion matrix.

    With `n_ij` the weight of the examples of class i that were taken for j:

    - `precision_j = n_jj / Σ_i n_ij`
    - `recall_i = n_ii / Σ_j n_ij`
    - `f1 = 2 precision · recall / (precision + recall)`
    - `error = Σ w·1[ŷ≠y] / Σ w`, `accuracy = 1 - error`

    where 0/0 counts as 0. `result` is a dictionary of `accuracy`, `error`,
    `precision`, `recall`, `f1`, and the worst class's `precision_min`,
    `recall_min`, `f1_min`. With two classes `precision`, `recall` and `f1`
    are those of class 1, the positive one, and there is `false_alarms`, the
    share of negatives taken for positives (the false-positive rate),
    `n_01 / (n_00 + n_01)`. With more classes they are the means over the
    classes, each counting alike. Means and worst are over the classes that
    have examples: no answer could raise the others above 0. An example whose
    label is none of the classes, as -1, is wrong whatever its answer, and a
    false alarm of the class it was taken for.

    Keras puts every entry into the logs under its own name; behind the
    metric's, as `top_f1`, where that isn't the default, so that those of
    two outputs stand side by side.

    The matrix is kept in float64, which counts exactly to 2⁵³ and takes
    weights, whatever the model's precision.

    Args:
        classes: the number of classes, C.
        threshold: of two classes, the probability from which on the answer
            is class 1, see `decide`; None for the larger one. A function
            that is compiled keeps the threshold it was traced with.
        name: the metric's name.
        dtype: ignored but for serialisation.

    Attributes:
        confusion: variable `(C, C)`, float64: the matrix n.
        outside: variable `(C,)`, float64: the weight of the examples of none
            of the classes that were taken for each.

    Call arguments:
        y_true: integer labels in [0, C), shape `(…)` or `(…, 1)`, or
            distributions `(…, C)`, of which the largest share counts.
        y_pred: logits, or without a threshold also probabilities, shape
            `(…, C)`.
        sample_weight: weights of the shape of the labels, or None for ones.

    Raises:
        ValueError: `classes` is below two, or `y_pred` has another number;
            `threshold` is no probability, or there are more classes.

    Example:
    >>> metric = ClassificationMetrics(2)
    >>> logits = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    >>> metric.update_state([0, 1, 1, 0], logits)
    >>> {name: float(value) for name, value in metric.result().items()}[
    ...     "recall"
    ... ]
    1.0

    Source: course 3, "Single number evaluation metric"; van Rijsbergen,
    Information Retrieval, 1979, chapter 7.
    """

    def __init__(self, classes, threshold=None, name=_NAME, dtype=None):
        super().__init__(name=name, dtype=dtype)
        if classes < 2:
            raise ValueError(
                f"`classes` must be at least 2. Received: classes={classes}"
            )
        if threshold is not None and not (classes == 2 and 0 < threshold < 1):
            raise ValueError(
                "`threshold` must be a probability between 0 and 1, of two "
                f"classes. Received: threshold={threshold}, classes={classes}"
            )
        self.classes = classes
        self.threshold = threshold
        self.confusion, self.outside = (
            self.add_variable(shape, "zeros", dtype="float64", name=name)
            for shape, name in (
                ((classes, classes), "confusion"),
                ((classes,), "outside"),
            )
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the confusion matrix."""
        y_pred = ops.convert_to_tensor(y_pred)
        if y_pred.shape[-1] != self.classes:
            raise ValueError(
                f"`y_pred` must have {self.classes} entries for each example. "
                f"Received: y_pred.shape={tuple(y_pred.shape)}"
            )
        predicted = ops.reshape(decide(y_pred, self.threshold), (-1,))
        y_true = ops.convert_to_tensor(y_true)
        if (
            len(y_true.shape) == len(y_pred.shape)
            and y_true.shape[-1] == self.classes
        ):
            y_true = ops.argmax(y_true, axis=-1)
        actual = ops.cast(ops.reshape(y_true, (-1,)), predicted.dtype)
        known = ops.logical_and(actual >= 0, actual < self.classes)
        actual = ops.where(known, actual, self.classes)
        dtype = self.confusion.dtype
        if sample_weight is None:
            weights = ops.ones_like(predicted, dtype=dtype)
        else:
            weights = ops.cast(ops.reshape(sample_weight, (-1,)), dtype)
        counts = ops.segment_sum(
            weights,
            actual * self.classes + predicted,
            num_segments=(self.classes + 1) * self.classes,
        )
        counts = ops.reshape(counts, (self.classes + 1, self.classes))
        self.confusion.assign_add(counts[:-1])
        self.outside.assign_add(counts[-1])

    def result(self):
        """Return the dictionary of metrics."""
        return averages.log_entries(self, self._entries(), _NAME)

    def _entries(self):
        per_class = _rates(self.confusion, self.outside)
        rates, support = per_class["rates"], per_class["support"]
        mean, worst = averages.mean_and_worst(rates, support > 0)
        two = self.classes == 2
        alarms = ops.divide_no_nan(self.confusion[0, 1], support[0])
        return {
            "accuracy": per_class["accuracy"],
            "error": per_class["error"],
            **averages.entries(rates[:, 1] if two else mean, worst),
            **({"false_alarms": alarms} if two else {}),
        }

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "threshold": self.threshold,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class DecidedAccuracy(ClassificationMetrics):
    """The accuracy alone, under the metric's own name, with a threshold.

    Among weighted metrics it is one less the weighted error,
    `Σ w·1[ŷ=y] / Σ w`.

    Args:
        classes: see `ClassificationMetrics`.
        threshold: see `ClassificationMetrics`.
        name: the metric's name.
        dtype: see `ClassificationMetrics`.

    Example:
    >>> metric = DecidedAccuracy(2, threshold=0.9)
    >>> metric.update_state([0, 1], [[0.0, 1.0], [0.0, 3.0]], [3.0, 1.0])
    >>> float(metric.result())
    1.0
    """

    def result(self):
        """Return the accuracy."""
        return self._entries()["accuracy"]


def decide(logits, threshold=None):
    """Return the class that logits speak for.

    Without a threshold it is the one with the largest logit. With one, of
    two classes, it is class 1 where its probability `p = σ(z₁ - z₀) ≥ τ`,
    that is `z₁ - z₀ ≥ log(τ / (1 - τ))`, and class 0 elsewhere.

    Args:
        logits: the scores z, or logarithms of probabilities, `(…, C)`.
        threshold: the probability τ, or None.

    Returns:
        int32 `(…)`.

    Example:
    >>> import numpy as np
    >>> z = np.log([[0.8, 0.2], [0.6, 0.4], [0.4, 0.6]])
    >>> np.asarray(decide(z)).tolist()
    [0, 0, 1]
    >>> np.asarray(decide(z, threshold=0.3)).tolist()
    [0, 1, 1]
    """
    if threshold is None:
        return ops.argmax(logits, axis=-1)
    # Thresholds lie between two scores, however near to each other.
    logits = ops.cast(logits, "float64")
    odds = math.log(threshold) - math.log1p(-threshold)
    return ops.cast(logits[..., 1] - logits[..., 0] >= odds, "int32")


def classification_report(confusion):
    """Return the report on a confusion matrix, in plain numbers.

    Args:
        confusion: matrix `(C, C)`: counts or weights of the examples of the
            row's class that were taken for the column's.

    Returns:
        A dictionary of `accuracy`; `error`; `classes`, a list of dictionaries
        of `precision`, `recall`, `f1` and `support`, the rates None of a
        class without examples; and the same four as means over the classes
        that have some: `macro`, where each class counts alike, and
        `weighted`, by support. The two means' support is the total.

    Example:
    >>> report = classification_report([[4, 1], [2, 3]])
    >>> report["accuracy"], report["classes"][1]["precision"]
    (0.7, 0.75)
    """
    per_class = _rates(np.asarray(confusion, "float64"))
    rates, support = (
        np.asarray(per_class["rates"]),
        np.asarray(per_class["support"]),
    )
    total = float(support.sum())
    share = support / total if total else support

    def row(values, count):
        return {
            **dict(zip(averages.RATES, map(float, values), strict=True)),
            "support": float(count),
        }

    def class_row(values, count):
        per_class = row(values, count)
        return per_class if count else per_class | dict.fromkeys(averages.RATES)

    macro, _ = averages.mean_and_worst(rates, support > 0)
    return {
        "accuracy": float(per_class["accuracy"]),
        "error": float(per_class["error"]),
        "classes": list(map(class_row, rates.T, support)),
        "macro": row(np.asarray(macro), total),
        "weighted": row(rates @ share, total),
    }


def _rates(confusion, outside=0.0):
    """Return accuracy, error, support, and the `(3, C)` rates."""
    right = ops.diagonal(confusion)
    support = ops.sum(confusion, axis=1)
    predicted = ops.sum(confusion, axis=0) + outside
    total = ops.sum(predicted)
    hits = ops.sum(right)
    rates = ops.divide_no_nan(
        ops.stack([right, right, 2 * right]),
        ops.stack([predicted, support, predicted + support]),
    )
    return {
        "accuracy": ops.divide_no_nan(hits, total),
        "error": ops.divide_no_nan(total - hits, total),
        "support": support,
        "rates": rates,
    }
