"""What a run of segmentation can try, in terms of its flags."""

import dataclasses

from kerasnotes import models
from kerasnotes.diagnosis.verdicts import BIAS, VARIANCE
from kerasnotes.tasks.pictures import remedies as pictures
from kerasnotes.training.report import remedies as engine

UNET = "unet"


def remedies(problem, facts):
    """Yield the remedies of segmentation, the most promising first.

    Args:
        problem: one of `diagnosis.verdicts`.
        facts: the `RunFacts`.

    >>> from kerasnotes.training.report.run_facts import RunFacts
    >>> facts = RunFacts({"filters": "8,16", "model": "unet"})
    >>> [r.example for r in remedies("variance", facts)][-1]
    '--filters=4,8'
    """
    model = facts.flags.get("model")
    if model != UNET:
        # What flags give is the way down's, and not the way up's.
        arguments = {*models.arguments_of(model)} - {"filters", "dropout"}
        facts = dataclasses.replace(facts, arguments=frozenset(arguments))
        return pictures.remedies(problem, facts)
    return engine.remedies(problem, facts, {BIAS: _bias, VARIANCE: _variance})


def _bias(facts):
    yield from engine.longer(facts)
    yield from engine.weaker_penalties(facts)
    yield from engine.more_units(facts, "filters")
    why = "a level more sees twice as far around each pixel"
    levels = facts.numbers("filters")
    if levels:
        deeper = ",".join(map(str, [*levels, 2 * levels[-1]]))
        yield from facts.flag("filters", "use a deeper network", why, deeper)
    if facts.flags.get("pixel_loss") == "cross_entropy":
        yield from facts.flag(
            "pixel_loss",
            "learn what is measured",
            "the loss of Dice is that of the overlap itself",
            "cross_entropy+dice",
        )
    yield from engine.descent(facts)
    yield from engine.learning_rate(facts)


def _variance(facts):
    def rest():
        name = (facts.flags.get("augment") or "").partition(":")[0]
        why = "masks move along, and every epoch has new examples"
        more = {"none": "light", "light": "standard:flip=true,warp=0.01"}
        if name in more:
            yield from facts.flag("augment", "augment more", why, more[name])
        yield from engine.stronger_penalty(facts)
        yield from engine.averaging(facts)
        if not facts.both:
            yield from engine.fewer_units(facts, "filters")

    yield from engine.around_more_data(facts, rest())
