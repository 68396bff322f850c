"""What `--split` says."""

import re

import numpy as np

from kerasnotes import errors

_SLICE = re.compile(
    r"(?:(?P<side>\w+)=)?(?P<source>\w+)"
    r"(?:\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?"
)
_SHARE = re.compile(r"(train|dev|test)=(\d+(?:\.\d+)?)%")


def shares(expression):
    """Read the shares of sides; None where the text isn't of this kind.

    Args:
        expression: such as `"train=85%,dev=15%"`, or None.

    Raises:
        UserError: train or dev has no share, or they don't sum to 100 %.

    >>> shares("train=75%,dev=25%"), shares("train[:75%]")
    ({'train': 0.75, 'dev': 0.25}, None)
    """
    parts = [p.strip() for p in (expression or "").split(",")]
    matches = [_SHARE.fullmatch(part) for part in parts]
    if not all(matches):
        return None
    share_of = {match[1]: float(match[2]) / 100 for match in matches}
    if len(share_of) < len(parts) or not {"train", "dev"} <= set(share_of):
        raise errors.UserError(
            f"--split={expression}: give train and dev a share each, once"
        )
    if not all(share_of.values()) or abs(sum(share_of.values()) - 1) > 1e-9:
        raise errors.UserError(
            f"--split={expression}: shares are above 0 % and sum to 100 %"
        )
    return share_of


def select(expression, official):
    """Read a `--split`: which rows make up each side.

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
