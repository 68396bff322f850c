"""Two models on the same examples: which is better, and how surely."""

import dataclasses

import numpy as np
from scipy import stats

_SURE = 0.05


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How the errors of two models differ on the same examples.

    Attributes:
        counts: of right and wrong answers, how many examples are
            `[[both right, second wrong], [first wrong, both wrong]]`; None
            for graded errors.
        difference: the second's mean error less the first's.
        low: the lower end of its 95 % interval.
        high: the upper end.
        p: the p-value of "both are equally good".
    """

    counts: tuple | None
    difference: float
    low: float
    high: float
    p: float

    @property
    def better(self):
        """0 or 1 for the better model, None where the two can't be told apart.

        One is better where p is below 0.05 and the interval leaves out 0: of
        few examples the two need not agree.
        """
        if self.p >= _SURE or self.low <= 0 <= self.high:
            return None
        return int(self.difference < 0)


def compare(first, second):
    """Compare two models by the errors they make on each example.

    Of right and wrong answers only the examples count that one model gets
    right and the other wrong: `b` the first, `c` the second. If both models
    are equally good, `b` is binomial, of `b + c` with probability 1/2:
    McNemar's test. `p` is its mid-p value,

    `p = P(farther from (b + c)/2 than b) + P(as far) / 2`

    because the exact one (which counts `P(as far)` whole) errs far less often
    than it says. The difference `(c - b) / n` has the interval of Bonett and
    Price: with `b' = (b + 1)/(n + 2)` and `c'` likewise,

    `c' - b' ± z √((b' + c' - (c' - b')²) / (n + 2))`.

    Graded errors (squares, shares of labels) get a paired t-test, of two
    examples at least: of one the interval has no ends, and p is 1.

    Args:
        first: the first model's errors, `[n]`.
        second: the second's, `[n]`, of the same examples.

    Returns:
        A `Comparison`.

    Raises:
        ValueError: arrays of different shapes, no pairs, or an error that is
            no finite number.

    Example: 21 children before and after a treatment.
    >>> before = [1, 1] + [0] * 19
    >>> after = [1, 0] + [1] * 7 + [0] * 12
    >>> found = compare(before, after)
    >>> found.counts, round(found.p, 3)
    (((12, 7), (1, 1)), 0.039)

    Source: Fagerland, Lydersen and Laake, The McNemar test for binary
    matched-pairs data, 2013; Bonett and Price, Adjusted Wald confidence
    interval for a difference of binomial proportions based on paired data,
    2012.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ValueError(
            "`first` and `second` must be of one shape [n], n at least 1. "
            f"Received: {first.shape} and {second.shape}"
        )
    if not np.isfinite([first, second]).all():
        raise ValueError(
            "`first` and `second` must be finite numbers. Received: "
            f"{first} and {second}"
        )
    difference = float(np.mean(second - first))
    if not np.isin([first, second], (0, 1)).all():
        return Comparison(None, difference, *_t_test(second - first))
    wrong = first.astype(int), second.astype(int)
    counts = np.bincount(2 * wrong[0] + wrong[1], minlength=4).reshape(2, 2)
    b, c = int(counts[1, 0]), int(counts[0, 1])
    low, high = _bonett_price(b, c, first.size)
    counts = tuple(tuple(row) for row in counts.tolist())
    return Comparison(counts, difference, low, high, _mid_p(b, c))


def _mid_p(b, c):
    if b == c == 0:
        return 1.0
    exact = stats.binomtest(b, b + c).pvalue
    as_far = stats.binom.pmf(b, b + c, 0.5) * (1 if b == c else 2)
    return float(exact - as_far / 2)


def _bonett_price(b, c, n):
    b, c, n = (b + 1) / (n + 2), (c + 1) / (n + 2), n + 2
    half = stats.norm.ppf(0.975) * np.sqrt((b + c - (c - b) ** 2) / n)
    return float(c - b - half), float(c - b + half)


def _t_test(difference):
    """Return the ends of the mean's 95 % interval, and p."""
    if len(difference) == 1:
        # Of the spread one says nothing.
        return -np.inf, np.inf, 1.0
    if not np.ptp(difference):
        # No spread, no test: all that can be said is the value itself.
        value = float(difference[0])
        return value, value, float(value == 0)
    result = stats.ttest_1samp(difference, 0)
    low, high = result.confidence_interval(0.95)
    return float(low), float(high), float(result.pvalue)
