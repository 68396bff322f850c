"""What a detector's average precision is lost to, and what it confuses.

Source: Bolya et al., TIDE: a general toolbox for identifying object detection
errors (2020), section 2.
"""

import dataclasses

import numpy as np

from kerasnotes.metrics import matching

CAUSES = ("class", "place", "both", "duplicate", "background", "missed")
"""Why a detection is wrong, or an object is not found."""


@dataclasses.dataclass(frozen=True)
class Errors:
    """Each detection's and each object's error.

    Attributes:
        causes: a name of `CAUSES` for each detection, or "" where it is right
            or ignored, `[n]`.
        objects: the object that the detection should have found, or -1 where
            there is none, `[n]`.
        missed: bool, for each object: nothing found it, nor points at it with
            a wrong class or place alone.
    """

    causes: np.ndarray
    objects: np.ndarray
    missed: np.ndarray


def errors_of(matches, foreground=0.5, background=0.1):
    """Return the `Errors` of detections: the first of these that is so.

    With the highest IoU of the wrong detection with objects of its class, s,
    and with those of other classes, o:

    - place: `background ≤ s < foreground`;
    - class: `o ≥ foreground`;
    - duplicate: `s ≥ foreground`: a better detection has the object;
    - background: `s` and `o` are below `background`;
    - both: what is left, `background ≤ o < foreground`.

    An object that no detection found, and none points at by its place or
    class alone, is missed.

    Args:
        matches: `metrics.Matches` at the IoU threshold `foreground`.
        foreground: from which IoU on a detection finds an object.
        background: below which IoU a detection has nothing of an object.

    Example:
    >>> from kerasnotes import metrics
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 3]], "labels": [0], "scores": [0.9]}]
    >>> result = errors_of(metrics.detection_matches(truth, found, 1))
    >>> result.causes.tolist(), result.missed.tolist()
    (['place'], [False, True])
    """
    detections, objects = matches.detections, matches.objects
    causes = np.full(len(detections["labels"]), "", dtype=object)
    targets = np.full(len(causes), -1)
    wrong = (detections["object"] < 0) & ~detections["ignored"]
    for i in np.flatnonzero(wrong):
        near = np.flatnonzero(
            (objects["picture"] == detections["picture"][i])
            & ~objects["ignored"]
        )
        overlaps = _iou(detections["boxes"][i], objects["boxes"][near])
        same = objects["labels"][near] == detections["labels"][i]
        causes[i], targets[i] = _cause(
            near, overlaps, same, foreground, background
        )
    right = (detections["object"] >= 0) & ~detections["ignored"]
    missed = ~objects["ignored"]
    missed[detections["object"][right]] = False
    pointed = np.isin(causes, ("class", "place"))
    missed[targets[pointed]] = False
    return Errors(causes, targets, missed)


def lost_precision(matches, foreground=0.5, background=0.1):
    """Return AP, and what it would gain were one cause of errors cured.

    Class and place: the detection becomes that of its object; of several of
    one object the best-scored stays. Both, duplicate and background: the
    detection goes. Missed: the object goes, as if the model were as precise
    on it as it is on others; a class of which nothing is left to find has 1
    where nothing is detected of it, else 0. Each cause is cured alone, so
    that the gains don't add up to 1 - AP.

    Args:
        matches: `metrics.Matches` at the IoU threshold `foreground`.
        foreground: see `errors_of`.
        background: see there.

    Returns:
        A dictionary of `ap`, the mean over classes with objects at
        `foreground`, and of each of `CAUSES` to the gain of AP; all None
        where there is no object.

    Example:
    >>> from kerasnotes import metrics
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 3]], "labels": [0], "scores": [0.9]}]
    >>> lost = lost_precision(metrics.detection_matches(truth, found, 1))
    >>> {name: round(value, 3) for name, value in lost.items() if value}
    {'place': 0.505}
    """
    result = errors_of(matches, foreground, background)
    actual = ~matches.objects["ignored"]
    total = np.bincount(
        matches.objects["labels"][actual], minlength=matches.classes
    )
    if not total.any():
        return dict.fromkeys(("ap", *CAUSES))
    counts = ~matches.detections["ignored"]
    columns = (
        matches.detections["labels"][counts],
        matches.detections["scores"][counts],
        matches.detections["object"][counts],
    )
    causes, targets = result.causes[counts], result.objects[counts]
    ap = _mean_precision(*columns, total, total)
    gains = {}
    for cause in CAUSES[:-1]:
        sick = causes == cause
        cured = _cured(columns, cause, sick, targets, matches.objects)
        gains[cause] = _mean_precision(*cured, total, total) - ap
    labels = matches.objects["labels"][result.missed]
    left = total - np.bincount(labels, minlength=matches.classes)
    gains["missed"] = _mean_precision(*columns, left, total) - ap
    return {"ap": ap, **gains}


def confusion(matches, threshold, foreground=0.5):
    """Return counts of each class answered for each class in truth.

    Pairs of one class are those of `matches`. Of the others, in the order of
    their scores, each detection takes the free object of another class with
    the highest IoU, if it is at least `foreground`.

    Args:
        matches: `metrics.Matches` at the IoU threshold `foreground`.
        threshold: only detections with `score > threshold` count.
        foreground: see above.

    Returns:
        int64 `(classes + 1, classes + 1)`: truth by answer. The last row is
        background that was answered as something, the last column objects
        that weren't found; crowds and difficult boxes, and what found them,
        don't count.

    Example:
    >>> from kerasnotes import metrics
    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> found = [{"boxes": [[0, 0, 9, 9]], "labels": [1], "scores": [0.9]}]
    >>> confusion(metrics.detection_matches(truth, found, 2), 0.5).tolist()
    [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    """
    detections, objects = matches.detections, matches.objects
    counts = ~detections["ignored"] & (detections["scores"] > threshold)
    pairs = np.where(counts, detections["object"], -1)
    free = ~objects["ignored"]
    free[pairs[pairs >= 0]] = False
    for i in np.argsort(-detections["scores"], kind="stable"):
        if not counts[i] or pairs[i] >= 0:
            continue
        near = np.flatnonzero(
            free & (objects["picture"] == detections["picture"][i])
        )
        overlaps = _iou(detections["boxes"][i], objects["boxes"][near])
        same = objects["labels"][near] == detections["labels"][i]
        overlaps = np.where(same, 0.0, overlaps)
        if overlaps.max(initial=0.0) >= foreground:
            pairs[i] = near[np.argmax(overlaps)]
            free[pairs[i]] = False
    table = np.zeros([matches.classes + 1] * 2, np.int64)
    truth = np.append(objects["labels"], matches.classes)[pairs]
    np.add.at(table, (truth[counts], detections["labels"][counts]), 1)
    np.add.at(table, (objects["labels"][free], matches.classes), 1)
    return table


def _iou(box, boxes):
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(
        box[:2], boxes[:, :2]
    )
    both = np.maximum(sides, 0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + areas - both
    return np.divide(both, union, out=np.zeros(len(both)), where=union > 0)


def _cause(near, overlaps, same, foreground, background):
    """Return a wrong detection's cause and its object, or -1."""

    def nearest(where):
        values = np.where(where, overlaps, -1.0)
        place = int(np.argmax(values)) if len(values) else -1
        return (values[place], near[place]) if place >= 0 else (-1.0, -1)

    (own_class, mine), (other_class, other) = nearest(same), nearest(~same)
    if background <= own_class < foreground:
        return "place", mine
    if other_class >= foreground:
        return "class", other
    if own_class >= foreground:
        return "duplicate", mine
    if max(own_class, other_class) < background:
        return "background", -1
    return "both", other


def _cured(columns, cause, sick, targets, objects):
    """Return labels, scores and pairs without one cause of errors."""
    labels, scores, pairs = (column.copy() for column in columns)
    if cause not in ("class", "place"):
        return labels[~sick], scores[~sick], pairs[~sick]
    pairs[sick] = targets[sick]
    labels[sick] = objects["labels"][targets[sick]]
    order = np.argsort(-scores, kind="stable")
    right = order[pairs[order] >= 0]
    _, first = np.unique(pairs[right], return_index=True)
    stays = pairs < 0
    stays[right[first]] = True
    return labels[stays], scores[stays], pairs[stays]


def _mean_precision(labels, scores, pairs, left, total):
    """Return the mean AP over the classes that have objects."""
    values = []
    for label in np.flatnonzero(total):
        mine = labels == label
        if not left[label]:
            values.append(float(not mine.any()))
            continue
        order = np.argsort(-scores[mine], kind="stable")
        right = pairs[mine][order] >= 0
        values.append(matching.interpolated_precision(right, left[label]))
    return float(np.mean(values))
