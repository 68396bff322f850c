"""What to try next, for the run at hand."""

import dataclasses
import itertools

from kerasnotes.diagnosis import advised, remedies, verdicts
from kerasnotes.diagnosis.verdicts import BIAS, MISMATCH, OVERFIT, VARIANCE


@dataclasses.dataclass(frozen=True)
class Advice:
    """Something to try.

    Attributes:
        what: what to do, one line.
        why: why it may help here, one line.
        example: flags that do it, or nothing.
    """

    what: str
    why: str
    example: str = ""


def advise(diagnosis, flags, facts):
    """Returns what to try, in order of promise.

    Against each problem there are the remedies that fit what the run was
    told: nothing that is on already is turned on, and no flag is named that
    the run doesn't have. Several problems take turns, the largest first.
    Where bias and variance are both problems, what trades one for the other
    is left out. Early stopping isn't advised: a run keeps its best epoch.

    Args:
        diagnosis: a `components.Diagnosis`.
        flags: the run's flags, a dictionary; those that a task lacks are
            absent.
        facts: a dictionary with any of `train` (the number of training
            examples), `parameters`, `best_epoch`, `epochs` (those run),
            `models` (names that `--model` takes), `arguments` (those that
            the model takes; None if not known), `side` (of the model's
            picture), and `more_data` (what learning curves say: helps,
            hardly or unclear).

    Returns:
        A list of `Advice`.

    Source: A. Ng, Machine Learning Yearning (2018), chapters 25 to 27, 41.

    >>> from kerasnotes.diagnosis import components, intervals
    >>> found = components.diagnose(
    ...     {"train": intervals.Measure(0.01), "dev": intervals.Measure(0.1)}
    ... )
    >>> for a in advise(found, {"l2": 0.0, "augment": "none"}, {"train": 200}):
    ...     print(f"{a.what} {a.example}".strip())
    gather more training data beyond these 200
    augment the training data --augment=light
    add an L2 penalty --l2=1
    use a smaller or another network
    """
    run = advised.Run(flags, facts, diagnosis.problems)
    lists = [_REMEDIES[name](run) for name in diagnosis.problems]
    turns = itertools.zip_longest(*lists or [_undecided(diagnosis, run)])
    found = list(filter(None, itertools.chain.from_iterable(turns)))
    found = found or [_STOP]
    return [Advice(*parts) for parts in dict.fromkeys(found)]


_STOP = (
    "stop here, or measure what still hurts",
    "the error is near its floor on these examples; a harder dev set or "
    "another metric shows what is left",
)

_REMEDIES = {
    BIAS: remedies.bias,
    VARIANCE: remedies.variance,
    MISMATCH: remedies.mismatch,
    OVERFIT: remedies.overfit,
}


def _undecided(diagnosis, run):
    """What to do where nothing is shown to be a problem."""
    for need in diagnosis.needs:
        if need.examples is None or need.component == BIAS:
            continue
        yield (
            f"gather {verdicts.more_examples(need)}",
            f"{need.component} can't be told from chance with so few",
        )
    if diagnosis.unknown:
        yield from run.flag(
            "human_error",
            "say how good people are",
            "without it nobody knows how much bias can be avoided",
            "…",
        )
        yield from remedies.bias(run)
    elif not diagnosis.needs:
        yield _STOP
        if diagnosis.largest:
            yield from _REMEDIES[diagnosis.largest.name](run)
