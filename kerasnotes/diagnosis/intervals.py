"""An error with the interval it may lie in."""

import dataclasses
import math
import statistics

Z = 1.959963984540054  # the normal's 97.5 % point: intervals are of 95 %


@dataclasses.dataclass(frozen=True)
class Measure:
    """An error measured on examples.

    Attributes:
        error: the mean error; of wrong and right answers, the share wrong.
        examples: how many examples it is the mean of; None if not known, and
            the error then stands as it is.
        deviation: the standard deviation of the examples' errors; None for
            shares of wrong answers, whose error tells it.
        most: the largest error there can be.
        least: the least there can be; None where nobody knows it, as with
            translations, where even the best differ.

    Raises:
        ValueError: a number is NaN, infinite, negative, or no share.

    >>> Measure(0.015, 360).text
    '1.5 % (0.7–3.4)'
    """

    error: float
    examples: int | None = None
    deviation: float | None = None
    most: float = math.inf
    least: float | None = 0.0

    def __post_init__(self):
        for name in ("error", "deviation"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(
                    f"`{name}` must be finite and not negative. "
                    f"Received: {value}"
                )
        if self.examples is None:
            return
        if self.examples < 1:
            raise ValueError(
                f"`examples` must be at least 1. Received: {self.examples}"
            )
        if self.deviation is None and self.error > 1:
            raise ValueError(
                "`error` is a share where no deviation is given. "
                f"Received: {self.error}"
            )

    @classmethod
    def of_examples(cls, errors, most=math.inf):
        """Return the measure of errors `[n]`.

        Errors that are all 0 or 1 are wrong and right answers.

        Args:
            errors: an error for each example.
            most: the largest there can be; 1 for shares.
        """
        mean = float(errors.mean())
        if ((errors == 0) | (errors == 1)).all():
            return cls(mean, len(errors))
        return cls(mean, len(errors), float(errors.std()), most)

    @property
    def interval(self):
        """The 95 % interval `(low, high)`.

        Of shares of wrong answers, p of n, it is Wilson's:
        `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`. Of other errors,
        of mean e and deviation s, it is Student's on the logarithm,
        `e · exp(±t_{n-1} s / (e √(n-1)))`, the normal interval by the delta
        method: it stays positive, needs no examples, and of skewed errors
        holds the true mean more often than Student's plain interval or the
        bootstrap's percentiles (of 20 squared normal numbers in 92 % of
        draws, against 89 % each). Without a count it is the error alone.

        Source: E. B. Wilson, Probable inference, the law of succession, and
        statistical inference (1927); A. W. van der Vaart, Asymptotic
        Statistics (1998), section 3.1.
        """
        return self.interval_of_best(1)

    def interval_of_best(self, candidates):
        """Return the interval of the best of several models, as this one is.

        The best of k looks better than it is. That the error of any of them
        lies beyond an end of its `1 - 0.05/k` interval has a probability of
        2.5 % at most, k · 0.025/k, however alike they are: so those ends
        hold for whichever is chosen.

        Args:
            candidates: the number of models that were chosen among, k.

        Source: C. E. Bonferroni (1936): a union is at most as probable as
        the sum of its parts.
        """
        if self.examples is None:
            return self.error, self.error
        tail = 0.025 / candidates
        # Where no error was seen, how large one is can't be known.
        if self.deviation is None or not self.error:
            z = -statistics.NormalDist().inv_cdf(tail)
            return _wilson(self.error, self.examples, z)
        if self.examples == 1:
            return 0.0, self.most
        from scipy import stats

        freedom = self.examples - 1
        t = float(stats.t.isf(tail, freedom))
        reach = t * self.deviation / (self.error * math.sqrt(freedom))
        high = self.error * math.exp(reach) if reach < 700 else math.inf
        return self.error * math.exp(-reach), min(high, self.most)

    def winnable(self, candidates):
        """Return how much choosing among models can win, at most.

        It is the reach of `interval_of_best` above the error; None where the
        examples aren't counted.

        >>> print(f"{Measure(0.3, 3000).winnable(14):.4f}")
        0.0249
        """
        if self.examples is None:
            return None
        return self.interval_of_best(candidates)[1] - self.error

    @property
    def text(self):
        """The error in per cent, with its interval where there is one."""
        text = f"{percent(self.error)} %"
        if self.examples is None:
            return text
        return f"{text} ({span(*self.interval)})"


def _wilson(p, n, z):
    middle = p + z * z / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    scale = 1 + z * z / n
    # Rounding leaves a trace where the ends are p itself.
    low = (middle - reach) / scale if p else 0.0
    return low, (middle + reach) / scale if p < 1 else 1.0


def difference(one, other, candidates=1):
    """Return the 95 % interval of `one.error - other.error`.

    With their own intervals (l₁, u₁) and (l₂, u₂) and d = e₁ - e₂,

    - low = d - √((e₁ - l₁)² + (u₂ - e₂)²),
    - high = d + √((u₁ - e₁)² + (e₂ - l₂)²).

    Of shares this is Newcombe's hybrid score interval; of other errors the
    same squares are added. The two are of different examples.

    Args:
        one: a `Measure`.
        other: the `Measure` that is taken from it.
        candidates: the number of models that one of them chose among; the
            intervals are those of `interval_of_best`.

    Source: R. G. Newcombe, Interval estimation for the difference between
    independent proportions (1998), method 10; G. Y. Zou and A. Donner (2008)
    for other errors.

    >>> low, high = difference(Measure(56 / 70, 70), Measure(48 / 80, 80))
    >>> print(f"{low:.4f} {high:.4f}")
    0.0524 0.3339
    """
    gap = one.error - other.error
    (low_1, high_1), (low_2, high_2) = (
        measure.interval_of_best(candidates) for measure in (one, other)
    )
    return (
        gap - math.hypot(one.error - low_1, high_2 - other.error),
        gap + math.hypot(high_1 - one.error, other.error - low_2),
    )


def percent(share):
    """Return a share in per cent, as many digits as say something.

    >>> [percent(x) for x in (0.0521, 0.0004, -0.012, 0, 1, 12.3456)]
    ['5.2', '0.04', '-1.2', '0.0', '100', '1,235']
    """
    value = 100 * share
    size = abs(value)
    if size < 1e-3:
        return "0.0"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if size < 0.095:
        return f"{value:.{-math.floor(math.log10(size))}f}"
    return f"{value:.1f}" if size < 99.95 else f"{value:,.0f}"


def span(low, high):
    """Return an interval in per cent.

    >>> span(0.031, 0.079), span(-0.004, 0.012)
    ('3.1–7.9', '-0.4 to 1.2')
    """
    between = " to " if percent(low).startswith("-") else "–"
    return f"{percent(low)}{between}{percent(high)}"
