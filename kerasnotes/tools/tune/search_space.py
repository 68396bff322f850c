"""What a hyperparameter search draws from: ranges on the scale that fits.

Source: course 2, "Using an appropriate scale to pick hyperparameters" and
"Tuning process".
"""

import dataclasses
import math
import zlib

import numpy as np

_DIGITS = 4

_FORWARD = {
    "log": math.log10,
    "one_minus_log": lambda x: -math.log10(1 - x),
    "uniform": float,
    "int": float,
    "logint": math.log10,
}
_BACK = {
    "log": lambda s: 10**s,
    "one_minus_log": lambda s: 1 - 10**-s,
    "uniform": float,
    "int": float,
    "logint": lambda s: 10**s,
}
INTEGERS = ("int", "logint")
"""Kinds whose values are integers."""


@dataclasses.dataclass(frozen=True)
class Dimension:
    """One thing that a search draws.

    | kind | value, u uniform in [0, 1) |
    |---|---|
    | `log` | `10^r`, r uniform between log10 low and log10 high |
    | `one_minus_log` | `1 - 10^-r`, 1 - value as `log` |
    | `uniform` | `low + u (high - low)` |
    | `int` | each integer from low to high alike |
    | `logint` | `log` between low - ½ and high + ½, rounded |
    | `choice` | each of the choices alike |

    Numbers keep four significant digits (of 1 - value for
    `one_minus_log`), so that they can be copied exactly.

    Attributes:
        name: a flag, `flag.argument` of a flag that takes arguments, or
            `flag.layers` and `flag.units` of one that lists units.
        kind: as above.
        low: the least value.
        high: the largest value.
        choices: of `choice`, the values as text.

    >>> Dimension("learning_rate", "log", 1e-4, 1.0).draw(0.5)
    0.01
    """

    name: str
    kind: str
    low: float | None = None
    high: float | None = None
    choices: tuple = ()

    @property
    def is_log(self):
        """Returns whether the scale is logarithmic."""
        return self.kind in ("log", "one_minus_log", "logint")

    def draw(self, u):
        """Return the value below which a share `u` of draws lies."""
        if self.kind == "choice":
            return self.choices[int(u * len(self.choices))]
        half = 0.5 if self.kind in INTEGERS else 0.0
        scale = _FORWARD[self.kind]
        first, last = scale(self.low - half), scale(self.high + half)
        value = _BACK[self.kind](first + u * (last - first))
        return self._rounded(value)

    def position(self, value):
        """Return where `value` lies between low, 0, and high, 1."""
        if self.kind == "choice":
            return self.choices.index(value) / max(1, len(self.choices) - 1)
        scale = _FORWARD[self.kind]
        first, last = scale(self.low), scale(self.high)
        if first == last:
            return 0.5
        return (scale(value) - first) / (last - first)

    def at(self, position):
        """Return the value between low, at 0, and high, at 1; no choice.

        >>> Dimension("beta_1", "one_minus_log", 0.9, 0.999).at(0.5)
        0.99
        """
        scale = _FORWARD[self.kind]
        first, last = scale(self.low), scale(self.high)
        return self._rounded(
            _BACK[self.kind](first + position * (last - first))
        )

    def ends(self):
        """Return the values to try first, to see whether they fit."""
        return self.choices or (self.low, self.high)

    def narrowed(self, values):
        """Return the dimension around the values that did best.

        The range is theirs, on its scale, widened at either end by the mean
        gap between them: where it doesn't matter, the best lie anywhere and
        the range stays. It stays within this one; integers keep a neighbour.
        Choices that none of them made are left out.

        Args:
            values: at least 2.

        >>> units = Dimension("hidden.units", "int", 10, 100)
        >>> around = units.narrowed([40, 50, 60])
        >>> around.low, around.high
        (30, 70)
        """
        if self.kind == "choice":
            choices = tuple(c for c in self.choices if c in values)
            return dataclasses.replace(self, choices=choices)
        scale, back = _FORWARD[self.kind], _BACK[self.kind]
        at = sorted(map(scale, values))
        gap = (at[-1] - at[0]) / (len(at) - 1)
        low, high = back(at[0] - gap), back(at[-1] + gap)
        if self.kind in INTEGERS:
            low = min(round(low), min(values) - 1)
            high = max(round(high), max(values) + 1)
        return dataclasses.replace(
            self, low=max(low, self.low), high=min(high, self.high)
        )

    def _rounded(self, value):
        if self.kind in INTEGERS:
            value = round(value)
        elif self.kind == "one_minus_log":
            digits = _DIGITS - 1 - math.floor(math.log10(1 - value))
            value = round(value, digits)
        else:
            value = float(f"{value:.{_DIGITS}g}")
        return min(max(value, self.low), self.high)


def sample(dimensions, seed, number):
    """Return the values of a trial: a dictionary by dimension.

    They depend on the arguments alone, and each value on its own
    dimension, whichever process asks.

    Args:
        dimensions: the `Dimension`s.
        seed: the search's seed.
        number: the trial's number.

    >>> rate = Dimension("learning_rate", "log", 1e-4, 1.0)
    >>> len({sample([rate], 0, n)["learning_rate"] for n in range(25)})
    25
    """
    return {
        d.name: d.draw(
            np.random.default_rng(
                [seed, number, zlib.crc32(d.name.encode())]
            ).random()
        )
        for d in dimensions
    }
