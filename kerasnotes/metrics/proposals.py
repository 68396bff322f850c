"""How many objects region proposals cover, which limits what reads them."""

import numpy as np

from kerasnotes import errors
from kerasnotes.metrics import coco

_MEAN_OF = np.linspace(0.5, 0.95, 10)


def proposal_recall(
    truth,
    proposals,
    classes,
    thresholds=(0.5, 0.7),
    numbers=(10, 30, 100, 300),
):
    """Return the share of objects that the first proposals cover.

    Whatever their class, and one to one, as pycocotools has it without
    categories: from the first on, each proposal takes the free object with
    which it has the highest IoU, if that is at least the threshold. So a
    proposal covers one object, though it may overlap several. Objects that
    are crowds or difficult don't count.

    Args:
        truth: as in `detection_report`: a dictionary for each picture, of
            `boxes` and `labels`, and maybe `crowd` and `difficult`.
        proposals: for each of the same pictures, boxes as `xyxy`, the best
            first, `(k, 4)`. Rows without an area, as padding is, cover
            nothing.
        classes: the number of classes.
        thresholds: of the IoU, above 0, at most 1.
        numbers: how many proposals of a picture, in increasing order.

    Returns:
        A dictionary of

        - `thresholds` and `numbers`, as they are above;
        - `recall`: for each threshold a list, for each number the share of
          all objects covered;
        - `ar`: for each number, the mean over the thresholds 0.5, 0.55, …,
          0.95: COCO's AR of proposals;
        - `objects`, the number to cover, `pictures`, and `mean_number`: of a
          picture's proposals with an area, at most the last of `numbers`;
        - `per_class`: for each class `recall`, `ar` and `objects`, of the
          same matches;
        - `absent`: the classes without objects.

        What would be 0/0 is None.

    Raises:
        ValueError: lengths don't fit, a label is out of range, a box is no
            number, has swapped sides, or thresholds or numbers are refused.

    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 1]}]
    >>> boxes = [[[0, 0, 9, 8], [0, 0, 30, 9], [19, 0, 30, 9]]]
    >>> report = proposal_recall(truth, boxes, 3, (0.5,), (1, 3))
    >>> report["recall"], report["per_class"][1]["recall"], report["absent"]
    ([[0.5, 1.0]], [[0.0, 1.0]], [2])

    Source: Hosang et al., What makes for effective detection proposals?
    (2015).
    """
    numbers, thresholds = _settings(numbers, thresholds)
    proposals = _boxes(truth, proposals)
    dummies = [
        {"boxes": [], "labels": [], "scores": []} for _ in range(len(truth))
    ]
    truth, _ = coco.checked(truth, dummies, classes)
    limits = [*thresholds, *_MEAN_OF]
    labels, places = _covered(truth, proposals, limits, numbers[-1])
    known = [
        ((part[: numbers[-1], 2:] > part[: numbers[-1], :2]).all(1)).sum()
        for part in proposals
    ]
    rows = [
        _shares(places[:, labels == label], numbers, len(thresholds))
        for label in range(classes)
    ]
    return {
        "thresholds": list(thresholds),
        "numbers": list(numbers),
        **_shares(places, numbers, len(thresholds)),
        "pictures": len(truth),
        "mean_number": float(np.mean(known)) if known else None,
        "per_class": rows,
        "absent": [k for k, row in enumerate(rows) if not row["objects"]],
    }


def recall_text(name, report, class_names):
    """Return what is to be told of a split's proposals before training.

    Args:
        name: of the split.
        report: what `proposal_recall` returns.
        class_names: the names of the classes.

    >>> truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 0]}]
    >>> report = proposal_recall(truth, [[[0, 0, 9, 9]]], 2, (0.5,), (300,))
    >>> print(recall_text("dev", report, ["cell", "grain"]))
    dev: up to 300 proposals a picture, 1 in the mean, cover 0.500 of 2 \
objects at IoU 0.5 (cell 0.500); what classifies them and moves none finds no \
more
    """
    if not report["objects"]:
        return f"{name}: no object counts"
    parts = []
    for i, threshold in enumerate(report["thresholds"]):
        classes = ", ".join(
            f"{label} {row['recall'][i][-1]:.3f}"
            for label, row in zip(class_names, report["per_class"], strict=True)
            if row["objects"]
        )
        share = f"{report['recall'][i][-1]:.3f}"
        share += f" of {report['objects']:,} objects" if not i else ""
        parts.append(f"{share} at IoU {threshold:g} ({classes})")
    return (
        f"{name}: up to {report['numbers'][-1]:,} proposals a picture, "
        f"{report['mean_number']:,.0f} in the mean, cover {', '.join(parts)}; "
        "what classifies them and moves none finds no more"
    )


def _settings(numbers, thresholds):
    numbers, thresholds = tuple(numbers), tuple(thresholds)
    whole_numbers = all(int(n) == n >= 1 for n in numbers)
    if not numbers or not whole_numbers or (np.diff(numbers) <= 0).any():
        raise errors.refusal(
            "`numbers`",
            "`numbers` must be whole, from 1, in increasing order. Received: "
            f"{numbers}",
        )
    if not thresholds or not all(0 < t <= 1 for t in thresholds):
        raise errors.refusal(
            "`thresholds`",
            "`thresholds` must be above 0 and at most 1. Received: "
            f"{thresholds}",
        )
    return tuple(map(int, numbers)), tuple(map(float, thresholds))


def _boxes(truth, proposals):
    """Return the proposals as a list of float64 `(k, 4)`."""

    def refuse(message):
        return errors.refusal("`proposals`", f"`proposals` {message}")

    if len(truth) != len(proposals):
        raise refuse(
            "must be of the pictures of `truth`. Received: "
            f"{len(proposals)} and {len(truth)} pictures"
        )
    parts = [np.asarray(part, np.float64) for part in proposals]
    for number, part in enumerate(parts):
        if part.size and (part.ndim != 2 or part.shape[1] != 4):
            raise refuse(
                f"of picture {number} must have the shape (k, 4). Received: "
                f"{part.shape}"
            )
        if not np.isfinite(part).all():
            raise refuse(
                f"of picture {number} must be finite. Received: a NaN or an "
                "infinity"
            )
        if part.size and (part[:, 2:] < part[:, :2]).any():
            raise refuse(
                f"of picture {number} must be xyxy. Received: swapped sides"
            )
    return [part.reshape(-1, 4) for part in parts]


def _covered(truth, proposals, limits, most):
    """Return labels, and by which proposal each object is covered.

    Returns:
        The objects' labels, `(n,)`, and int64 `(limits, n)`: the place of the
        proposal, from 0, or `most` for none.
    """
    labels, places = [np.zeros(0, int)], [np.zeros((len(limits), 0), int)]
    for objects, boxes in zip(truth, proposals, strict=True):
        counts = ~(
            objects["crowd"].astype(bool) | objects["difficult"].astype(bool)
        )
        ious = _iou(boxes[:most], objects["boxes"][counts])
        labels.append(objects["labels"][counts])
        places.append(np.stack([_match(ious, limit, most) for limit in limits]))
    return np.concatenate(labels), np.concatenate(places, 1)


def _iou(boxes, objects):
    low = np.maximum(boxes[:, None, :2], objects[:, :2])
    high = np.minimum(boxes[:, None, 2:], objects[:, 2:])
    common = np.maximum(high - low, 0).prod(-1)
    areas, true_areas = (
        (part[:, 2:] - part[:, :2]).prod(-1) for part in (boxes, objects)
    )
    union = areas[:, None] + true_areas - common
    return np.where(common > 0, common, 0) / np.where(union > 0, union, 1)


def _match(ious, limit, most):
    """Return the place of the proposal that takes each object, or `most`."""
    places = np.full(ious.shape[1], most)
    free = np.where(ious >= min(limit, 1 - 1e-10), ious, -1.0)
    for row in np.flatnonzero(free.max(1, initial=-1) >= 0):
        best = free[row].max()
        if best >= 0:
            # Of equal ones pycocotools takes the last.
            place = np.flatnonzero(free[row] == best)[-1]
            places[place] = row
            free[:, place] = -1
    return places


def _shares(places, numbers, thresholds):
    """Return recalls and their mean of some objects."""
    count = places.shape[1]
    if not count:
        none = [None] * len(numbers)
        recall = [list(none) for _ in range(thresholds)]
        return {"recall": recall, "ar": none, "objects": 0}
    recall = np.stack([(places < n).mean(1) for n in numbers], 1)
    return {
        "recall": recall[:thresholds].tolist(),
        "ar": recall[thresholds:].mean(0).tolist(),
        "objects": count,
    }
