"""The sides of a data set: official, by hash, or as flags say."""

import re

import numpy as np

from kerasnotes import errors, splits
from kerasnotes.data.common import split_text

_CARVED = {"train": 0.9, "train_dev": 0.1}


def choose(
    ids, labels=None, official=None, expression=None, groups=None,
    train_dev=False, salt=splits.SALT,
):  # fmt: skip
    """Chooses the sides of a data set.

    Official sides stay. An expression of shares, `train=85%,dev=15%`, cuts
    the training set by `assign`. Any other slices official sides in their
    order, and a set without any in the order of the salted hash. Without an
    expression, a dev or test side that is missing takes its share of the
    training set, by `assign`.

    Args:
        ids: one distinct string per example.
        labels: one class per example, or None.
        official: dictionary of official split to indices, or None.
        expression: a `--split`, of shares or see `split_text.select`; or None.
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

    shares = split_text.shares(expression)
    if expression and not shares and groups is not None:
        raise errors.UserError(
            f"--split={expression}: would cut through groups that are to stay "
            "on one side (of --group, or of composed pictures); give shares, "
            "as 'train=80%,dev=20%', or leave it out"
        )
    if shares:
        sides = official | part(np.asarray(official["train"]), shares)
    elif expression:
        if unordered:
            # Their order is that of the names: class after class.
            rows = sorted(
                official["train"], key=lambda i: splits.rank(salt, ids[i])
            )
            official = {"train": np.array(rows)}
        sides = split_text.select(expression, official)
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
    """Return train and train_dev of a set that only trains.

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
    """Return dev and test of the set that a model is meant for.

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


def group_keys(ids, pattern):
    r"""Return each id's group: the pattern's groups joined, or its match.

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
