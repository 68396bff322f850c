"""What a translation can try: in terms of its flags and models."""

from kerasnotes import catalog
from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.verdicts import BIAS, HUMAN, VARIANCE
from kerasnotes.training.report import remedies as engine


def remedies(problem, facts):
    """Yield the remedies of a translation, the most promising first.

    Args:
        problem: one of `diagnosis.verdicts`.
        facts: the `RunFacts`.

    >>> from kerasnotes.training.report.run_facts import RunFacts
    >>> facts = RunFacts({"width": 128, "dropout": 0.1}, train=500)
    >>> for remedy in remedies("variance", facts):
    ...     print(f"{remedy.what} {remedy.example}".strip())
    gather more training data beyond these 500
    drop more units --dropout=0.2
    use a smaller or another network --width=64
    """
    remedies_by_problem = {BIAS: _bias, VARIANCE: _variance, HUMAN: _human}
    return engine.remedies(problem, facts, remedies_by_problem)


def _rate(facts):
    return facts.flags.get("dropout") or 0


def _bias(facts):
    yield from engine.longer(facts)
    yield from engine.weaker_penalties(facts)
    yield from engine.less_dropout(facts, "dropout", _rate(facts))
    width = facts.flags.get("width")
    if width:
        why = engine.bigger_why(facts)
        yield from facts.argument("width", engine.BIGGER, why, 2 * width)
    yield from engine.descent(facts)
    yield from engine.learning_rate(facts)
    larger = catalog.larger(facts.flags.get("model"))
    example = facts.choice("model", larger)
    yield Remedy(engine.ANOTHER.what, engine.ANOTHER.why, example)


def _variance(facts):
    yield from engine.around_more_data(facts, _without_more_data(facts))


def _without_more_data(facts):
    yield from engine.stronger_penalty(facts)
    yield from engine.more_dropout(facts, "dropout", _rate(facts))
    yield from engine.averaging(facts)
    width = facts.flags.get("width") or 1
    if width > 1 and not facts.both:
        what, why = engine.SMALLER, engine.FEWER
        yield from facts.argument("width", what, why, width // 2)


def _human(facts):
    why = (
        "nobody guesses every token of a reference: let people guess some of "
        "dev, from the tokens before; bias counts from there"
    )
    yield from facts.flag("human_error", "say how good people are", why, "…")
