"""Choices with arguments, as a flag spells them: `sgd:momentum=0.9`."""

import inspect

from kerasnotes import errors


def parse(flag, text):
    """Split `name:key=value,key=value` into a name and its arguments.

    Values become int, float, bool or None where they read as one, else text.

    Args:
        flag: the flag's name, for the error message, or an argument's in
            backquotes; see `errors.refusal`.
        text: what the user wrote.

    Raises:
        UserError: an argument isn't `key=value`; an `ArgumentError` where
            `flag` is an argument's name.

    >>> parse("--optimizer", "sgd:momentum=0.9,nesterov=true")
    ('sgd', {'momentum': 0.9, 'nesterov': True})
    """
    name, _, rest = text.partition(":")
    arguments = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise errors.refusal(
                flag,
                f"{flag}: arguments are key=value. Received: {part!r} in "
                f"{text!r}; write {flag}={name}:key=value",
            )
        arguments[key.strip()] = _value(value.strip())
    return name.strip(), arguments


def numbers(flag, text, kind=int):
    """Read numbers with commas between as a list, None as None.

    Args:
        flag: the flag's name, for the error message.
        text: what the user wrote.
        kind: int or float.

    Raises:
        UserError: something else than numbers.

    >>> numbers("--hidden", "128,64")
    [128, 64]
    """
    try:
        return text and [kind(part) for part in text.split(",")]
    except ValueError as error:
        raise errors.UserError(
            f"{flag}={text}: numbers with commas between, please: "
            f"{flag}={kind(1)},{kind(1)}"
        ) from error


def span(flag, text):
    """Read from where to where, counted from 1, as a pair.

    Args:
        flag: the flag's name, for the error message.
        text: what the user wrote.

    Raises:
        UserError: something else than two such numbers.

    >>> span("--profile", "10,20")
    (10, 20)
    """
    bounds = numbers(flag, text)
    if len(bounds) != 2 or not 1 <= bounds[0] <= bounds[1]:
        raise errors.UserError(
            f"{flag}={text}: give from where to where, counted from 1: "
            f"{flag}=10,20"
        )
    return tuple(bounds)


def _value(text):
    constants = {"true": True, "false": False, "none": None}
    if text.lower() in constants:
        return constants[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def call(flag, text, table, **common):
    """Call the entry of `table` that `text` names, with its arguments.

    Args:
        flag: see `parse`.
        text: `name:key=value,…`.
        table: dictionary of name to callable.
        **common: passed to the callable beside the user's arguments.

    Raises:
        UserError: the name or an argument is unknown, or refused; an
            `ArgumentError` where `flag` is an argument's name.

    >>> call("--pad", "box:width=2", {"box": lambda width, fill: (width, fill)},
    ...      fill=0)
    (2, 0)
    """
    name, arguments = parse(flag, text)
    if name not in table:
        raise errors.unknown(flag, name, table)
    function = table[name]
    accepted = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and p.name not in common
    ]
    for key in arguments:
        if key not in accepted:
            raise errors.unknown(f"{flag}={name}", key, accepted)
    try:
        return function(**arguments, **common)
    except errors.UserError:
        raise
    except (TypeError, ValueError) as error:
        raise errors.refusal(
            flag, f"{flag}={text}: an argument doesn't fit: {error}"
        ) from error
