"""What to try next: the order of the problems, and of their remedies."""

import dataclasses
import itertools

from kerasnotes.diagnosis import verdicts
from kerasnotes.diagnosis.verdicts import BIAS, HUMAN


@dataclasses.dataclass(frozen=True)
class Remedy:
    """Something to try against a problem.

    Attributes:
        what: what to do, one line.
        why: why it may help here, one line.
        example: command-line flags that do it, or an empty string.
    """

    what: str
    why: str
    example: str = ""


_STOP = Remedy(
    "stop here, or measure what still hurts",
    "the error is near its floor on these examples; a harder dev set or "
    "another metric shows what is left",
)


def advise(diagnosis, remedies, facts=None):
    """Return what to try, in order of promise.

    Several problems take turns, the largest first, and nothing is said
    twice. Where nothing is shown to be a problem, what would tell comes
    first.

    Args:
        diagnosis: a `components.Diagnosis`.
        remedies: a function of a problem and `facts` that yields `Remedy`s,
            the most promising first. A problem is one of `verdicts`:
            `BIAS`, `VARIANCE`, `MISMATCH`, `OVERFIT`, `OTHER_TEST`,
            `DIVERGED`, or `HUMAN` where the error of people is needed.
        facts: what `remedies` has to know of the run.

    Returns:
        A list of `Remedy`s, one at least.

    Source: A. Ng, Machine Learning Yearning (2018), chapters 25 to 27, 41.

    >>> from kerasnotes.diagnosis import components, intervals
    >>> errors = {"train": 0.08, "dev": 0.2}
    >>> diagnosis = components.diagnose(
    ...     {name: intervals.Measure(e) for name, e in errors.items()}
    ... )
    >>> texts = {
    ...     "variance": ["gather more data", "average the weights"],
    ...     "avoidable bias": ["train longer"],
    ... }
    >>> def remedies(problem, facts):
    ...     return [Remedy(text, "it may help") for text in texts[problem]]
    >>> for remedy in advise(diagnosis, remedies):
    ...     print(remedy.what)
    gather more data
    train longer
    average the weights
    """
    lists = [remedies(name, facts) for name in diagnosis.problems]
    if not lists:
        lists = [_undecided(diagnosis, remedies, facts)]
    turns = itertools.zip_longest(*lists)
    promising = filter(None, itertools.chain.from_iterable(turns))
    remedies = list(dict.fromkeys(promising))
    # A task that says how has said what.
    shown = {remedy.what for remedy in remedies if remedy.example}
    return [
        remedy
        for remedy in remedies
        if remedy.example or remedy.what not in shown
    ] or [_STOP]


def _undecided(diagnosis, remedies, facts):
    """Yield what to do where nothing is shown to be a problem."""
    for need in diagnosis.needs:
        if not need.examples or need.component == BIAS:
            continue
        yield Remedy(
            f"gather {verdicts.more_examples(need)}",
            f"{need.component} can't be told from chance with so few",
        )
    if diagnosis.unknown:
        yield from remedies(HUMAN, facts)
        yield from remedies(BIAS, facts)
    elif not diagnosis.needs:
        yield _STOP
        if diagnosis.largest:
            yield from remedies(diagnosis.largest.name, facts)
