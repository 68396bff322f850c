"""How good answers to several yes-or-no questions are, the known counted."""

import keras
import numpy as np
from keras import ops

from kerasnotes.metrics import averages

_NAME = "multilabel"


@keras.saving.register_keras_serializable("kerasnotes")
class MultilabelMetrics(keras.metrics.Metric):
    """Accuracy, precision, recall and F1 of several labels, some unknown.

    A label is given where its probability reaches its threshold. With
    `tp_j`, `fp_j`, `fn_j`, `tn_j` the counts of label j over the examples
    where it is known:

    - `precision_j = tp_j / (tp_j + fp_j)`, `recall_j = tp_j / (tp_j + fn_j)`
    - `f1_j = 2 tp_j / (2 tp_j + fp_j + fn_j)`
    - `accuracy = Σ_j (tp_j + tn_j) / Σ_j known_j`, `error = 1 - accuracy`
    - `exact_match`: the share of the examples whose labels are all known
      that have them all right

    where 0/0 counts as 0. `result` is a dictionary of `accuracy`, `error`,
    `exact_match`, the means over the labels `precision`, `recall`, `f1`, and
    the worst label's `precision_min`, `recall_min`, `f1_min`. Means and worst
    are over the labels that some example is known to have: no answer could
    raise the others above 0. Where the metric's name isn't the default, it
    stands before each entry's, as `top_f1`.

    Args:
        labels: the number of labels, L.
        thresholds: a probability, or one a label.
        name: the metric's name.
        dtype: ignored but for serialisation.

    Attributes:
        counts: variable `(L, 2, 2)`, float64: no and yes in truth, by no and
            yes as given.
        complete: variable `(2,)`: the examples whose labels are all known,
            wrong somewhere and all right.
        thresholds: variable `(L,)`, which may be assigned.

    Call arguments:
        y_true: `(batch, L)`: 1 yes, 0 no, below 0 unknown.
        y_pred: logits, `(batch, L)`.
        sample_weight: refused unless None: every example counts alike.

    Raises:
        ValueError: `y_pred` has another number of labels, or there are
            sample weights.

    Example:
    >>> metric = MultilabelMetrics(2)
    >>> metric.update_state([[1, 0], [1, -1]], [[2.0, 3.0], [2.0, 0.0]])
    >>> f"{float(metric.result()['accuracy']):.3f}"  # 2 of 3 known
    '0.667'

    Source: course 3, "Multi-task learning"; Zhang and Zhou, A review on
    multi-label learning algorithms, 2014, section 2.2.
    """

    def __init__(self, labels, thresholds=0.5, name=_NAME, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.labels = labels
        self.counts = self._zeros((labels, 2, 2), "counts")
        self.complete = self._zeros((2,), "complete")
        self.thresholds = self._zeros(
            (labels,),
            "thresholds",
            # The sum over replicas, which counts have, isn't what each needs.
            aggregation="only_first_replica",
        )
        self.thresholds.assign(np.broadcast_to(thresholds, [labels]))

    def _zeros(self, shape, name, **options):
        return self.add_variable(
            shape, "zeros", dtype="float64", name=name, **options
        )

    def reset_state(self):
        """Forgets the counts; the thresholds stay."""
        for variable in (self.counts, self.complete):
            variable.assign(ops.zeros_like(variable))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the counts."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        if y_pred.shape[-1] != self.labels or sample_weight is not None:
            raise ValueError(
                f"`y_pred` must have {self.labels} entries for each example, "
                "and `sample_weight` be None. Received: y_pred.shape="
                f"{tuple(y_pred.shape)}, sample_weight={sample_weight}"
            )
        dtype = self.counts.dtype
        chances = ops.sigmoid(ops.cast(y_pred, dtype))
        answers = ops.cast(chances >= self.thresholds, dtype)
        known = ops.cast(y_true >= 0, dtype)
        true = ops.cast(y_true > 0, dtype)
        pairs = [
            known * t * g
            for t in (1 - true, true)
            for g in (1 - answers, answers)
        ]
        counts = ops.sum(ops.stack(pairs, axis=-1), axis=0)
        self.counts.assign_add(ops.reshape(counts, self.counts.shape))
        complete = ops.cast(ops.all(y_true >= 0, axis=-1), dtype)
        right = complete * ops.cast(ops.all(true == answers, axis=-1), dtype)
        self.complete.assign_add(
            ops.stack([ops.sum(complete - right), ops.sum(right)])
        )

    def result(self):
        """Return the dictionary of metrics."""
        per_label = _rates(self.counts)
        rates = averages.mean_and_worst(
            per_label["rates"], per_label["yes"] > 0
        )
        per_label = {
            "accuracy": per_label["accuracy"],
            "error": per_label["error"],
            "exact_match": ops.divide_no_nan(
                self.complete[1], ops.sum(self.complete)
            ),
            **averages.entries(*rates),
        }
        return averages.log_entries(self, per_label, _NAME)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "labels": self.labels,
            "thresholds": ops.convert_to_numpy(self.thresholds).tolist(),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class MultilabelAccuracy(keras.metrics.Mean):
    """The weight of the known labels that are right, as a share of all known.

    `Σ_i w_i Σ_j known_ij right_ij / Σ_i w_i Σ_j known_ij`, with one weight w
    for each example.

    Args:
        thresholds: a probability from which on a label is given, or one a
            label; may be assigned.
        name: the metric's name.
        dtype: the type it counts in.

    Call arguments:
        y_true: `(batch, L)`: 1 yes, 0 no, below 0 unknown.
        y_pred: logits, `(batch, L)`.
        sample_weight: `(batch,)`, or None for ones.

    Example:
    >>> metric = MultilabelAccuracy()
    >>> metric.update_state([[1, 0], [1, -1]], [[2.0, 3.0], [2.0, 0.0]], [1, 2])
    >>> float(metric.result())  # 1 of 2 known, and 1 of 1 that counts twice
    0.75

    Source: course 3, "Multi-task learning".
    """

    def __init__(self, thresholds=0.5, name="accuracy", dtype="float64"):
        super().__init__(name=name, dtype=dtype)
        self.thresholds = thresholds

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        weights = ops.cast(y_true >= 0, self.dtype)
        if sample_weight is not None:
            shape = (-1, 1)
            weights *= ops.cast(ops.reshape(sample_weight, shape), self.dtype)
        chances = ops.sigmoid(ops.cast(y_pred, self.dtype))
        thresholds = ops.cast(self.thresholds, self.dtype)
        super().update_state((chances >= thresholds) == (y_true > 0), weights)

    def get_config(self):
        """Return the arguments, for serialisation."""
        thresholds = ops.convert_to_numpy(self.thresholds).tolist()
        return {**super().get_config(), "thresholds": thresholds}


def multilabel_report(counts):
    """Return each label's figures, in plain numbers.

    Args:
        counts: `(L, 2, 2)`: no and yes in truth, by no and yes as given.

    Returns:
        A list of L dictionaries of `precision`, `recall`, `f1`, `error`,
        `known`, the examples where the label is known, and `yes`, those that
        have it. The rates are None where none has it, the error where none
        is known.

    Example:
    >>> report = multilabel_report([[[4, 1], [2, 3]]])
    >>> report[0]["precision"], report[0]["known"], report[0]["yes"]
    (0.75, 10, 5)
    """
    counts = np.asarray(counts, "float64")
    rates = np.asarray(_rates(counts)["rates"])

    def row(rates, label):
        known, yes = int(label.sum()), int(label[1].sum())
        rates = [float(rate) if yes else None for rate in rates]
        error = float(_rates(label[None])["error"]) if known else None
        return {
            **dict(zip(averages.RATES, rates, strict=True)),
            "error": error,
            "known": known,
            "yes": yes,
        }

    return [row(*pair) for pair in zip(rates.T, counts, strict=True)]


def _rates(counts):
    """Return accuracy, error, yes in truth, and the `(3, L)` rates."""
    wrong = ops.sum(counts[:, 0, 1] + counts[:, 1, 0])
    total = ops.sum(counts)
    hits = counts[:, 1, 1]
    answered, actual = ops.sum(counts[:, :, 1], 1), ops.sum(counts[:, 1], 1)
    return {
        "accuracy": ops.divide_no_nan(total - wrong, total),
        "error": ops.divide_no_nan(wrong, total),
        "yes": actual,
        "rates": ops.divide_no_nan(
            ops.stack([hits, hits, 2 * hits]),
            ops.stack([answered, actual, answered + actual]),
        ),
    }
