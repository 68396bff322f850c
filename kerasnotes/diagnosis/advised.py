"""What a run was told, for advice."""

import dataclasses

from kerasnotes import specs
from kerasnotes.diagnosis.verdicts import BIAS, VARIANCE

SHALLOW = ("linear_regression", "logistic_regression", "softmax_regression")
"""Models without a hidden layer."""

# Flags that only some models take.
_OF_MODELS = ("hidden", "keep_prob", "batch_norm", "dropout", "width")


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run was told, and what came of it.

    Attributes:
        flags: its flags, a dictionary.
        facts: see `advice.advise`.
        problems: names of the components that are problems.
    """

    flags: dict
    facts: dict
    problems: tuple

    def offers(self, name):
        """Returns whether the run could be told this flag."""
        if name in _OF_MODELS:
            known = self.facts.get("arguments")
            fits = known is None or name in known
            if self.flags.get("model") in SHALLOW or not fits:
                return False
        return name in self.flags

    def flag(self, name, what, why, value):
        """Returns the remedy, where the run has the flag, in a list."""
        example = f"--{name}" if value is True else f"--{name}={value}"
        return [(what, why, example)] if self.offers(name) else []

    def model(self, name):
        """Returns `--model=name`, or nothing where that can't be said."""
        names = self.facts.get("models", ())
        offered = self.offers("model") and name in names
        return f"--model={name}" if offered else ""

    @property
    def keep(self):
        """The smallest probability of keeping a unit; 1 without dropout."""
        if self.flags.get("dropout") is not None:
            return 1 - self.flags["dropout"]
        value = self.flags.get("keep_prob") or 1.0
        if isinstance(value, str):
            value = min(specs.numbers("--keep_prob", value, float))
        return min(value) if isinstance(value, list | tuple) else value

    def dropout(self, what, why, keep):
        """Returns the remedy that keeps this share of units, in a list."""
        if self.offers("dropout"):
            return self.flag("dropout", what, why, round(1 - keep, 2))
        return self.flag("keep_prob", what, why, keep)

    @property
    def units(self):
        """The `width`, where that is a number of units and not a share."""
        width = self.flags.get("width")
        return width if isinstance(width, int) and width > 1 else None

    @property
    def both(self):
        """Whether bias and variance are both problems."""
        return {BIAS, VARIANCE} <= set(self.problems)
