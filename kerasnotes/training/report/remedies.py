"""Remedies in terms of the flags that every run has.

A task puts them in order with its own, the most promising first.
"""

from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.verdicts import (
    BIAS,
    DIVERGED,
    HUMAN,
    MISMATCH,
    OTHER_TEST,
    OVERFIT,
    VARIANCE,
)

BIGGER, SMALLER = "use a bigger network", "use a smaller or another network"
ANOTHER = Remedy(
    "try another architecture",
    "one that suits the data better fits them better",
)
SUITS = "one that suits the data needs fewer examples"
UNITS = (128, 64)
_SAFE_RATE = 0.01
FEWER = "fewer weights have less room to fit noise"


def remedies(problem, facts, others=None):
    """Yield the remedies of any task, the most promising first.

    Nothing that is on already is turned on, and no flag is named that the
    run doesn't have. Early stopping isn't among them: a run keeps its best
    epoch.

    Args:
        problem: one of `diagnosis.verdicts`, see `diagnosis.advice.advise`.
        facts: the `RunFacts`.
        others: what a task yields in place of these: a dictionary of problem
            to a function of the facts.

    >>> from kerasnotes.training.report.run_facts import RunFacts
    >>> facts = RunFacts({"l2": 0.0, "weight_average": None}, train=200)
    >>> for remedy in remedies("variance", facts):
    ...     print(f"{remedy.what} {remedy.example}".strip())
    gather more training data beyond these 200
    add an L2 penalty --l2=1
    average the weights --weight_average=0.99
    use a smaller or another network
    """
    usual = {
        BIAS: _bias,
        VARIANCE: _variance,
        MISMATCH: mismatch,
        OVERFIT: _overfit,
        OTHER_TEST: _other_test,
        DIVERGED: _diverged,
        HUMAN: _human,
    }
    return (usual | (others or {}))[problem](facts)


def _bias(facts):
    yield from longer(facts)
    yield from weaker_penalties(facts)
    yield Remedy(BIGGER, bigger_why(facts))
    yield from descent(facts)
    yield from learning_rate(facts)
    yield ANOTHER


def _variance(facts):
    def rest():
        yield from stronger_penalty(facts)
        yield from averaging(facts)
        if not facts.both:
            yield Remedy(SMALLER, SUITS)

    yield from around_more_data(facts, rest())


def longer(facts):
    """Yield more epochs, where dev was still improving."""
    best = facts.best_epoch
    if best is not None and best == facts.epochs:
        yield from facts.flag(
            "epochs",
            "train longer",
            f"dev was best in the last epoch, {best}: it was still improving",
            2 * facts.epochs,
        )


def weaker_penalties(facts):
    """Yield less of the penalties that are on."""
    for name in () if facts.both else ("l1", "l2"):
        value = facts.flags.get(name)
        if value:
            what = f"weaken the {name.upper()} penalty"
            why = f"{value:g} keeps the network from fitting train"
            yield from facts.flag(name, what, why, f"{value / 10:g}")


def less_dropout(facts, flag, rate):
    """Yield half as much dropout, where there is some.

    Args:
        facts: the `RunFacts`.
        flag: name of the flag.
        rate: the share of units that is dropped.
    """
    if rate and not facts.both:
        why = f"{rate:g} of them are dropped"
        less = round(rate / 2, 2)
        yield from facts.argument(flag, "drop fewer units", why, less)


def bigger_why(facts):
    """Return why a bigger network helps, the surest remedy for bias."""
    size = facts.parameters
    than = f" than {size:,} parameters" if size else ""
    return f"it fits train better{than}"


def more_units(facts, flag):
    """Yield a bigger network, of twice as many units a layer."""
    twice = ",".join(str(2 * n) for n in facts.numbers(flag) or UNITS)
    yield from facts.argument(flag, BIGGER, bigger_why(facts), twice)


def fewer_units(facts, flag):
    """Yield a smaller network, of half as many units a layer."""
    units = facts.numbers(flag) or UNITS
    half = ",".join(str(max(1, n // 2)) for n in units)
    yield from facts.argument(flag, SMALLER, FEWER, half)


def descent(facts):
    """Yield a better optimiser and schedule."""
    flags = facts.flags
    name, _, arguments = (flags.get("optimizer") or "").partition(":")
    if name in ("sgd", "notes_sgd") and "momentum" not in arguments:
        why = "plain gradient descent is slow to reach the minimum"
        yield from facts.flag(
            "optimizer", "use a better optimiser", why, "adam"
        )
    if flags.get("lr_schedule") == "constant":
        yield from facts.flag(
            "lr_schedule",
            "let the learning rate decay",
            "smaller steps at the end come closer to the minimum",
            "cosine",
        )


def learning_rate(facts):
    """Yield a search of the learning rate."""
    rate = facts.flags.get("learning_rate")
    if rate:
        yield from facts.flag(
            "learning_rate",
            "search the learning rate",
            f"{rate:g} may not be the best; try a third and three times it",
            f"{rate / 3:.1g}",
        )


def around_more_data(facts, others):
    """Yield more data before the others, or after where they hardly help.

    Args:
        facts: the `RunFacts`.
        others: the other remedies for variance.
    """
    hardly = facts.more_data == "hardly"
    if not hardly:
        yield _more_data(facts)
    yield from others
    if hardly:
        yield _more_data(facts)


def _more_data(facts):
    count, says = facts.train, facts.more_data
    beyond = f" beyond these {count:,}" if count else ""
    reasons = {
        "helps": "error still falls with the number of examples",
        "hardly": "error hardly falls with their number any more",
        "unclear": "the learning curve leaves open how much it helps",
        None: "the surest remedy; a learning curve says how much it helps",
    }
    offered = says is None and "learning_curve" in facts.flags
    example = "--learning_curve=0.1,0.25,0.5" if offered else ""
    return Remedy(f"gather more training data{beyond}", reasons[says], example)


def stronger_penalty(facts):
    """Yield an L2 penalty, or three times the one that is on."""
    size, count = facts.parameters, facts.train
    l2 = facts.flags.get("l2")
    if l2:
        why = f"{l2:g} leaves variance"
        what = "strengthen the L2 penalty"
        yield from facts.flag("l2", what, why, f"{3 * l2:g}")
    else:
        much = ""
        if size and count:
            much = f", for {size:,} parameters on {count:,} examples"
        yield from facts.flag(
            "l2", "add an L2 penalty", f"there is none{much}", 1
        )


def more_dropout(facts, flag, rate):
    """Yield dropout, or more of it, down to half of the units.

    Args:
        facts: the `RunFacts`.
        flag: name of the flag.
        rate: the share of units that is dropped.
    """
    if not rate:
        yield from facts.argument(flag, "use dropout", "it is off", 0.2)
    elif rate < 0.5:
        why = f"{rate:g} of the units are dropped"
        more = round(rate + 0.1, 2)
        yield from facts.argument(flag, "drop more units", why, more)


def averaging(facts):
    """Yield an average of the weights, where there is none."""
    if facts.flags.get("weight_average") is None:
        why = "the average over the last steps varies less than the last step"
        yield from facts.flag(
            "weight_average", "average the weights", why, 0.99
        )


def mismatch(facts):
    """Yield remedies for data mismatch."""
    yield Remedy(
        "look at mistakes on train-dev and on dev, side by side",
        "only people can say in what the two differ: trainers.analyze "
        "--mode=sheet, for one with --split=train_dev",
    )
    yield Remedy(
        "gather training data that are more like dev",
        "the model never saw what dev holds",
    )
    yield Remedy(
        "synthesise training data that are more like dev",
        "what dev has more of (blur, noise, background) can be added to train",
    )


def _overfit(facts):
    why = "choices were made on this one until they fitted it"
    yield Remedy("take a new, larger dev set", why)


def _other_test(facts):
    yield Remedy(
        "take dev and test from the same data",
        "what is chosen on dev is right for test only where they are alike",
    )
    yield Remedy(
        "look at mistakes on dev and on test, side by side",
        "only people can say in what the two differ: trainers.analyze "
        "--mode=sheet, for one with --split=test",
    )


def _diverged(facts):
    rate = facts.flags.get("learning_rate")
    why = "steps too large carry the weights ever further from the minimum"
    yield from facts.flag(
        "learning_rate",
        "use a smaller learning rate",
        f"{why}; it was {rate:g}" if rate else why,
        f"{min((rate or 1) / 10, _SAFE_RATE):.1g}",
    )
    if not facts.flags.get("clip_norm"):
        why = "a rare large gradient moves the weights no further than others"
        yield from facts.flag("clip_norm", "clip the gradient", why, 1)


def _human(facts):
    why = "without it nobody knows how much bias can be avoided"
    yield from facts.flag("human_error", "say how good people are", why, "…")
