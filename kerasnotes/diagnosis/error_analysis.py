"""Error analysis: what mending each kind of mistake could gain."""

import dataclasses
import re

import numpy as np

from kerasnotes.diagnosis import intervals


@dataclasses.dataclass(frozen=True)
class Ceiling:
    """What mending the mistakes of one tag could gain, at most.

    Attributes:
        tag: the tag.
        count: how many of the mistakes looked at have it.
        share: their share of the error, 0 to 1.
        interval: the share's 95 % interval, `(low, high)`; None where
            mistakes weigh.
        fall: by how much the error would fall without them.
    """

    tag: str
    count: int
    share: float
    interval: tuple | None
    fall: float


def ceilings(tags, error, weights=None):
    """Return what mending each kind of mistake could gain.

    Of mistakes looked at, with weights `w`, the share of a tag is

    `s = Σ_tagged w / Σ w`,

    and without them the error would fall by `s · error`. A mistake may have
    several tags, so that shares may pass 1 together. The interval of `s`,
    Wilson's, takes the mistakes looked at for a fair sample.

    Args:
        tags: a set of tags for each mistake looked at.
        error: the error that these mistakes stand for: all of it, if they
            are a fair sample of the mistakes.
        weights: what each counts in the error, `[n]`; alike by default.

    Returns:
        A `Ceiling` for each tag, the most promising first.

    Raises:
        ValueError: no mistakes, or other than one weight for each.

    >>> found = ceilings([{"dog"}] * 5 + [{"other"}] * 95, error=0.10)
    >>> [(c.tag, c.share, round(0.10 - c.fall, 4)) for c in found]
    [('other', 0.95, 0.005), ('dog', 0.05, 0.095)]

    Source: course 3, "Carrying out error analysis"; Wilson, Probable
    inference, the law of succession, and statistical inference, 1927.
    """
    w = _weights(tags, weights)
    rows = []
    for tag in sorted(set().union(*tags)):
        has = np.array([tag in of for of in tags])
        count, share = int(has.sum()), float(w[has].sum() / w.sum())
        interval = None
        if weights is None:
            interval = intervals.Measure(share, len(tags)).interval
        rows.append(Ceiling(tag, count, share, interval, share * error))
    return sorted(rows, key=lambda c: -c.share)


def without_wrong_labels(tags, error, weights=None):
    """Take the mistakes out that are the label's, not the model's.

    They are those tagged `label` or `wrong label` (or the plural).

    Args:
        tags: as `ceilings` takes them.
        error: the same.
        weights: the same.

    Returns:
        `(tags, error, weights)` of the others: the error falls by the share
        of the wrong labels.

    >>> tags = [{"wrong label"}] * 6 + [{"blurry"}] * 94
    >>> rest, error, _ = without_wrong_labels(tags, error=0.10)
    >>> len(rest), round(error, 4)
    (94, 0.094)
    """
    w = _weights(tags, weights)
    right = np.array([not any(map(is_wrong_label, of)) for of in tags])
    rest = [of for of, keep in zip(tags, right, strict=True) if keep]
    error *= float(w[right].sum() / w.sum())
    return rest, error, None if weights is None else w[right]


def is_wrong_label(tag):
    """Return whether a tag says that the label is wrong."""
    return re.fullmatch(r"(wrong[ _-])?labels?", tag) is not None


def _weights(tags, weights):
    w = np.ones(len(tags)) if weights is None else np.asarray(weights, float)
    if not len(tags) or w.shape != (len(tags),):
        raise ValueError(
            "`tags` must hold a mistake at least, and `weights` one number "
            f"for each. Received: {len(tags)} sets and weights of shape "
            f"{w.shape}"
        )
    if not (w >= 0).all() or not w.sum():
        raise ValueError(
            f"`weights` must not be negative, nor all 0. Received: weights={w}"
        )
    return w
