"""Bias, variance, data mismatch: where the error of a model comes from."""

import dataclasses

from kerasnotes.diagnosis import (
    differences,
    human_level,
    intervals,
    verdicts,
)
from kerasnotes.diagnosis.differences import FLOOR
from kerasnotes.diagnosis.verdicts import (
    BIAS,
    DIVERGED,
    MISMATCH,
    OTHER_TEST,
    OVERFIT,
    VARIANCE,
)

RATIO = 0.5
GROWTH = 10


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What the errors of the splits say.

    Attributes:
        measures: `Measure` by name, with `human`, in the order of the way
            from the best humans to test.
        components: the `differences.Difference`s there are, in the same order.
        problems: names of those that are problems, the largest first.
        needs: `differences.Need`s that would settle the others that may be.
        assumed: whether the human-level error wasn't given and 0 stands for
            it, so that the avoidable bias is at most the one given.
        unknown: whether it is needed, because 0 can't stand for it.
        below_human: whether training error is below it.
        synthetic: whether the training examples are synthesised.
        choices: among how many models dev chose; None if not known.
        levels: dictionary of the human levels there are by name.
        losses: the loss before the first step and that of the model kept;
            None if not known.
    """

    measures: dict
    components: tuple
    problems: tuple
    needs: tuple
    assumed: bool
    unknown: bool
    below_human: bool
    synthetic: bool
    choices: int | None = None
    levels: dict = dataclasses.field(default_factory=dict)
    losses: tuple | None = None

    def component(self, name):
        """Return the component of this name."""
        return next(c for c in self.components if c.name == name)

    @property
    def largest(self):
        """The largest component that is real, however small; None without
        counts, where nothing is known to be real.
        """
        real = [
            c
            for c in self.components
            if c.real and self.measures[c.over].examples
        ]
        return max(real, key=lambda c: c.value, default=None)

    @property
    def verdict(self):
        """One line: which problems there are, none, or what would tell."""
        return verdicts.verdict(self, FLOOR)

    @property
    def notes(self):
        """What to know when reading it, a sentence each."""
        return verdicts.notes(self)

    def to_dict(self):
        """Return what metrics.json keeps."""
        return {
            "errors": {
                name: {
                    "error": m.error,
                    "interval": _finite(m.interval),
                    "examples": m.examples and int(m.examples),
                }
                for name, m in self.measures.items()
            },
            "components": {
                c.name: {
                    "value": c.value,
                    "interval": _finite((c.low, c.high)),
                    "of": [c.over, c.under],
                }
                for c in self.components
            },
            "problems": list(self.problems),
            "more_examples": {
                n.component: dict.fromkeys(n.splits, n.examples or None)
                for n in self.needs
            },
            "choices": self.choices,
            "human_assumed": self.assumed,
            "human_levels": {n: m.error for n, m in self.levels.items()},
            "below_human": self.below_human,
            "verdict": self.verdict,
            "notes": self.notes,
        }


def diagnose(measures, human=None, synthetic=False, choices=None, losses=None):
    """Says where the error of a model comes from.

    From human-level to test error it takes the differences

    - avoidable bias: train - human,
    - variance: train-dev - train, or dev - train where there is no train-dev,
    - data mismatch: dev - train-dev,
    - overfitting to dev: test - dev; dev-test mismatch instead where that is
      more than choosing among `choices` models can win,

    each with its 95 % interval. **A difference is a problem** where

    1. it is real: its interval lies above 0;
    2. it matters: it is at least `FLOOR`, 1 % of the examples (of other
       errors, 1 % of their unit);
    3. it is in the first rank: at least `RATIO`, half, of the largest that
       is real. Overfitting to dev is judged without this: it is the yardstick
       that is wrong then, whatever else is.

    Where there is no problem, and an interval holds both 0 and `FLOOR`, one
    can't tell yet: `needs` says how many more examples would settle it, if
    the errors stay as they are. Beside a problem only what may be of its rank
    is named so. Without counts the differences stand as they are.

    Choosing the best of k models on dev makes its error look lower than it is
    by `Measure.winnable(k)` at most. Where test is worse by more than that
    and chance explain, so that the difference lies above 0 for whichever of
    the k was chosen, dev and test are of different data.

    Where humans' error isn't given it is 0 for shares of wrong answers. For
    other errors, and where a measure's `least` is None, it is unknown: the
    avoidable bias is at most the training error, and no verdict on bias is
    given. None is given either where training error is below that of humans:
    it no longer guides then.

    Where the loss ended above `GROWTH`, ten, times that of the untrained
    model, which is about that of a constant answer, the run diverged: that is
    the one problem then, unless train has next to no errors.

    Args:
        measures: dictionary of `train`, `dev` and, where there are any,
            `train_dev` and `test` to `intervals.Measure`.
        human: the `Measure` of the best humans, or a dictionary of those of
            several by name, of which the lowest counts; or None.
        synthetic: whether the training examples are synthesised and those of
            dev are not.
        choices: among how many models dev chose the one it is of, as the
            epochs of a run; None if not known.
        losses: the loss before the first step, and that of the model; None
            if not known.

    Returns:
        A `Diagnosis`.

    Raises:
        ValueError: `train` or `dev` is missing, or another name is there.

    Source: A. Ng, Machine Learning Yearning (2018), chapters 20 to 24 and 40
    to 43.

    >>> points = {"train": 0.01, "train_dev": 0.015, "dev": 0.10}
    >>> found = diagnose({k: intervals.Measure(e) for k, e in points.items()})
    >>> found.verdict
    'you have a data-mismatch problem'
    """
    extra = set(measures) - {"train", "train_dev", "dev", "test"}
    if extra or not {"train", "dev"} <= set(measures):
        raise ValueError(
            "`measures` must have train and dev, and may have train_dev and "
            f"test. Received: {sorted(measures)}"
        )
    levels = human if isinstance(human, dict) else {}
    human = levels[human_level.least(levels)] if levels else human
    is_human = human is not None
    order = ("train", "train_dev", "dev", "test")
    measures = {"human": human if is_human else intervals.Measure(0.0)} | {
        name: measures[name] for name in order if name in measures
    }
    components = _components(measures, choices)
    below = components[0].value < 0
    unknown = not is_human and _least_unknown(measures["train"])
    unranked = {OVERFIT, OTHER_TEST} | ({BIAS} if below or unknown else set())
    ranked = [c for c in components if c.name not in unranked]
    first = max((c.value for c in ranked if c.real), default=0.0)
    leading = [c for c in ranked if c.value >= RATIO * first]
    of_test = [c for c in components if c.name in (OVERFIT, OTHER_TEST)]
    problems = [c for c in (*leading, *of_test) if c.problem]
    names = tuple(c.name for c in sorted(problems, key=lambda c: -c.value))
    # Beside a problem, what may be small isn't worth a question.
    open_ = leading if problems else ranked
    if _diverged(losses, measures["train"]):
        names, open_ = (DIVERGED,), ()
    return Diagnosis(
        measures,
        components,
        names,
        tuple(differences.need(c, measures) for c in open_ if c.undecided),
        assumed=not is_human,
        unknown=unknown and components[0].high >= FLOOR,
        below_human=below,
        synthetic=synthetic,
        choices=choices,
        levels=levels,
        losses=losses,
    )


def _diverged(losses, train):
    first, last = losses or (0, 0)
    return last > GROWTH * first > 0 and train.error >= FLOOR


def _least_unknown(train):
    """Return whether nobody knows the least error that there can be.

    Of shares it is 0; of other errors their noise is unknown.
    """
    other = train.deviation is not None and train.most > 1
    return train.least is None or other


def _components(measures, choices):
    train_dev = "train_dev" in measures
    pairs = [
        (BIAS, "train", "human"),
        (VARIANCE, "train_dev" if train_dev else "dev", "train"),
    ]
    if train_dev:
        pairs.append((MISMATCH, "dev", "train_dev"))
    if "test" in measures:
        pairs.append((_of_test(measures, choices), "test", "dev"))
    return tuple(differences.take(*pair, measures) for pair in pairs)


def _of_test(measures, choices):
    """Return what test - dev is called."""
    test, dev = measures["test"], measures["dev"]
    if not choices or None in (test.examples, dev.examples):
        return OVERFIT
    low, _ = intervals.difference(test, dev, choices)
    matters = test.error - dev.error >= FLOOR
    return OTHER_TEST if low > 0 and matters else OVERFIT


def _finite(ends):
    """Return ends that JSON can hold: None for infinity."""
    return [e if abs(e) < float("inf") else None for e in ends]
