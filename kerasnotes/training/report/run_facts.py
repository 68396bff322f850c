"""What a run knows of itself where remedies are sought."""

import dataclasses

from kerasnotes import specs
from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.verdicts import BIAS, VARIANCE


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """What remedies look at: the flags of a run, and what came of it.

    Attributes:
        flags: dictionary of the run's flags; where one isn't given, the
            model's own default stands for it.
        problems: names of the components that are problems.
        train: the number of training examples.
        parameters: the number of the model's parameters.
        best_epoch: the epoch that was kept.
        epochs: how many there were to be.
        choices: dictionary of a flag's name to the values it takes, of flags
            that take no others.
        arguments: names of the arguments that the model takes; None if not
            known.
        input_shape: shape of an input, without the batch; None if there are
            several.
        more_data: what the learning curve says of more data: helps, hardly or
            unclear; None without one.
        data: the task's facts of the data.

    >>> facts = RunFacts({"l2": 0.0})
    >>> [r.example for r in facts.flag("l2", "add a penalty", "it is off", 1)]
    ['--l2=1']
    >>> facts.flag("l1", "add a penalty", "it is off", 1)
    []
    """

    flags: dict
    problems: tuple = ()
    train: int | None = None
    parameters: int | None = None
    best_epoch: int | None = None
    epochs: int | None = None
    choices: dict = dataclasses.field(default_factory=dict)
    arguments: frozenset | None = None
    input_shape: tuple | None = None
    more_data: str | None = None
    data: dict = dataclasses.field(default_factory=dict)

    @property
    def both(self):
        """Whether bias and variance are both problems.

        What trades one for the other is left out then.
        """
        return {BIAS, VARIANCE} <= set(self.problems)

    def flag(self, name, what, why, value):
        """Return the remedy in a list, which is empty without the flag."""
        example = f"--{name}" if value is True else f"--{name}={value}"
        return [Remedy(what, why, example)] if name in self.flags else []

    def takes(self, name):
        """Return whether the run can give the model this argument."""
        known = self.arguments is None or name in self.arguments
        return known and name in self.flags

    def argument(self, name, what, why, value):
        """Return the remedy in a list, likewise for the model's argument."""
        return self.flag(name, what, why, value) if self.takes(name) else []

    def numbers(self, name, kind=int):
        """Return the numbers of a flag, one or several, as a list.

        >>> RunFacts({"units": "9,6"}).numbers("units")
        [9, 6]
        """
        value = self.flags.get(name)
        if isinstance(value, str):
            return specs.numbers(f"--{name}", value, kind)
        if value is None:
            return []
        return list(value) if isinstance(value, list | tuple) else [value]

    def choice(self, name, value):
        """Return the flag with the value, or nothing where it takes others.

        >>> facts = RunFacts({}, choices={"kind": ("small", "large")})
        >>> facts.choice("kind", "large"), facts.choice("kind", "huge")
        ('--kind=large', '')
        """
        return f"--{name}={value}" * (value in self.choices.get(name, ()))
