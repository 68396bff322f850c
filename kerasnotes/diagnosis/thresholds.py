"""The threshold from which on an answer is positive, chosen on dev."""

import dataclasses

import numpy as np

from kerasnotes.diagnosis import selection

EXTREME = 30
"""Log-odds beyond ±30 are probabilities next to 0 or 1, which float64 can't
name as thresholds."""

# Sums of weights that are equal on paper differ by their rounding.
_ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class Cuts:
    """The metrics at every threshold that tells examples apart.

    Attributes:
        edges: the distinct scores in rising order, one less than the least
            before and one more than the greatest after them, `[k + 2]`. The
            i-th cut is any τ with `edges[i] < τ <= edges[i + 1]`: all of
            them give the same answers.
        metrics: a dictionary of name to an array with the metric at each
            cut, `[k + 1]`: those of `metrics.ClassificationMetrics` for two
            classes, and `weighted_accuracy` where there are weights.
    """

    edges: np.ndarray
    metrics: dict

    def at(self, threshold):
        """Return the metrics at a threshold, a dictionary of numbers."""
        last = len(self.edges) - 2
        cut = np.clip(np.searchsorted(self.edges, threshold) - 1, 0, last)
        return {
            name: float(values[cut]) for name, values in self.metrics.items()
        }


@dataclasses.dataclass(frozen=True)
class Threshold:
    """A threshold: positive is what scores at least `value`.

    Attributes:
        value: the threshold τ, in the middle of `low` and `high`.
        metrics: the metrics there.
        low: every τ with `low < τ <= high` is as good.
        high: see `low`.
        satisfied: whether all bounds hold there.
    """

    value: float
    metrics: dict
    low: float
    high: float
    satisfied: bool


def cuts(scores, labels, weights=None):
    """Return the `Cuts` of scores: one sort and cumulative sums.

    With the examples in the order of their scores, those from the cut on are
    positive: `TP = Σ_{s≥τ} y`, `FP = Σ_{s≥τ} (1 - y)`, and every metric
    follows from these two and the totals.

    Args:
        scores: what grows with the chance of a positive, `[n]`. Log-odds
            serve better than probabilities, which crowd at 0 and 1.
        labels: 1 or true for positives, 0 or false for negatives, `[n]`.
            Where only one of the two is there, the worst class is that.
        weights: what each example counts in `weighted_accuracy` (one less
            the weighted error), `[n]`, or None.

    Raises:
        ValueError: the lengths differ or are 0, a score is no number, or a
            label neither 0 nor 1.

    Example:
    >>> found = cuts([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> found.metrics["recall"].tolist()
    [1.0, 1.0, 0.5, 0.5, 0.0]
    """
    return _Sorted(scores, labels, weights).cuts(1.0)


def best(scores, labels, objective, weights=None):
    """Return the `Threshold` that is best on these examples.

    Of the cuts that keep every bound it is the one with the best optimising
    metric; where none keeps them, of those that break them least, as
    `selection.Selection` has it. Neighbouring cuts that are equally good make
    a plateau: the middle of the widest is taken, furthest from where answers
    would change.

    Args:
        scores: see `cuts`.
        labels: see `cuts`.
        objective: the `Selection`. Bounds on what no threshold changes, as
            `loss` or `size_mb`, are left out.
        weights: see `cuts`.

    Raises:
        ValueError: see `cuts`; or the metric to optimise is none of theirs.

    Example:
    >>> chooser = selection.Selection("precision", "recall>=0.9")
    >>> found = best([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], chooser)
    >>> round(found.value, 3), round(found.metrics["precision"], 3)
    (0.225, 0.667)

    Source: course 3, "Satisficing and optimizing metric".
    """
    return _best(cuts(scores, labels, weights), objective)


def spread(scores, labels, objective, weights=None, samples=100, seed=0):
    """Return the interval in which 95 % of bootstrap samples' best τ lie.

    Args:
        scores: see `cuts`.
        labels: see `cuts`.
        objective: see `best`.
        weights: see `cuts`.
        samples: how often as many examples are drawn with replacement.
        seed: of the draws.

    Returns:
        `(low, high)`.

    Example:
    >>> scores, noise = np.random.default_rng(0).normal(size=[2, 400])
    >>> chooser = selection.Selection("accuracy")
    >>> low, high = spread(scores, scores + noise > 0.5, chooser)
    >>> low < 0.5 < high
    True

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    section 13.3 (the percentile interval).
    """
    rows = _Sorted(scores, labels, weights)
    generator = np.random.default_rng(seed)
    n = len(rows.labels)
    options = [
        _best(
            rows.cuts(np.bincount(generator.integers(n, size=n), minlength=n)),
            objective,
        ).value
        for _ in range(samples)
    ]
    low, high = np.percentile(options, [2.5, 97.5])
    return float(low), float(high)


class _Sorted:
    """Examples in the order of their scores."""

    def __init__(self, scores, labels, weights):
        scores = np.asarray(scores, np.float64)
        labels = np.asarray(labels, np.float64)
        if scores.ndim != 1 or scores.shape != labels.shape or not scores.size:
            raise ValueError(
                "`scores` and `labels` must be vectors of one length, at "
                f"least 1. Received: shapes {scores.shape} and {labels.shape}"
            )
        if not np.isfinite(scores).all():
            raise ValueError(
                "`scores` must be finite. Received: "
                f"{scores[~np.isfinite(scores)][0]}"
            )
        other = (labels != 0) & (labels != 1)
        if other.any():
            raise ValueError(
                f"`labels` must be 0 or 1. Received: {labels[other][0]:g}"
            )
        order = np.argsort(scores, kind="stable")
        self.labels = labels[order]
        self.weights = weights
        if weights is not None:
            self.weights = np.asarray(weights, np.float64)[order]
        distinct, self.starts = np.unique(scores[order], return_index=True)
        self.edges = np.concatenate(
            [distinct[:1] - 1, distinct, distinct[-1:] + 1]
        )

    def cuts(self, counts):
        """Return the `Cuts`, where each example is there `counts` times."""
        rates = _rates(*self._positives(counts))
        if self.weights is not None:
            weighted = _rates(*self._positives(counts * self.weights))
            rates["weighted_accuracy"] = weighted["accuracy"]
        return Cuts(self.edges, rates)

    def _positives(self, weights):
        """Return TP and FP at each cut, and the sums they are of."""

        def from_cut_on(values):
            sums = np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])
            return sums[np.append(self.starts, len(values))]

        tp = from_cut_on(weights * self.labels)
        fp = from_cut_on(weights * (1 - self.labels))
        return tp, fp, tp[0], fp[0]


def _rates(tp, fp, positives, negatives):
    fn, tn = positives - tp, negatives - fp
    both = {
        "precision": (_share(tp, tp + fp), _share(tn, tn + fn)),
        "recall": (_share(tp, positives), _share(tn, negatives)),
        "f1": (
            _share(2 * tp, 2 * tp + fp + fn),
            _share(2 * tn, 2 * tn + fp + fn),
        ),
    }
    total = positives + negatives

    def worst(of_positives, of_negatives):
        if not (positives and negatives):
            return of_positives if positives else of_negatives
        return np.minimum(of_positives, of_negatives)

    return {
        "accuracy": _share(tp + tn, total),
        "error": _share(fp + fn, total),
        **{name: rates[0] for name, rates in both.items()},
        **{f"{name}_min": worst(*rates) for name, rates in both.items()},
        "false_alarms": _share(fp, negatives),
    }


def _share(part, total):
    """Return the quotients; 0/0 counts as 0."""
    part, total = np.broadcast_arrays(part, total)
    return np.divide(part, total, out=np.zeros(part.shape), where=total > 0)


def _best(candidates, objective):
    name = objective.optimize
    if not objective.weights.keys() <= candidates.metrics.keys():
        raise ValueError(
            "`objective` must optimise one of "
            f"{', '.join(candidates.metrics)}. Received: {name}"
        )
    violations = np.zeros(len(candidates.edges) - 1)
    for bound in objective.bounds:
        values = candidates.metrics.get(bound.name, np.empty(0)).tolist()
        if values:
            violations += [bound.violation(value) for value in values]
    sign = -1 if selection.smaller_is_better(name) else 1
    values = sign * objective.value(candidates.metrics)
    good = violations <= violations.min() + _ROUNDING
    good &= values >= values[good].max() - _ROUNDING
    # Where a plateau begins, and where it has ended.
    steps = np.diff(np.concatenate([[0], good.astype(int), [0]]))
    low = candidates.edges[np.flatnonzero(steps > 0)]
    high = candidates.edges[np.flatnonzero(steps < 0)]
    widest = np.argmax(high - low)
    low, high = float(low[widest]), float(high[widest])
    middle = (low + high) / 2
    # Of two neighbouring floats the middle is one of the two.
    value = middle if middle > low else high
    satisfied = not violations.min()
    return Threshold(value, candidates.at(value), low, high, satisfied)
