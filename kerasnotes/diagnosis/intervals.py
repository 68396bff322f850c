"""An error with the interval it may lie in."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Measure:
    """An error measured on examples.

    Attributes:
        error: the mean error; of wrong and right answers, the share wrong.
        examples: how many examples it is the mean of; None if not known.
        deviation: the standard deviation of the examples' errors; None for
            shares of wrong answers, whose error tells it.
    """

    error: float
    examples: int | None = None
    deviation: float | None = None

    @classmethod
    def of_examples(cls, errors):
        """Returns the measure of errors `[n]`."""
        return cls(float(errors.mean()), len(errors), float(errors.std()))
