"""Whether probabilities can be believed, and the temperature that mends them.

A model is calibrated if of the answers it gives with probability p a share p
is right. Trained networks are surer than that; one number, the temperature,
puts most of it right and changes no answer.
"""

import dataclasses

import numpy as np
from scipy import optimize, special

from kerasnotes.diagnosis import intervals

_LEAST, _MOST = 0.01, 100.0


@dataclasses.dataclass(frozen=True)
class Bins:
    """Answers of like confidence together.

    Attributes:
        confidence: the mean confidence in each bin, `[b]`, rising.
        share: the share of hits in it, `[b]`.
        counts: the number of answers in it, `[b]`, none of them 0.
    """

    confidence: np.ndarray
    share: np.ndarray
    counts: np.ndarray

    @property
    def error(self):
        """The expected calibration error, `Σ_b n_b/n |share - confidence|`.

        Guo et al., section 2, equation 3.
        """
        distance = np.abs(self.share - self.confidence)
        return float(np.average(distance, weights=self.counts))

    def intervals(self):
        """Return the 95 % Wilson interval of each share, `[2, b]`."""
        return np.transpose(
            [
                intervals.Measure(share, count).interval
                for share, count in zip(
                    self.share.tolist(), self.counts.tolist(), strict=True
                )
            ]
        )


def bins(confidences, hits, count=10, equal="mass"):
    """Return the `Bins` of answers.

    Args:
        confidences: how sure each answer is, 0 to 1, `[n]`.
        hits: 1 or true where it is right, `[n]`.
        count: the number of bins; empty ones are left out.
        equal: `"mass"`, as many answers in each, but that equal ones stay
            together; or `"width"`, equal parts of 0 to 1.

    Raises:
        ValueError: the lengths differ or are 0, or `equal` is neither.

    Example:
    >>> found = bins([0.6, 0.6, 0.9, 0.9], [1, 0, 1, 1], count=2)
    >>> found.share.tolist(), round(found.error, 3)
    ([0.5, 1.0], 0.1)

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017,
    section 2 (reliability diagrams).
    """
    confidences, hits = np.asarray(confidences, float), np.asarray(hits, float)
    if confidences.shape != hits.shape or not hits.size or hits.ndim != 1:
        raise ValueError(
            "`confidences` and `hits` must be vectors of one length, at least "
            f"1. Received: shapes {confidences.shape} and {hits.shape}"
        )
    inner = np.linspace(0, 1, count + 1)[1:-1]
    if equal == "mass":
        inner = np.quantile(confidences, inner)
    elif equal != "width":
        raise ValueError(f"`equal` is mass or width. Received: {equal!r}")
    places = np.searchsorted(inner, confidences)
    counts = np.bincount(places, minlength=count)
    full = counts > 0

    def means(values):
        sums = np.bincount(places, values, minlength=count)
        return sums[full] / counts[full]

    return Bins(means(confidences), means(hits), counts[full])


def confidences(logits, labels, temperature=1.0):
    """Return how sure each answer is, and whether it is right.

    Of two classes it is the probability of class 1 against whether it is
    class 1; of more the largest probability against whether its class is the
    true one.

    Args:
        logits: the scores z, `[n, classes]`.
        labels: the true classes, `[n]`.
        temperature: T of `softmax(z / T)`.

    Returns:
        Two vectors `[n]`, for `bins`.

    Example:
    >>> p, hits = confidences([[0.0, 2.0], [1.0, 1.0]], [1, 0])
    >>> p.round(2).tolist(), hits.tolist()
    ([0.88, 0.5], [True, False])
    """
    shares = special.softmax(np.asarray(logits, float) / temperature, axis=-1)
    labels = classes(labels, shares)
    if shares.shape[1] == 2:
        return shares[:, 1], labels == 1
    return shares.max(-1), labels == shares.argmax(-1)


def classes(labels, scores):
    """Return labels as an array, and refuse what is none of the classes.

    NumPy would take -1 for the last.

    Args:
        labels: the true classes, `[n]`.
        scores: an array of scores of each class, `[n, classes]`.

    Raises:
        ValueError: a label is below 0, or too large.
    """
    labels = np.asarray(labels)
    count = scores.shape[-1]
    outside = (labels < 0) | (labels >= count)
    if outside.any():
        raise ValueError(
            f"`labels` must be in [0, {count}). Received: {labels[outside][0]}"
        )
    return labels


def log_loss(logits, labels, temperature=1.0):
    """Return the mean negative log-likelihood, `-1/n Σ log softmax(z/T)_y`.

    Args:
        logits: the scores z, `[n, classes]`.
        labels: the true classes y, `[n]`.
        temperature: T.

    Example:
    >>> round(log_loss([[0.0, 0.0]], [1]), 4)
    0.6931
    """
    scaled = np.asarray(logits, float) / temperature
    scores = special.log_softmax(scaled, axis=-1)
    places = np.arange(len(scores)), classes(labels, scores)
    return -float(scores[places].mean())


def temperature(logits, labels):
    """Return the temperature T that makes `softmax(z / T)` most likely.

    Above 1 the model was too sure, below 1 not sure enough. The answers stay:
    T moves no logit past another. It is fitted to these examples, so judge
    it on others. Where every answer is right, ever smaller ones would be ever
    better, and where every example's scores are alike, all are as good: they
    can't tell, and it is 1.

    Args:
        logits: the scores z, `[n, classes]`.
        labels: the true classes, `[n]`.

    Returns:
        T, from 0.01 to 100.

    Example:
    >>> T = temperature([[3.0, 0.0]] * 4, [0, 0, 0, 1])
    >>> round(float(special.expit(3.0 / T)), 4)
    0.75

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017,
    section 4.2 (temperature scaling).
    """
    logits = np.asarray(logits, float)
    labels = classes(labels, logits)
    alike = not np.ptp(logits, axis=-1).any()
    if alike or (logits.argmax(-1) == labels).all():
        return 1.0
    result = optimize.minimize_scalar(
        lambda log: log_loss(logits, labels, np.exp(log)),
        bounds=np.log([_LEAST, _MOST]),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return float(np.exp(result.x))
