"""A difference of two errors, and how many examples it takes to see it."""

import bisect
import dataclasses

from kerasnotes.diagnosis import intervals

FLOOR = 0.01
_MOST = 2**50


@dataclasses.dataclass(frozen=True)
class Difference:
    """The difference of two errors, and what it is called.

    Attributes:
        name: what it is.
        over: the split, or `human`, whose error is larger if there is some.
        under: the one it is measured from.
        value: the difference of their errors.
        low: the lower end of its 95 % interval.
        high: the upper end.
    """

    name: str
    over: str
    under: str
    value: float
    low: float
    high: float

    @property
    def real(self):
        """Whether the interval lies above 0."""
        return self.low > 0

    @property
    def problem(self):
        """Whether it is real and of practical size."""
        return self.real and self.value >= FLOOR

    @property
    def undecided(self):
        """Whether both no difference and one that matters may be true."""
        return self.low <= 0 and self.high >= FLOOR


@dataclasses.dataclass(frozen=True)
class Need:
    """What would settle a component.

    Attributes:
        component: its name.
        splits: the splits that need more examples.
        examples: how many more, each; None if no number would, 0 where a
            single example doesn't tell.
    """

    component: str
    splits: tuple
    examples: int


def take(name, over, under, measures):
    """Return the `Difference` of two of the measures.

    Args:
        name: what it is.
        over: name of the one that it is of.
        under: name of the one that is taken from it.
        measures: dictionary of name to `intervals.Measure`.

    >>> measures = {"train": intervals.Measure(0.01, 900)}
    >>> measures["dev"] = intervals.Measure(0.05, 300)
    >>> take("variance", "dev", "train", measures).real
    True
    """
    one, other = measures[over], measures[under]
    low, high = intervals.difference(one, other)
    return Difference(name, over, under, one.error - other.error, low, high)


def need(difference, measures):
    """Return the `Need` of the fewest examples that would settle it.

    Errors are taken to stay as they are.

    Args:
        difference: an undecided `Difference`.
        measures: what it was taken from.
    """
    over, under = difference.over, difference.under
    # More to train on is another model.
    fixed = under in ("train", "human")
    for grown in [(over,)] if fixed else [(over,), (over, under)]:
        if any(measures[name].examples is None for name in grown):
            continue
        if any(_alone(measures[name]) for name in grown):
            return Need(difference.name, grown, 0)
        more = _search(difference, measures, grown)
        if more:
            return Need(difference.name, grown, more)
    return Need(difference.name, (over,), None)


def _alone(measure):
    """Return whether its deviation is that of one number, which has none."""
    return measure.examples == 1 and measure.deviation is not None


def _search(difference, measures, grown):
    def undecided(more):
        larger = {
            name: dataclasses.replace(
                measures[name], examples=measures[name].examples + more
            )
            for name in grown
        }
        pair = difference.name, difference.over, difference.under
        return take(*pair, measures | larger).undecided

    numbers = range(1, _MOST)
    i = bisect.bisect_left(numbers, True, key=lambda n: not undecided(n))
    return numbers[i] if i < len(numbers) else None
