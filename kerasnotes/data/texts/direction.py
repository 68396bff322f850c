"""Which of two languages becomes which."""

import itertools
import re

from kerasnotes import errors

_BETWEEN = "(?:[-_. ]?to[-_. ]|[-_.]|2|→)"


def choose(where, languages, source=None, target=None, names=()):
    """Return the language of the sources and that of the targets.

    Args:
        where: what holds the texts, for messages.
        languages: the names of the languages in which it has texts.
        source: `--source`, one of them, or None.
        target: `--target`, or None.
        names: names that may say it, as the folder's own.

    Returns:
        `(source, target)`.

    Raises:
        UserError: a language isn't there, both are one, or nothing says
            which of them becomes which.

    >>> choose("wmt", ["de", "en"], source="en")
    ('en', 'de')
    >>> choose("wmt", ["de", "en"], names=["wmt14.en-de"])
    ('en', 'de')
    """
    for flag, language in (("source", source), ("target", target)):
        if language and language not in languages:
            raise errors.unknown(f"--{flag}", language, languages)
    if source and source == target:
        raise errors.UserError(
            f"--source={source} --target={target}: name two languages, of "
            f"{', '.join(languages)}"
        )
    if len(languages) == 2 and bool(source) != bool(target):
        (other,) = {*languages} - {source, target}
        return source or other, target or other
    if source and target:
        return source, target
    orders = _orders(languages, names) if not (source or target) else []
    if len(orders) == 1:
        return orders[0]
    first, second = languages[:2]
    raise errors.UserError(
        f"--dataset: {where} has texts in {', '.join(languages)}, and nothing "
        f"says which become which; add --source={first} --target={second}, "
        f"or --source={second} --target={first}"
    )


def _orders(languages, names):
    """Return the pairs of languages that the names say."""
    return [
        pair
        for pair in itertools.permutations(languages, 2)
        if any(_says(name, *pair) for name in names)
    ]


def _says(name, source, target):
    words = f"{re.escape(source)}{_BETWEEN}{re.escape(target)}"
    pattern = rf"(?<![^\W_]){words}(?![^\W_])"
    return re.search(pattern, name, re.IGNORECASE) is not None


def check(languages, source, target, evaluating=False):
    """Refuses flags that data whose direction is their own contradict.

    Args:
        languages: the languages of the sources and of the targets, or None
            where the data name none.
        source: `--source`, or None.
        target: `--target`, or None.
        evaluating: whether a run that has learned is asked: languages by
            other names are no contradiction.

    Raises:
        UserError: they go another way.

    >>> check(("en", "de"), "de", "en")
    Traceback (most recent call last):
    kerasnotes.errors.UserError: --source=de --target=en: the data go from en \
to de; give two files the other way round
    """
    flags = " ".join(
        f"--{flag}={name}"
        for flag, name in (("source", source), ("target", target))
        if name
    )
    if not flags:
        return
    if languages is None:
        if evaluating:
            return
        raise errors.UserError(
            f"{flags}: --dataset names no languages: its first column is the "
            "source; change the columns to turn it, and leave the flag out"
        )
    wanted = (source or languages[0], target or languages[1])
    turned = wanted == tuple(reversed(languages))
    if turned or (wanted != tuple(languages) and not evaluating):
        raise errors.UserError(
            f"{flags}: the data go from {languages[0]} to {languages[1]}; give "
            "two files the other way round"
        )
