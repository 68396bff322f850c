"""Average precision of detections, and where to put the threshold."""

import numpy as np

from kerasnotes import errors
from kerasnotes.metrics import coco

_AREAS = ("all", "small", "medium", "large")
_THRESHOLDS = {"ap50": 0.5, "ap75": 0.75}


def detection_report(truth, detections, classes, max_detections=100):
    """Return average precision and recall as COCO computes them.

    Detections of a class are sorted by score, of equal scores in the order of
    pictures and rows. One is right if it overlaps an object of its class that
    no better one has, by an IoU of at least a threshold. With precision p and
    recall r after each of them:

    `AP = 1/101 Σ_{r' ∈ {0, 0.01, …, 1}} max_{r ≥ r'} p(r)`

    and AR is the last recall. Both are means over the classes that have
    objects and over the IoU thresholds 0.5, 0.55, …, 0.95, unless the name
    says another. Where nothing is detected they are 0; where there is no
    object to find, None. Of perfect detections that miss less than 1 % of a
    class, however few, AP is 100/101; AR tells them apart.

    Args:
        truth: a dictionary for each picture, of arrays with a row for each
            object: `boxes` as `xyxy`, in pixels, `(n, 4)`, and `labels`, in
            `[0, classes)` or below 0 for padding. It may have `crowd` (true
            where a box is around a crowd: any number of detections inside
            count as nothing), `difficult` (one detection that finds it counts
            as nothing, and missing it too) and `area`, by which sizes are
            told, where it isn't that of the box.
        detections: one for each of the same pictures: `boxes`, `labels` and
            `scores`, such as a row of `ops.non_max_suppression`.
        classes: the number of classes.
        max_detections: how many of a class and picture count, the best.

    Returns:
        A dictionary of

        - `ap`, `ap50`, `ap75` (at these thresholds), and `ap_small`,
          `ap_medium`, `ap_large` of objects below 32², from there to 96², and
          above, in pixels;
        - `ar`, `ar_small`, `ar_medium`, `ar_large`, and `ar_1`, `ar_10` with
          so many detections of a class and picture;
        - `per_class`: for each class `ap`, `ap50`, `ap75`, `ar`, and
          `objects`, the number to find;
        - `absent`: the classes without objects, which no mean has.

    Raises:
        UserError: pycocotools is not installed.
        ValueError: lengths don't fit, a label is out of range, a box or a
            score is no number, or the sides of a true box are swapped.

    Example:
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 9]], "labels": [0], "scores": [0.9]}]
    >>> report = detection_report(truth, found, classes=2)
    >>> round(report["ap50"], 3), report["ar"], report["absent"]
    (0.505, 0.5, [1])

    Source: Lin et al., Microsoft COCO: common objects in context (2014), and
    its evaluation, pycocotools.
    """
    judge = coco.evaluation(
        truth, detections, classes, None, max_detections, _AREAS
    )
    return _report(judge, classes, max_detections)


def mask_report(truth, detections, classes, max_detections=100):
    """Return average precision and recall of objects' masks, as COCO's.

    As `detection_report`, with the IoU of pixels in place of that of boxes:
    `|A ∩ B| / |A ∪ B|`. Masks of a picture may overlap.

    Args:
        truth: as there, with `masks`: COCO's compressed run lengths of each
            object, `coco.run_lengths`.
        detections: likewise.
        classes: the number of classes.
        max_detections: how many of a class and picture count, the best.

    Returns:
        As there.

    Raises:
        UserError: pycocotools is not installed.
        ValueError: as there, or a picture has no `masks`.

    >>> masks = coco.run_lengths(np.ones((1, 2, 3), bool))
    >>> one = {"boxes": [[0, 0, 3, 2]], "labels": [0], "masks": masks}
    >>> round(mask_report([one], [one | {"scores": [0.9]}], 1)["ap"], 3)
    1.0
    """
    for name, pictures in (("truth", truth), ("detections", detections)):
        if not all("masks" in picture for picture in pictures):
            raise errors.refusal(
                f"`{name}`",
                f"`{name}` must have `masks` of each picture. Received: none",
            )
    judge = coco.evaluation(
        *(truth, detections, classes, None, max_detections, _AREAS), of="segm"
    )
    return _report(judge, classes, max_detections)


def _report(judge, classes, max_detections):
    precision, recall = judge.eval["precision"], judge.eval["recall"]
    most = judge.params.maxDets.index(max_detections)
    places = {
        name: int(np.argmin(abs(judge.params.iouThrs - value)))
        for name, value in _THRESHOLDS.items()
    }

    def rates(k):
        return {
            "ap": _mean(precision[:, :, k, 0, most]),
            **{
                n: _mean(precision[t, :, k, 0, most]) for n, t in places.items()
            },
            "ar": _mean(recall[:, k, 0, most]),
        }

    report = rates(slice(None))
    for i, name in enumerate(_AREAS[1:], 1):
        report[f"ap_{name}"] = _mean(precision[..., i, most])
        report[f"ar_{name}"] = _mean(recall[..., i, most])
    for m, count in enumerate(judge.params.maxDets):
        if count in (1, 10):
            report[f"ar_{count}"] = _mean(recall[:, :, 0, m])
    objects = _objects(judge, classes)
    report["per_class"] = [
        {**rates(k), "objects": objects[k]} for k in range(classes)
    ]
    report["absent"] = [k for k in range(classes) if not objects[k]]
    return report


def _mean(values):
    """Return the mean of what isn't -1, pycocotools' sign of no object."""
    values = values[values > -1]
    return float(values.mean()) if values.size else None


def _objects(judge, classes):
    """Return how many objects of each class there are to find."""
    counts = [0] * classes
    low, high = coco.AREAS["all"]
    for row in judge.cocoGt.anns.values():
        counts[row["category_id"]] += (
            not row["iscrowd"] and low <= row["area"] <= high
        )
    return counts
