"""How many single objects are right, pixel by pixel."""

import numpy as np

from kerasnotes.metrics import matching, pixel_rates
from kerasnotes.ops import pixel_labels as pixels

IOU_THRESHOLDS = tuple(float(x) for x in np.arange(50, 100, 5) / 100)


def instance_report(truth, answers, classes, iou_thresholds=IOU_THRESHOLDS):
    """Return how many objects are right, and their average precision.

    In the order of their scores each object answered takes, of the free ones
    of its class in the picture, that with which it has the highest IoU of
    pixels, if that is at least a threshold. AP is COCO's, see
    `detection_report`, of masks in place of boxes, without a limit of objects
    a picture; where all scores are alike it depends on the pictures' order,
    and the counts at 0.5 say more.

    Args:
        truth: the `Instances` of each picture.
        answers: those answered.
        classes: the number of classes.
        iou_thresholds: over which AP is the mean: 0.5, 0.55, …, 0.95.

    Returns:
        A dictionary of

        - `ap`; `ap50` and `ap75`, at these thresholds, each a mean over the
          classes that have objects;
        - `precision50`, `recall50` and `f1_50`: of all objects together that
          are right at an IoU of 0.5;
        - `objects` and `answered`, their numbers;
        - `per_class`: for each class `ap`, `ap50`, `ap75` and `objects`.

        Pixels where nothing is known are of no object, and objects that have
        no other pixels aren't counted. What would be 0/0 is None.

    Raises:
        ValueError: pictures or shapes are not the same, or a label is none of
            the classes.

    Source: Lin et al., Microsoft COCO: common objects in context (2014), and
    its evaluation.

    >>> from kerasnotes.metrics import connected_components
    >>> truth = connected_components(np.array([[1, 1, 0, 1]]))
    >>> answer = connected_components(np.array([[1, 0, 0, 1]]))
    >>> report = instance_report([truth], [answer], classes=2)
    >>> report["recall50"], round(report["ap75"], 3), report["objects"]
    (1.0, 0.252, 2)
    """
    maps = pixel_rates.pairs([t.ids for t in truth], [a.ids for a in answers])
    pictures = [
        _Picture(*parts, *ids, classes)
        for *parts, ids in zip(truth, answers, maps, strict=True)
    ]
    thresholds = sorted({0.5, 0.75, *iou_thresholds})
    tables = {t: _table(pictures, t) for t in thresholds}
    numbers = np.bincount(
        np.concatenate([[], *(p.labels for p in pictures)]).astype(int),
        minlength=classes,
    )

    def average(label, limits):
        return _mean(_ap(tables[t], label, numbers[label]) for t in limits)

    rows = [
        {
            "ap": average(label, iou_thresholds),
            "ap50": average(label, [0.5]),
            "ap75": average(label, [0.75]),
            "objects": int(numbers[label]),
        }
        for label in range(classes)
    ]
    names = ("ap", "ap50", "ap75")
    return {
        **{name: _mean(row[name] for row in rows) for name in names},
        **_counts(tables[0.5], int(numbers.sum())),
        "per_class": rows,
    }


class _Picture:
    """The objects of a picture that count, and how they overlap.

    Args:
        truth: the `Instances`.
        answers: those answered.
        true_ids: of the first, an array.
        ids: of the second, an array of the same shape.
        classes: the number of classes.
    """

    def __init__(self, truth, answers, true_ids, ids, classes):
        for name, objects in (("truth", truth), ("answers", answers)):
            _check(name, objects, classes)
        known = true_ids >= 0
        cells = np.zeros((len(answers) + 1, len(truth) + 1), np.int64)
        np.add.at(cells, (np.maximum(ids[known], 0), true_ids[known]), 1)
        common = cells[1:, 1:]
        areas, true_areas = cells[1:].sum(axis=1), cells[:, 1:].sum(axis=0)
        union = np.maximum(areas[:, None] + true_areas - common, 1)
        alike = answers.labels[:, None] == truth.labels
        order = np.argsort(-answers.scores, kind="stable")
        order = order[areas[order] > 0]
        self.labels = truth.labels[true_areas > 0]
        self.ious = np.where(alike, common / union, 0)[order][:, true_areas > 0]
        self.answers = answers.labels[order]
        self.scores = answers.scores[order]

    def right(self, threshold):
        """Return which of the objects answered are right, `(n,)`."""
        free = np.ones(len(self.labels), bool)
        right = np.zeros(len(self.answers), bool)
        for i, ious in enumerate(self.ious):
            ious = np.where(free, ious, -1)
            if len(ious) and ious.max() >= threshold:
                free[np.argmax(ious)] = False
                right[i] = True
        return right


def _check(name, objects, classes):
    labels = np.asarray(objects.labels)
    pixels.require(
        name,
        not len(labels) or (labels.min() >= 0 and labels.max() < classes),
        f"have labels from 0 to {classes - 1}",
        labels,
    )
    pixels.require(
        name,
        objects.ids.max(initial=0) <= len(labels) == len(objects.scores),
        "have a label and a score for each of the ids",
        f"{objects.ids.max(initial=0)} ids, {len(labels)} labels",
    )
    pixels.require(
        name,
        not np.isnan(objects.scores).any(),
        "have scores that are numbers",
        "NaN",
    )


def _table(pictures, threshold):
    """Return labels of what is answered and which are right, best first."""
    scores = np.concatenate([[], *(p.scores for p in pictures)])
    labels = np.concatenate([[], *(p.answers for p in pictures)])
    right = np.concatenate([[], *(p.right(threshold) for p in pictures)])
    order = np.argsort(-scores, kind="stable")
    return labels[order].astype(int), right[order].astype(bool)


def _ap(table, label, objects):
    labels, right = table
    if not objects:
        return None
    return matching.interpolated_precision(right[labels == label], objects)


def _counts(table, objects):
    _, right = table
    hits, answered = int(right.sum()), len(right)
    return {
        "precision50": hits / answered if answered else None,
        "recall50": hits / objects if objects else None,
        "f1_50": (
            2 * hits / (answered + objects) if answered + objects else None
        ),
        "objects": objects,
        "answered": answered,
    }


def _mean(values):
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None
