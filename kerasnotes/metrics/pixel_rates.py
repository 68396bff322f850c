"""Confusion matrices of pictures, and what follows from them."""

import numpy as np
from keras import ops

from kerasnotes.ops import pixel_labels as pixels


def segmentation_confusion(truth, answers, classes, ignore=-1):
    """Return the confusion matrix of each picture, whatever their sizes.

    Args:
        truth: labels, an array `(height, width)` for each picture.
        answers: the classes answered, arrays of the same shapes.
        classes: the number of classes, C.
        ignore: the label of pixels that count nothing.

    Returns:
        An int64 array `(pictures, C + 1, C + 1)`: pixels of the row's class
        that were taken for the column's. The last row and column are of no
        class: labels, or answers, outside [0, C).

    Raises:
        ValueError: the pictures or their shapes are not the same.

    Example:
    >>> segmentation_confusion([[[0, 0, 1, -1]]], [[[0, 1, 1, 1]]], 2)[0]
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 0]])
    """
    size = classes + 1
    confusions = np.zeros((len(truth), size, size), np.int64)
    for i, (labels, answer) in enumerate(pairs(truth, answers)):
        counts = labels != ignore
        rows, columns = (
            np.where((x >= 0) & (x < classes), x, classes).astype(np.int64)
            for x in (labels[counts], answer[counts])
        )
        cells = np.bincount(rows * size + columns, minlength=size * size)
        confusions[i] = cells.reshape(size, size)
    return confusions


def pairs(truth, answers):
    """Return each picture's labels and answers, of one shape.

    Args:
        truth: labels, an array `(height, width)` for each picture.
        answers: the classes answered, arrays of the same shapes.

    Raises:
        ArgumentError: the pictures or their shapes are not the same.
    """
    pixels.require(
        "answers",
        len(truth) == len(answers),
        f"be of the {len(truth)} pictures of `truth`",
        f"{len(answers)} pictures",
    )
    arrays = [
        (np.asarray(labels), np.asarray(answer))
        for labels, answer in zip(truth, answers, strict=True)
    ]
    for i, (labels, answer) in enumerate(arrays):
        pixels.require(
            "answers",
            labels.shape == answer.shape and labels.ndim == 2,
            f"have the shape {labels.shape} of picture {i}, (height, width)",
            answer.shape,
        )
    return arrays


def segmentation_report(confusions):
    """Return the figures of pictures' confusion matrices, in plain numbers.

    Args:
        confusions: `(pictures, C + 1, C + 1)`, as `segmentation_confusion`
            returns them; or the sum of them, as in
            `SegmentationMetrics.confusion`, of which there are no figures of
            single pictures.

    Returns:
        A dictionary of `pixel_accuracy`, `mean_iou`, `mean_dice`, `iou_min`
        and `picture_iou`, see `SegmentationMetrics`; `pixels`, the number that
        counts; `picture_ious`, a list of each picture's mean IoU; `classes`,
        a list of dictionaries of `iou`, `dice`, `precision`, `recall` and
        `pixels`, those of the class in truth; and `absent`, the classes that
        are in neither truth nor answers. What would be 0/0 is None.

    Example:
    >>> report = segmentation_report([[4, 1, 0], [2, 3, 0], [0, 0, 0]])
    >>> report["pixel_accuracy"], report["classes"][1]["iou"]
    (0.7, 0.5)
    """
    confusions = np.asarray(confusions, np.float64)
    single = confusions.ndim == 3
    pooled = confusions.sum(axis=0) if single else confusions
    picture_ious = [_picture_iou(c) for c in confusions] if single else []
    counted = [x for x in picture_ious if x is not None]
    classes = [_class_row(pooled, c) for c in range(len(pooled) - 1)]
    present = [row for row in classes if row["iou"] is not None]
    ious = [row["iou"] for row in present]
    return {
        "pixel_accuracy": _ratio(np.trace(pooled[:-1, :-1]), pooled.sum()),
        "mean_iou": _ratio(sum(ious), len(ious)),
        "mean_dice": _ratio(sum(r["dice"] for r in present), len(present)),
        "iou_min": min(ious, default=None),
        "picture_iou": _ratio(sum(counted), len(counted)),
        "pixels": int(pooled.sum()),
        "picture_ious": picture_ious,
        "classes": classes,
        "absent": [i for i, row in enumerate(classes) if row["iou"] is None],
    }


def _class_row(confusion, label):
    hits = confusion[label, label]
    true, answered = confusion[label].sum(), confusion[:, label].sum()
    return {
        "iou": _ratio(hits, true + answered - hits),
        "dice": _ratio(2 * hits, true + answered),
        "precision": _ratio(hits, answered),
        "recall": _ratio(hits, true),
        "pixels": int(true),
    }


def _picture_iou(confusion):
    """Return the mean IoU of a picture's classes, None of no pixel."""
    if not confusion.sum():
        return None
    ious, _, present = (ops.convert_to_numpy(x) for x in rates(confusion))
    return _ratio(ious.sum(), present.sum()) or 0.0


def _ratio(part, total):
    return float(part / total) if total else None


def rates(confusion):
    """Return IoU and Dice of each class, `(…, C)`, and which are there."""
    hits = ops.diagonal(confusion, axis1=-2, axis2=-1)[..., :-1]
    true, answered = (
        ops.sum(confusion, axis=axis)[..., :-1] for axis in (-1, -2)
    )
    total = true + answered
    ious = ops.divide_no_nan(hits, total - hits)
    return ious, ops.divide_no_nan(2 * hits, total), total > 0


def mean(rates, present):
    """Return the mean rate of the classes that are there, 0 of none."""
    number = ops.cast(ops.sum(ops.cast(present, "int32"), -1), rates.dtype)
    return ops.divide_no_nan(
        ops.sum(ops.where(present, rates, 0.0), axis=-1), number
    )
