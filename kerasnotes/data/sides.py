"""The sides of a data set: official, by hash, or as flags say."""

import re

import numpy as np

from kerasnotes import errors
from kerasnotes.diagnosis import splits

_SLICE = re.compile(
    r"(?:(?P<side>\w+)=)?(?P<source>\w+)"
    r"(?:\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?"
)
_CARVED = {"train": 0.9, "train_dev": 0.1}


def choose(
    ids, labels=None, official=None, expression=None, groups=None,
    train_dev=False, salt=splits.SALT,
):  # fmt: skip
    """Chooses the sides of a data set.

    Official sides stay. An expression slices them in their order, and a set
    without any in the order of the salted hash. Without an expression, a dev
    or test side that is missing takes its share of the training set, by
    `assign`.

    Args:
        ids: one distinct string per example.
        labels: one class per example, or None.
        official: dictionary of official split to indices, or None.
        expression: a `--split`, see `select`; or None.
        groups: one key per example, or None.
        train_dev: whether to carve 10 % of train off as `train_dev`.
        salt: the salt of `assign`.

    Returns:
        Dictionary of side to index array: train, dev and test, and
        `train_dev` when asked for.

    Raises:
        UserError: the expression can't be read, leaves a side empty, or
            stands beside groups.

    >>> rows = {"train": range(10)}
    >>> sides = choose("abcdefghij", None, rows, "train[:80%],dev[80%:]")
    >>> sides["dev"].tolist()
    [8, 9]
    """
    unordered = official is None
    official = dict(official or {"train": np.arange(len(ids))})

    def part(indices, shares):
        return _part(indices, shares, ids, labels, groups, salt)

    if expression and groups is not None:
        raise errors.UserError(
            f"--split={expression}: would cut through groups that are to stay "
            "on one side (of --group, or of composed pictures); leave it out"
        )
    if expression:
        if unordered:
            # Their order is that of the names: class after class.
            rows = sorted(
                official["train"], key=lambda i: splits.rank(salt, ids[i])
            )
            official = {"train": np.array(rows)}
        sides = select(expression, official)
    else:
        missing = {"dev", "test"} - set(official)
        shares = splits.default_shares(len(official["train"]))
        shares = {s: v for s, v in shares.items() if s in missing | {"train"}}
        sides = official | part(np.asarray(official["train"]), shares)
    if train_dev:
        sides = sides | part(sides["train"], _CARVED)
    order = ("train", "train_dev", "dev", "test")
    return {side: sides[side] for side in order if side in sides}


def of_source(ids, labels=None, official=None, groups=None, salt=splits.SALT):
    """Returns train and train_dev of a set that only trains.

    Its own dev and test sides, where it has official ones, stay unused.

    Args:
        ids: one distinct string per example.
        labels: one class per example, or None.
        official: dictionary of official split to indices, or None.
        groups: one key per example, or None.
        salt: the salt of `assign`.

    >>> sides = of_source([str(i) for i in range(50)])
    >>> len(sides["train"]), len(sides["train_dev"])
    (45, 5)
    """
    indices = np.arange(len(ids))
    if official is not None:
        indices = np.asarray(official["train"])
    return _part(indices, _CARVED, ids, labels, groups, salt)


def of_target(ids, labels=None, official=None, groups=None, salt=splits.SALT):
    """Returns dev and test of the set that a model is meant for.

    They are its official sides, or a dev for an official test, or halves.

    Args:
        ids: one distinct string per example.
        labels: one class per example, or None.
        official: dictionary of official split to indices, or None.
        groups: one key per example, or None.
        salt: the salt of `assign`.

    >>> sides = of_target([str(i) for i in range(50)])
    >>> len(sides["dev"]), len(sides["test"])
    (25, 25)
    """
    official = official or {}
    if "test" in official:
        dev = official.get("dev", official["train"])
        return {"dev": np.asarray(dev), "test": np.asarray(official["test"])}
    halves = {"dev": 0.5, "test": 0.5}
    return _part(np.arange(len(ids)), halves, ids, labels, groups, salt)


def _part(indices, shares, ids, labels, groups, salt):
    """Cuts these of the examples by `assign`."""
    keys = [
        None if sequence is None else [sequence[i] for i in indices]
        for sequence in (ids, labels, groups)
    ]
    sides = splits.assign(keys[0], keys[1], salt, keys[2], shares)
    return {side: indices[at] for side, at in sides.items()}


def select(expression, official):
    """Reads a `--split`: which rows make up each side.

    Parts are separated by commas. `dev=train[50000:]` takes a slice of an
    official split; the short form `dev[50000:]` slices the split of that
    name, or the training set where there is none. Bounds are rows or
    percents, negative ones count from the end. Official sides that no part
    names stay.

    Args:
        expression: such as `"train[:50000],dev[50000:]"`.
        official: dictionary of official split to indices; it has `train`.

    Returns:
        Dictionary of side to index array.

    Raises:
        UserError: a part can't be read, names no split, is empty, or shares
            rows with another, or train or dev is missing.

    >>> rows = {"train": np.arange(10)}
    >>> select("train=train[:80%],dev=train[-2:]", rows)["dev"]
    array([8, 9])
    """
    sides = {}
    for part in expression.replace(" ", "").split(","):
        match = _SLICE.fullmatch(part)
        if not match:
            raise errors.UserError(
                f"--split: parts read side=split[start:stop]. Received: "
                f"{part!r} in {expression!r}; write "
                "--split='train[:80%],dev[80%:]'"
            )
        side = match["side"] or match["source"]
        if side not in ("train", "dev", "test"):
            raise errors.unknown("--split", side, ("train", "dev", "test"))
        if side in sides:
            raise errors.UserError(f"--split: {side!r} is named twice.")
        source = match["source"]
        if source not in official and not match["side"]:
            source = "train"
        if source not in official:
            raise errors.unknown("--split", source, official)
        sides[side] = _slice(part, match, source, np.asarray(official[source]))
    sides = {**official, **sides}
    _check(expression, sides)
    return sides


def group_keys(ids, pattern):
    r"""Returns each id's group: the pattern's groups joined, or its match.

    An id that the pattern does not match is a group of its own.

    Args:
        ids: strings, such as relative paths.
        pattern: a regular expression, searched in each id.

    Raises:
        UserError: the pattern can't be read or matches no id.

    >>> group_keys(["cat/cat17.jpg", "cat/cat3.jpg"], r"([a-z]+\d*?)\d\.jpg")
    ['cat1', 'cat']
    """
    try:
        matches = [re.search(pattern, i) for i in ids]
    except re.error as error:
        raise errors.UserError(
            f"--group: no regular expression: {error}. Received: {pattern!r}"
        ) from error
    if not any(matches):
        raise errors.UserError(
            f"--group: {pattern!r} matches no example; the first is {ids[0]!r}"
        )
    return [
        "".join(g or "" for g in m.groups() or (m[0],)) if m else i
        for i, m in zip(ids, matches, strict=True)
    ]


def _slice(part, match, source, rows):
    def bound(text):
        if text is None:
            return None
        if text.endswith("%"):
            return len(rows) * int(text[:-1]) // 100
        return int(text)

    taken = rows[bound(match["start"]) : bound(match["stop"])]
    if not len(taken):
        raise errors.UserError(
            f"--split: {part!r} is empty: {source} holds {len(rows)} examples."
        )
    return taken


def _check(expression, sides):
    for side in ("train", "dev"):
        if side not in sides:
            raise errors.UserError(
                f"--split: names no {side} side. Received: {expression!r}; "
                "write --split='train[:80%],dev[80%:]'"
            )
    names = list(sides)
    for i, name in enumerate(names):
        for other in names[:i]:
            shared = np.intersect1d(sides[name], sides[other]).size
            if shared:
                raise errors.UserError(
                    f"--split: {other} and {name} share {shared} examples. "
                    f"Received: {expression!r}"
                )
