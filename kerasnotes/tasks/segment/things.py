"""How many single things are right, where classes have several a picture."""

import dataclasses

import numpy as np

from kerasnotes import metrics
from kerasnotes.data.pictures import mask_sizes

# Regions and their matches take long.
_PICTURES = 200
_LEAST_PIXELS, _LEAST_SHARE = 4, 1e-4
_MOST = 100
_MOST_ANSWERED = 1000
_LARGEST = 0.9


@dataclasses.dataclass(frozen=True)
class Things:
    """Single things of a split, and how many are answered.

    A thing is a region of pixels of one class, any but the first, that are
    joined above, below, left or right, of `min_area` pixels or more. The score
    of one that is answered is the mean probability of its class over it.

    Attributes:
        report: what `metrics.instance_report` says of the classes that are
            judged so, or None where none is.
        names: of all classes.
        left_out: a dictionary of a class's name to why it isn't.
        pictures: how many were looked at.
        min_area: in pixels.
    """

    report: dict | None
    names: list
    left_out: dict
    pictures: int
    min_area: int

    def rows(self):
        """Return a dictionary of each class that is judged to its figures."""
        if not self.report:
            return {}
        pairs = zip(self.names, self.report["per_class"], strict=True)
        return {name: row for name, row in pairs if row["objects"]}

    def scores(self):
        """Return what a split's metrics have of them."""
        scores = {}
        if self.report:
            for name in ("ap", "ap50", "ap75"):
                scores[f"instance_{name}"] = self.report[name]
            scores["instance_f1"] = self.report["f1_50"]
        return scores | {
            "instances": {
                "pictures": self.pictures,
                "min_area": self.min_area,
                "per_class": self.rows(),
                "left_out": self.left_out,
            }
        }


def without(masks, indices, names):
    """Return the classes of which single things say little, and why.

    The first class is the ground, and isn't among them. It looks at up to 200
    pictures, evenly spread.

    Args:
        masks: the masks of `MaskExamples`.
        indices: which of them are training pictures.
        names: of the classes.

    Returns:
        A dictionary of name to reason.

    >>> without(np.array([[[0, 1, 1, 1, 1]]], "uint8"), [0], ["sea", "isle"])
    {'isle': 'most pictures have one region of it'}
    """
    indices = np.asarray(indices)[spread(len(indices), _PICTURES)]
    true = [
        _things(masks[i], _least(masks), ignore=mask_sizes.IGNORED)
        for i in indices
    ]
    reasons = {
        name: _why_not([_areas(t, label) for t in true])
        for label, name in enumerate(names)
        if label
    }
    return {name: why for name, why in reasons.items() if why}


def spread(size, most):
    """Return up to so many of the numbers below a size, evenly spread."""
    return np.linspace(0, size - 1, min(size, most)).astype(int)


def judge(answers, threshold=None, left_out=()):
    """Return the `Things` of up to 200 pictures, evenly spread.

    Args:
        answers: the `answers.Answers`.
        threshold: see `answers.Answers.masks`.
        left_out: what `without` returned, of the training set.
    """
    rows, left_out = spread(answers.split.size, _PICTURES), dict(left_out)
    truth, masks = answers.truth[rows], answers.masks(threshold)[rows]
    names = answers.split.examples.class_names
    judged = [i for i, name in enumerate(names) if i and name not in left_out]
    min_area = _least(truth)
    true = [_things(mask, min_area, judged) for mask in truth]
    answered = [
        _things(
            mask.astype(np.int16),
            min_area,
            judged,
            answers.probabilities(i, len(names)),
        )
        for i, mask in zip(rows, masks, strict=True)
    ]
    for label in list(judged):
        if _mean([len(_areas(a, label)) for a in answered]) > _MOST_ANSWERED:
            judged.remove(label)
            left_out[names[label]] = "the answers have too many regions"
    report = None
    if judged:
        report = metrics.instance_report(
            [_only(t, judged) for t in true],
            [_only(a, judged) for a in answered],
            len(names),
        )
    return Things(report, list(names), left_out, len(rows), min_area)


def _least(masks):
    """Return the least pixels of a thing in pictures of a size."""
    return max(_LEAST_PIXELS, round(_LEAST_SHARE * masks[0].size))


def _things(mask, min_area, labels=None, probabilities=None, ignore=-1):
    return metrics.connected_components(
        mask, probabilities, labels, min_area=min_area, ignore=ignore
    )


def _why_not(areas):
    """Return why single things of a class say little, or None.

    Args:
        areas: of its things in each picture, in pixels.

    >>> _why_not([np.array([9.0, 8.0]), np.array([])])
    >>> _why_not([np.array([9.0]), np.array([])])
    'most pictures have one region of it'
    """
    present = [of_picture for of_picture in areas if len(of_picture)]
    if not present:
        return "no training picture has it"
    several = [a for a in present if len(a) > 1]
    if 4 * len(several) < len(present):
        return "most pictures have one region of it"
    if np.median([a.max() / a.sum() for a in several]) >= _LARGEST:
        return (
            f"one region has {100 * _LARGEST:.0f} % of it or more, as in a net"
        )
    count = _mean([len(a) for a in present])
    if count > _MOST:
        return f"{count:.0f} regions a picture are a pattern, not things"
    return None


def _areas(instances, label):
    return instances.areas()[instances.labels == label]


def _mean(values):
    return float(np.mean(values)) if len(values) else 0.0


def _only(instances, labels):
    """Return the instances of some classes alone."""
    chosen = np.isin(instances.labels, labels)
    numbers = np.concatenate([[0], np.where(chosen, np.cumsum(chosen), 0)])
    ids = np.where(instances.ids > 0, numbers[instances.ids], instances.ids)
    return metrics.Instances(
        ids.astype(np.int32),
        instances.labels[chosen],
        instances.scores[chosen],
    )
