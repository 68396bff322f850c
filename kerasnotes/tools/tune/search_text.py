"""A search as text: the `--search` that says it, the flags that a trial has."""

import math
import re

from kerasnotes import errors
from kerasnotes.tools.tune import search_space

_KINDS = (
    "log",
    "one_minus_log",
    "uniform",
    "int",
    "logint",
    "choice",
    "layers",
)

# What the course calls β in each optimiser; of the Adams it is the first.
_BETA = {
    "sgd": "momentum",
    "rmsprop": "rho",
    "notes_momentum": "beta",
    "notes_rmsprop": "beta",
}

# A comma before the next name=kind: others belong to a choice.
_BETWEEN = re.compile(r",(?=\s*[\w.]+\s*=\s*\w+:)")


def parse(text):
    """Read a `--search`.

    Args:
        text: `name=kind:…` with commas between. `log:a:b`,
            `one_minus_log:a:b`, `uniform:a:b`, `int:a:b` and `logint:a:b`
            are ranges, `choice:x|y|z` a choice, and `layers:2-4:50-100` two
            to four layers of 50 to 100 units, all layers alike.

    Returns:
        A list of `search_space.Dimension`s.

    Raises:
        UserError: a part can't be read.

    >>> [d.name for d in parse("l2=log:1e-3:1,hidden=layers:2-4:50-100")]
    ['l2', 'hidden.layers', 'hidden.units']
    """
    dimensions = []
    for part in _BETWEEN.split(text):
        name, _, rest = (s.strip() for s in part.partition("="))
        kind, _, rest = (s.strip() for s in rest.partition(":"))
        if not (name and rest):
            raise errors.UserError(
                f"--search: parts read name=kind:range. Received: {part!r}; "
                "write --search='learning_rate=log:1e-4:1'"
            )
        if kind not in _KINDS:
            raise errors.unknown(f"--search={name}", kind, _KINDS)
        dimensions += _dimensions(name, kind, rest, part.strip())
    names = [d.name for d in dimensions]
    for name in names:
        if names.count(name) > 1:
            raise errors.UserError(f"--search: {name} is named twice")
    return dimensions


def _dimensions(name, kind, rest, part):
    if kind == "choice":
        choices = tuple(c.strip() for c in rest.split("|"))
        if not all(choices) or len(set(choices)) < len(choices):
            raise errors.UserError(
                "--search: choices are distinct and not empty. Received: "
                f"{part!r}"
            )
        return [search_space.Dimension(name, kind, choices=choices)]
    if kind == "layers":
        ranges = [r.replace("-", ":") for r in rest.split(":")]
        if len(ranges) != 2:
            raise errors.UserError(
                "--search: layers take their number and their units. "
                f"Received: {part!r}; write {name}=layers:2-4:50-100"
            )
        return [
            search_space.Dimension(
                f"{name}.{what}", "int", *_range(r, "int", part, 1)
            )
            for what, r in zip(("layers", "units"), ranges, strict=True)
        ]
    return [search_space.Dimension(name, kind, *_range(rest, kind, part))]


def _range(text, kind, part, least=-math.inf):
    """Read `a:b`."""
    number = int if kind in search_space.INTEGERS else float
    try:
        low, high = map(number, text.split(":"))
    except ValueError as error:
        what = "integers" if number is int else "numbers"
        raise errors.UserError(
            f"--search: {kind} takes two {what}, least:largest. Received: "
            f"{part!r}"
        ) from error
    wrong = ""
    if not (math.isfinite(low) and math.isfinite(high)):
        wrong = "bounds are finite"
    elif low > high:
        wrong = "the least comes first"
    elif low < least:
        wrong = f"{kind} takes numbers from {least} on"
    elif kind in ("log", "logint") and low <= 0:
        wrong = "a logarithm needs numbers above 0"
    elif kind == "one_minus_log" and high >= 1:
        wrong = "1 - value needs values below 1, such as 0.9:0.999"
    if wrong:
        raise errors.UserError(f"--search: {wrong}. Received: {part!r}")
    return low, high


def beta(optimizer):
    """Return the argument that the course calls β, of an optimiser's name.

    >>> beta("sgd"), beta("adamw")
    ('momentum', 'beta_1')
    """
    return _BETA.get(optimizer, "beta_1")


def flags(values, base):
    """Return what a trial's values are as flags, a dictionary of text.

    `beta` is the optimiser's β: of gradient descent its momentum, of RMSprop
    its rho, of Adam and its kin beta_1.

    Args:
        values: dictionary of dimension to value.
        base: dictionary of flag to its value without the search, for flags
            that arguments are added to.

    >>> flags({"l2": 0.5, "optimizer.beta_1": 0.9}, {"optimizer": "adam"})
    {'l2': '0.5', 'optimizer': 'adam:beta_1=0.9'}
    >>> flags({"beta": 0.95}, {"optimizer": "sgd"})
    {'optimizer': 'sgd:momentum=0.95'}
    >>> flags({"hidden.layers": 2, "hidden.units": 64}, {})
    {'hidden': '64,64'}
    """
    values_by_flag = {
        n: str(v) for n, v in values.items() if "." not in n and n != "beta"
    }
    for name, value in values.items():
        flag, dot, argument = name.partition(".")
        if name == "beta":
            optimizer = values_by_flag.get("optimizer", base["optimizer"])
            argument = beta(optimizer.partition(":")[0])
            flag, dot = "optimizer", "."
        if not dot or argument == "layers":
            continue
        if argument == "units" and f"{flag}.layers" in values:
            values_by_flag[flag] = ",".join(
                [str(value)] * values[f"{flag}.layers"]
            )
            continue
        spec = values_by_flag.get(flag, base[flag])
        values_by_flag[flag] = (
            f"{spec}{',' if ':' in spec else ':'}{argument}={value}"
        )
    return values_by_flag
