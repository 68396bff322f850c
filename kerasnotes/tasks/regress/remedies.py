"""What a regression can try: in terms of its flags and models."""

from kerasnotes import catalog
from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.verdicts import BIAS, VARIANCE
from kerasnotes.training.report import remedies as engine


def remedies(problem, facts):
    """Yield the remedies of a regression, the most promising first.

    Args:
        problem: one of `diagnosis.verdicts`.
        facts: the `RunFacts`.

    >>> from kerasnotes.training.report.run_facts import RunFacts
    >>> flags = {"model": "linear_regression", "hidden": None}
    >>> facts = RunFacts(flags, choices={"model": ("mlp",)})
    >>> [r.example for r in remedies("avoidable bias", facts)]
    ['--model=mlp', '']
    """
    remedies_by_problem = {BIAS: _bias, VARIANCE: _variance}
    return engine.remedies(problem, facts, remedies_by_problem)


def _shallow(facts):
    """Return whether the model has no hidden layer."""
    return catalog.model(facts.flags["model"]).shallow


def _rate(facts):
    return facts.flags.get("dropout") or 0.0


def _bias(facts):
    yield from engine.longer(facts)
    yield from engine.weaker_penalties(facts)
    if _shallow(facts):
        larger = catalog.larger(facts.flags["model"])
        why = f"{engine.bigger_why(facts)}: this one has no hidden layer"
        yield Remedy(engine.BIGGER, why, facts.choice("model", larger))
    else:
        yield from engine.less_dropout(facts, "dropout", _rate(facts))
        yield from engine.more_units(facts, "hidden")
    yield from engine.descent(facts)
    yield from engine.learning_rate(facts)
    yield engine.ANOTHER


def _variance(facts):
    yield from engine.around_more_data(facts, _without_more_data(facts))


def _without_more_data(facts):
    yield from engine.stronger_penalty(facts)
    if not _shallow(facts):
        yield from engine.more_dropout(facts, "dropout", _rate(facts))
    yield from engine.averaging(facts)
    if facts.both:
        return
    if _shallow(facts):
        yield Remedy(engine.SMALLER, engine.SUITS)
    else:
        yield from engine.fewer_units(facts, "hidden")
