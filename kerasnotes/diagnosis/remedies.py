"""Remedies for each problem, as `(what, why, example)`, best first.

Each takes the `advised.Run`.
"""

from kerasnotes import specs
from kerasnotes.diagnosis import advised, ladder

_MORE = {"none": "light", "light": "standard", "standard": "strong"}


def bias(run):
    """Yields remedies for avoidable bias."""
    flags, best = run.flags, run.facts.get("best_epoch")
    if best is not None and best == run.facts.get("epochs"):
        yield from run.flag(
            "epochs",
            "train longer",
            f"dev was best in the last epoch, {best}: it was still improving",
            2 * flags.get("epochs", 0),
        )
    if not run.both:
        yield from _less(run)
    if run.flags.get("freeze") not in (None, "none"):
        why = "what is frozen was learned for other pictures"
        yield from run.flag("freeze", "train all of the network", why, "none")
    yield from _larger(run)
    yield from _descent(run)
    if not run.both and run.flags.get("augment") not in (None, "none"):
        why = "it makes the training data harder than those of dev"
        yield from run.flag("augment", "augment less", why, "none")
    why = "one that suits the data better fits them better"
    yield from _another(run, "try another architecture", why)


def _less(run):
    """Less of the regularisation that is on."""
    for name in ("l1", "l2"):
        value = run.flags.get(name)
        if value:
            what = f"weaken the {name.upper()} penalty"
            why = f"{value:g} keeps the network from fitting train"
            yield from run.flag(name, what, why, f"{value / 10:g}")
    if run.keep < 1:
        why = f"only {run.keep:g} of them are kept"
        # Half as far from 1.
        keep = round((1 + run.keep) / 2, 2)
        yield from run.dropout("drop fewer units", why, keep)


def _larger(run):
    """A bigger network: the surest remedy for bias."""
    size = run.facts.get("parameters")
    why = "it fits train better" + (
        f" than {size:,} parameters" if size else ""
    )
    what = "use a bigger network"
    names = run.facts.get("models", ())
    if run.flags.get("model") in advised.SHALLOW and "mlp" in names:
        yield what, f"{why}: this one has no hidden layer", "--model=mlp"
    elif run.units:
        yield from run.flag("width", what, why, 2 * run.units)
    elif run.offers("hidden"):
        units = _units(run)
        example = ",".join(str(2 * n) for n in units)
        yield from run.flag("hidden", what, why, example)
    elif (run.flags.get("width") or 1) < 1 and run.offers("width"):
        wider = min(1, 2 * run.flags["width"])
        yield from run.flag("width", what, why, f"{wider:g}")
    elif run.flags.get("weights") in (None, "none"):
        # Another one has no such weights.
        next_one = ladder.larger(run.flags.get("model"), run.facts.get("side"))
        yield what, why, run.model(next_one)
    if run.offers("image_size") and run.facts.get("side"):
        side = 2 * run.facts["side"]
        yield from run.flag(
            "image_size",
            "show it more of each picture",
            f"{side // 2}×{side // 2} may lose what tells classes apart",
            side,
        )


def _units(run):
    value = run.flags.get("hidden")
    if isinstance(value, str):
        return specs.numbers("--hidden", value)
    return value or [128, 64]


def _descent(run):
    """A better descent: optimiser, schedule, normalised activations."""
    name, _, arguments = (run.flags.get("optimizer") or "").partition(":")
    if name in ("sgd", "notes_sgd") and "momentum" not in arguments:
        why = "plain gradient descent is slow to reach the minimum"
        yield from run.flag("optimizer", "use a better optimiser", why, "adam")
    if run.flags.get("lr_schedule") == "constant":
        yield from run.flag(
            "lr_schedule",
            "let the learning rate decay",
            "smaller steps at the end come closer to the minimum",
            "cosine",
        )
    if not run.flags.get("batch_norm"):
        why = "it makes deeper and faster learning possible"
        yield from run.flag("batch_norm", "normalise activations", why, True)
    rate = run.flags.get("learning_rate")
    if rate:
        yield from run.flag(
            "learning_rate",
            "search the learning rate",
            f"{rate:g} may not be the best; try a third and three times it",
            f"{rate / 3:.1g}",
        )


def variance(run):
    """Yields remedies for variance."""
    more = list(_more_data(run))
    hardly = run.facts.get("more_data") == "hardly"
    if not hardly:
        yield from more
    yield from _more_augmentation(run)
    yield from _pretrained(run)
    yield from _more_regular(run)
    if not run.both:
        yield from _smaller(run)
    if hardly:
        yield from more


def _more_data(run):
    count = run.facts.get("train")
    has = f" beyond these {count:,}" if count else ""
    told = run.facts.get("more_data")
    reasons = {
        "helps": "error still falls with the number of examples",
        "hardly": "error hardly falls with their number any more",
        "unclear": "the learning curve leaves open how much it helps",
        None: "the surest remedy; a learning curve says how much it helps",
    }
    offered = told is None and run.offers("learning_curve")
    example = "--learning_curve=0.1,0.25,0.5" if offered else ""
    yield f"gather more training data{has}", reasons[told], example


def _more_augmentation(run):
    name = (run.flags.get("augment") or "").partition(":")[0]
    if name == "none":
        what = "augment the training data"
        why = "it is off, and gives every epoch new examples"
    else:
        what = "augment more"
        why = (
            f"{name} leaves variance; the next policy mirrors too, for "
            "pictures whose mirror image is of the same class"
        )
    if name in _MORE:
        yield from run.flag("augment", what, why, _MORE[name])


def _pretrained(run):
    """A trunk that has learned from more pictures than there are here."""
    colour = run.facts.get("channels") == 3
    if not colour or run.flags.get("weights") != "none":
        return
    own = run.flags.get("model")
    name = own if own in ladder.PRETRAINED else ladder.PRETRAINED[1]
    if run.model(name):
        yield (
            "start from a network that has seen many more pictures",
            "only its head has to be learned from these",
            f"{'' if name == own else f'--model={name} '}"
            "--weights=imagenet --freeze=all",
        )


def _more_regular(run):
    size, count = run.facts.get("parameters"), run.facts.get("train")
    much = (
        f"{size:,} parameters on {count:,} examples" if size and count else ""
    )
    l2 = run.flags.get("l2")
    if l2:
        why = f"{l2:g} leaves variance"
        what = "strengthen the L2 penalty"
        yield from run.flag("l2", what, why, f"{3 * l2:g}")
    else:
        why = f"there is none{much and f', for {much}'}"
        yield from run.flag("l2", "add an L2 penalty", why, 1)
    if run.keep == 1:
        yield from run.dropout("use dropout", "it is off", 0.8)
    elif run.keep > 0.5:
        why = f"{run.keep:g} of the units are kept"
        keep = round(run.keep - 0.1, 2)
        yield from run.dropout("drop more units", why, keep)
    if (
        "weight_average" in run.flags
        and run.flags.get("weight_average") is None
    ):
        why = "the average over the last steps varies less than the last step"
        yield from run.flag("weight_average", "average the weights", why, 0.99)


def _smaller(run):
    what = "use a smaller or another network"
    fewer = "fewer weights have less room to fit noise"
    if run.units:
        yield from run.flag("width", what, fewer, run.units // 2)
    elif run.offers("hidden"):
        units = ",".join(str(max(1, n // 2)) for n in _units(run))
        yield from run.flag("hidden", what, fewer, units)
    else:
        why = "one that suits the data needs fewer examples"
        yield from _another(run, what, why)


def _another(run, what, why):
    model = run.flags.get("model")
    near = {
        "attention": "transformer",
        "encoder_decoder": "attention",
        "lenet5": "lenet5_teaching",
        "lenet5_teaching": "lenet5",
        "transformer": "attention",
    }
    other = near.get(model) or ladder.smaller(model) or "lenet5"
    yield what, why, "" if other == model else run.model(other)


def mismatch(run):
    """Yields remedies for data mismatch."""
    yield (
        "look at mistakes on train-dev and on dev, side by side",
        "only people can say in what the two differ: trainers.analyze "
        "--mode=sheet, for one with --split=train_dev",
        "",
    )
    why = "the model never saw what dev holds"
    yield "gather training data that are more like dev", why, ""
    why = "what dev has more of (blur, noise, background) can be added to train"
    yield "synthesise training data that are more like dev", why, ""
    if run.flags.get("augment") == "none":
        why = "it is off, and widens what the model has seen"
        yield from run.flag(
            "augment", "augment the training data", why, "light"
        )


def overfit(run):
    """Yields remedies for overfitting to dev."""
    why = "choices were made on this one until they fitted it"
    yield "take a new, larger dev set", why, ""
