"""The words for a diagnosis."""

import math

from kerasnotes.diagnosis import human_level, intervals

BIAS, VARIANCE = "avoidable bias", "variance"
MISMATCH, OVERFIT = "data mismatch", "overfitting to dev"
OTHER_TEST = "dev-test mismatch"
DIVERGED = "divergence"
HUMAN = "human-level error"

_PROBLEMS = {
    BIAS: "a bias problem",
    VARIANCE: "a variance problem",
    MISMATCH: "a data-mismatch problem",
}


def split_name(name):
    """Return what people call a split.

    >>> split_name("train_dev")
    'train-dev'
    """
    return {"train": "training"}.get(name, name.replace("_", "-"))


def verdict(diagnosis, floor):
    """Return one line that says what the problems are.

    Args:
        diagnosis: the `components.Diagnosis`.
        floor: the least share that matters.
    """
    if DIVERGED in diagnosis.problems:
        first, last = diagnosis.losses
        return f"the run diverged: its loss grew from {first:.3g} to {last:.3g}"
    problems = [_PROBLEMS[n] for n in diagnosis.problems if n in _PROBLEMS]
    problems = [f"have {joined(problems)}"] if problems else []
    if OVERFIT in diagnosis.problems:
        problems.append("overfitted dev")
    parts = [f"you {joined(problems)}"] if problems else []
    if OTHER_TEST in diagnosis.problems:
        parts.append(_other_test(diagnosis))
    parts += [_question(need) for need in diagnosis.needs]
    if diagnosis.unknown:
        parts.append(
            f"can't tell whether you have {_PROBLEMS[BIAS]} without the "
            "human-level error: give --human_error"
        )
    if not parts:
        least = intervals.percent(floor).removesuffix(".0")
        text = f"nothing stands out: no part is shown to be {least} % or more"
        largest = diagnosis.largest
        if largest:
            value = intervals.percent(largest.value)
            text += f"; the largest is {largest.name}, {value} %"
        return text
    return "; ".join(parts)


def _other_test(diagnosis):
    """Return what test is worse by, and what choosing can't have won."""
    gap = intervals.percent(diagnosis.component(OTHER_TEST).value)
    text = f"dev and test are of different data: test is {gap} % worse"
    if diagnosis.choices == 1:
        return f"{text}, and nothing was chosen on dev"
    won = _won(diagnosis, diagnosis.choices)
    return (
        f"{text}, and choosing one of {diagnosis.choices:,} models wins "
        f"{won} % at most"
    )


def _won(diagnosis, choices):
    return intervals.percent(diagnosis.measures["dev"].winnable(choices))


def _question(need):
    what = f"can't tell yet whether you have {_PROBLEMS[need.component]}: "
    name = split_name(need.splits[0])
    if need.examples == 0:
        return f"{what}one {name} example doesn't say how many more would"
    if need.examples is None:
        return f"{what}more {name} examples alone would not tell"
    return what + f"{more_examples(need)} would"


def more_examples(need):
    """Return how many more examples of which split are needed.

    Args:
        need: a `differences.Need` with a number.
    """
    names = [split_name(name) for name in need.splits]
    number = round_up(need.examples)
    noun = "example" if number == 1 else "examples"
    about = "about " * (number > 9)
    return f"{about}{number:,} more {' and '.join(names)} {noun}" + (
        " each" * (len(names) > 1)
    )


def round_up(number):
    """Return a number of examples rounded up to two digits.

    >>> round_up(7), round_up(341), round_up(12_001)
    (7, 350, 13000)
    """
    step = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return math.ceil(number / step) * step


def notes(diagnosis):
    """Return what to know beside the verdict, a sentence each."""
    if DIVERGED in diagnosis.problems:
        return ["Where its error comes from can't be told."]
    sentences = []
    if len(diagnosis.levels) > 1:
        sentences.append(human_level.note(diagnosis.levels))
    if diagnosis.below_human:
        sentences.append(
            "Training error is below human level: how much bias is left to "
            "avoid is not known any more, and the estimate no longer guides."
        )
    if diagnosis.assumed and not diagnosis.unknown:
        sentences.append(
            "Human-level error is taken to be 0; --human_error says otherwise."
        )
    if diagnosis.unknown:
        sentences.append(
            "Human-level error is unknown: the avoidable bias is at most this."
        )
    if OTHER_TEST in diagnosis.problems:
        sentences.append(
            "Choices among other runs aren't counted: a thousand times as many "
            f"would win {_won(diagnosis, 1000 * diagnosis.choices)} % at most."
        )
    if diagnosis.synthetic and MISMATCH in diagnosis.problems:
        sentences.append(
            "The training examples are synthesised and those of dev are real: "
            "the mismatch is the difference between the two. Look at both "
            "side by side, and make the synthesis vary in what dev has and "
            "it lacks."
        )
    return sentences


def joined(parts):
    """Return texts as an enumeration.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
