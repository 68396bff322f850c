"""Which detection found which object, and the curves that follow."""

import dataclasses

import numpy as np

from kerasnotes import errors
from kerasnotes.metrics import coco

_RECALLS = np.linspace(0, 1, 101)


@dataclasses.dataclass(frozen=True)
class Matches:
    """Detections and objects of all pictures, and who has whom.

    Attributes:
        detections: a dictionary of arrays with a row for each detection that
            counts: `picture`, `boxes`, `labels`, `scores`, `object` (the row
            of the object it found, or -1) and `ignored` (it found a crowd or
            a difficult box). Sorted by class, picture and falling score.
        objects: a dictionary of arrays with a row for each object: `picture`,
            `boxes`, `labels`, and `ignored` (it is a crowd or difficult).
        classes: the number of classes.
    """

    detections: dict
    objects: dict
    classes: int


@dataclasses.dataclass(frozen=True)
class Curve:
    """Precision and recall of one class, or of several, at each threshold.

    Attributes:
        thresholds: the distinct scores, falling, `[k]`: what scores at least
            as much is answered.
        precision: `[k]`.
        recall: `[k]`.
        objects: the number to find.
    """

    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    objects: int

    @property
    def f1(self):
        """`2pr / (p + r)` at each threshold; 0/0 counts as 0."""
        total = self.precision + self.recall
        product = 2 * self.precision * self.recall
        return np.divide(
            product, total, out=np.zeros(len(total)), where=total > 0
        )

    def best(self, precision=None):
        """Return the threshold to use, and the figures there.

        Args:
            precision: None for the highest F1; or a precision to keep, with
                which recall is to be as high as can be. Where none keeps it,
                the highest precision counts. Of equally good thresholds the
                highest is taken.

        Returns:
            A dictionary of `threshold` (between the least score answered and
            the next lower one, so that `score > threshold` is the same as
            `≥`), `precision`, `recall`, `f1` and `satisfied`; None where
            nothing is detected or there is nothing to find.

        Raises:
            ValueError: the precision isn't from 0 to 1.
        """
        if precision is not None and not 0 <= precision <= 1:
            raise errors.refusal(
                "`precision`",
                "`precision` must be from 0 to 1. Received: "
                f"precision={precision}",
            )
        if not len(self.thresholds) or not self.objects:
            return None
        values, satisfied = self.f1, True
        if precision is not None:
            keeps = self.precision >= precision
            satisfied = bool(keeps.any())
            values = np.where(keeps, self.recall, -1.0)
            values = values if satisfied else self.precision
        place = int(np.argmax(values))
        low = np.append(self.thresholds, 0.0)[place + 1]
        return {
            "threshold": float(self.thresholds[place] + low) / 2,
            "precision": float(self.precision[place]),
            "recall": float(self.recall[place]),
            "f1": float(self.f1[place]),
            "satisfied": satisfied,
        }


def detection_matches(
    truth, detections, classes, iou_threshold=0.5, max_detections=100
):
    """Return the `Matches` of detections and objects, as pycocotools has them.

    In the order of their scores each detection takes, of the free objects of
    its class, that with the highest IoU, if it is at least `iou_threshold`; a
    crowd or a difficult box only where there is no other.

    Args:
        truth: as in `detection_report`, like the others.
        detections: of the same pictures.
        classes: the number of classes.
        iou_threshold: above 0, at most 1.
        max_detections: how many of a class and picture count, the best.

    Raises:
        UserError: pycocotools is not installed.
        ValueError: as there.

    Example:
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 8]], "labels": [0], "scores": [0.9]}]
    >>> detection_matches(truth, found, 1).detections["object"]
    array([0])
    """
    judge = coco.evaluation(
        *(truth, detections, classes, [iou_threshold], max_detections)
    )
    # A row for each class and picture, in the order of the classes.
    entries = [entry for entry in judge.evalImgs if entry]
    objects = judge.cocoGt.anns.values()
    ids = [i for entry in entries for i in entry["dtIds"]]
    rows = [judge.cocoDt.anns[i] for i in ids]

    def joined(name, dtype):
        parts = [entry[name][0] for entry in entries]
        return np.concatenate([[], *parts]).astype(dtype)

    return Matches(
        {
            **_columns(rows),
            "scores": np.array([row["score"] for row in rows]),
            "object": joined("dtMatches", np.int64) - 1,
            "ignored": joined("dtIgnore", bool),
        },
        {
            **_columns(objects),
            "ignored": np.array(
                [bool(o["iscrowd"] or o["area"] < 0) for o in objects], bool
            ),
        },
        classes,
    )


def precision_recall(matches, label=None):
    """Return the `Curve` of a class, or of all detections together.

    `p(τ) = TP / (TP + FP)`, `r(τ) = TP / objects`, of the detections that
    score at least τ.

    Args:
        matches: the `Matches`.
        label: the class; None for all.

    Example:
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 8]], "labels": [0], "scores": [0.9]}]
    >>> curve = precision_recall(detection_matches(truth, found, 1))
    >>> curve.recall.tolist(), round(curve.best()["f1"], 3)
    ([0.5], 0.667)
    """
    detections, objects = matches.detections, matches.objects
    counts = ~detections["ignored"]
    actual = ~objects["ignored"]
    if label is not None:
        counts = counts & (detections["labels"] == label)
        actual = actual & (objects["labels"] == label)
    scores = detections["scores"][counts]
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], detections["object"][counts][order] >= 0
    # Where the score changes after a detection.
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True)[: len(scores)])
    hits = np.cumsum(right)[last]
    total = int(actual.sum())
    return Curve(scores[last], hits / (last + 1), hits / max(total, 1), total)


def interpolated_precision(right, objects):
    """Return AP of detections in falling order of score, as COCO has it.

    `AP = 1/101 Σ_{r' ∈ {0, 0.01, …, 1}} max_{r ≥ r'} p(r)`

    Args:
        right: bool `[n]`: which found an object.
        objects: the number to find, above 0.

    >>> round(interpolated_precision([True, False, True], 2), 3)
    0.835
    """
    right = np.asarray(right, bool)
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(hits / objects, _RECALLS, side="left")
    return float(np.append(envelope, 0.0)[places].mean())


def _columns(rows):
    rows = list(rows)
    sides = np.array([row["bbox"] for row in rows], float).reshape(-1, 4)
    return {
        "picture": np.array([row["image_id"] for row in rows], np.int64),
        "boxes": np.concatenate(
            [sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1
        ),
        "labels": np.array([row["category_id"] for row in rows], np.int64),
    }
