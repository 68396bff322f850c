"""What a run on pictures can try: in terms of its flags and models."""

from kerasnotes import catalog
from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.verdicts import BIAS, MISMATCH, VARIANCE
from kerasnotes.tasks.pictures import freezing
from kerasnotes.training.report import remedies as engine

_MORE = {"none": "light", "light": "standard", "standard": "strong"}
# Of those with weights from ImageNet, one of the quickest.
_QUICK = "mobilenet_v2"
# Suits small sets.
_SMALL = "lenet5"


def remedies(problem, facts):
    """Yield the remedies of a task on pictures, the most promising first.

    Args:
        problem: one of `diagnosis.verdicts`.
        facts: the `RunFacts`; of the data it looks at `picture_size`, the
            height and width of the pictures as they were read.

    >>> from kerasnotes.training.report.run_facts import RunFacts
    >>> facts = RunFacts({"augment": "none"}, choices={"model": ["lenet5"]})
    >>> for remedy in remedies("variance", facts):
    ...     print(f"{remedy.what} {remedy.example}".strip())
    gather more training data
    augment the training data --augment=light
    use a smaller or another network --model=lenet5
    """
    remedies_by_problem = {
        BIAS: _bias,
        VARIANCE: _variance,
        MISMATCH: _mismatch,
    }
    return engine.remedies(problem, facts, remedies_by_problem)


def _bias(facts):
    flags = facts.flags
    yield from engine.longer(facts)
    yield from engine.weaker_penalties(facts)
    yield from engine.less_dropout(facts, "dropout", _rate(facts))
    if _freezes(facts):
        why = "what is frozen was learned for other pictures"
        yield from facts.flag("freeze", "train all of the network", why, "none")
    yield from _larger(facts)
    yield from _larger_pictures(facts)
    yield from engine.descent(facts)
    if not flags.get("batch_norm"):
        why = "it makes deeper and faster learning possible"
        yield from facts.argument(
            "batch_norm", "normalise activations", why, True
        )
    yield from engine.learning_rate(facts)
    if not facts.both and flags.get("augment") not in (None, "none"):
        why = "it makes the training data harder than those of dev"
        yield from facts.flag("augment", "augment less", why, "none")
    yield from _another(facts)


def _freezes(facts):
    """Return whether a part of the network is frozen."""
    choice = facts.flags.get("freeze")
    if choice == "auto":
        return (facts.train or 0) <= freezing.LAST_LAYERS
    return choice not in (None, "none")


def _rate(facts):
    """Return the largest rate of dropout; 0 without."""
    return max(facts.numbers("dropout", float), default=0.0)


def _side(facts):
    """Return the shorter side of the model's picture, or None."""
    shape = facts.input_shape
    return min(shape[:2]) if shape and len(shape) == 3 else None


def _larger(facts):
    """Yield a bigger network."""
    flags, why = facts.flags, engine.bigger_why(facts)
    model, width = flags.get("model"), flags.get("width") or 1
    larger = catalog.larger(model, _side(facts))
    if model and catalog.model(model).shallow:
        why = f"{why}: this one has no hidden layer"
        yield Remedy(engine.BIGGER, why, facts.choice("model", larger))
    elif facts.takes("hidden"):
        yield from engine.more_units(facts, "hidden")
    elif width < 1 and facts.takes("width"):
        wider = f"{min(1, 2 * width):g}"
        yield from facts.flag("width", engine.BIGGER, why, wider)
    # Another one has no such weights.
    elif flags.get("weights") in (None, "none"):
        yield Remedy(engine.BIGGER, why, facts.choice("model", larger))


def _larger_pictures(facts):
    """Yield a larger input, where the pictures show more than it takes."""
    side, size = _side(facts), facts.data.get("picture_size")
    if not side or (size and side >= max(size)):
        return
    height, width, _ = facts.input_shape
    what = "show it more of each picture"
    why = f"{height}×{width} may lose what tells classes apart"
    if height == width:
        larger = min(2 * side, max(size)) if size else 2 * side
        yield from facts.flag("image_size", what, why, larger)
    else:
        more = f"--image_size={2 * height} --image_width={2 * width}"
        yield Remedy(what, why, more)


def _variance(facts):
    yield from engine.around_more_data(facts, _without_more_data(facts))


def _without_more_data(facts):
    yield from _more_augmentation(facts)
    yield from _pretrained(facts)
    yield from engine.stronger_penalty(facts)
    yield from engine.more_dropout(facts, "dropout", _rate(facts))
    yield from engine.averaging(facts)
    if not facts.both:
        yield from _smaller(facts)


def _more_augmentation(facts):
    name = (facts.flags.get("augment") or "").partition(":")[0]
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
        yield from facts.flag("augment", what, why, _MORE[name])


def _pretrained(facts):
    """Yield a trunk that has learned from more pictures than there are."""
    colour = facts.input_shape and facts.input_shape[-1] == 3
    if not colour or facts.flags.get("weights") != "none":
        return
    model = facts.flags.get("model")
    name = model if model in catalog.IMAGENET else _QUICK
    if facts.choice("model", name):
        yield Remedy(
            "start from a network that has seen many more pictures",
            "only its head has to be learned from these",
            f"{'' if name == model else f'--model={name} '}"
            "--weights=imagenet --freeze=all",
        )


def _smaller(facts):
    if facts.takes("hidden"):
        yield from engine.fewer_units(facts, "hidden")
        return
    model = facts.flags.get("model")
    other = _alternative(model) or catalog.smaller(model) or _SMALL
    example = "" if other == model else facts.choice("model", other)
    yield Remedy(engine.SMALLER, engine.SUITS, example)


def _alternative(model):
    """Return another model of about the same size, or None."""
    spec = catalog.MODELS.get(model)
    return spec and spec.alternative


def _another(facts):
    """Yield another network, but names none that is smaller."""
    other = _alternative(facts.flags.get("model"))
    what, why = engine.ANOTHER.what, engine.ANOTHER.why
    yield Remedy(what, why, facts.choice("model", other))


def _mismatch(facts):
    yield from engine.mismatch(facts)
    if facts.flags.get("augment") == "none":
        why = "it is off, and widens what the model has seen"
        yield from facts.flag(
            "augment", "augment the training data", why, "light"
        )
