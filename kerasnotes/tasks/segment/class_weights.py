"""Weights of the classes in the loss."""

import math

from kerasnotes import errors

_LEAST = 1e-4


def weights(text, facts):
    """Return the weight of each class in the loss, or None for none.

    With `auto` a class of the share `s_c` of the training pixels weighs
    `w_c = (1 / √s_c) / Σ √s_c`, so that the mean over all pixels, `Σ s_c w_c`,
    is 1: rare classes count more, but not as much as if all had as many
    pixels.

    Args:
        text: the flag's value: none, auto, or CLASS=weight,….
        facts: the task's facts of the data, with `classes` and `shares`.

    Raises:
        UserError: a class is unknown, or a weight no number above 0.

    >>> facts = {"classes": ["sky", "sea"], "shares": [0.64, 0.16]}
    >>> [round(w, 3) for w in weights("auto", facts)]
    [1.042, 2.083]
    >>> weights("sea=3", facts)
    [1.0, 3.0]
    """
    names = facts["classes"]
    if text == "none":
        return None
    if text == "auto":
        roots = [math.sqrt(max(s, _LEAST)) for s in facts["shares"]]
        return [1 / root / sum(roots) for root in roots]
    result = dict.fromkeys(names, 1.0)
    for part in text.split(","):
        # Names may hold the sign.
        name, equals, value = part.strip().rpartition("=")
        if not equals:
            raise errors.UserError(
                f"--class_weight={text}: give none, auto, or CLASS=weight,…"
            )
        if name not in result:
            raise errors.unknown("--class_weight", name, names)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise errors.UserError(
                f"--class_weight={text}: {value!r} is no number above 0"
            )
        result[name] = number
    return [result[name] for name in names]
