"""How well the borders of classes are answered."""

import numpy as np
from keras import ops
from scipy import ndimage

from kerasnotes.metrics import pixel_rates
from kerasnotes.ops import boundaries
from kerasnotes.ops import pixel_labels as pixels


def boundary_report(truth, answers, classes, tolerance=2.0, ignore=-1):
    """Return the boundary F1: how well the outlines of classes fit.

    Of a class, with T the pixels of its boundary in truth, A those in the
    answer, and d the distance to the nearest pixel of a set:

    - `precision = |{a ∈ A: d(a, T) ≤ θ}| / |A|`
    - `recall = |{t ∈ T: d(t, A) ≤ θ}| / |T|`
    - `F1 = 2 precision · recall / (precision + recall)`, 0/0 counting as 0

    A class's boundary are its pixels that `ops.boundary` marks. IoU hardly
    sees an outline: of a disc 100 pixels wide, one pixel all around is 4 %.

    Args:
        truth: labels, an array `(height, width)` for each picture.
        answers: the classes answered, arrays of the same shapes.
        classes: the number of classes.
        tolerance: θ, in pixels, 0 or more; Csurka et al. take 0.75 % of the
            picture's diagonal.
        ignore: the label of pixels whose class isn't known: neither they nor
            where they meet others count.

    Returns:
        A dictionary of

        - `boundary_f1`: the mean over the classes of the F1 of all pictures'
          pixels together;
        - `picture_boundary_f1`: the mean over the pictures of each one's mean
          over its classes;
        - `classes`: a list of dictionaries of `precision`, `recall` and `f1`,
          and `pixels`, the length of the boundary in truth.

        A class without a boundary in truth and answers is in no mean; where
        there is none in one of them alone, F1 is 0. What has no boundary at
        all is None.

    Raises:
        ValueError: the pictures or their shapes are not the same, or the
            tolerance is below 0.

    Source: Csurka et al., What is a good evaluation measure for semantic
    segmentation? (2013), section 3.

    >>> truth, answer = np.zeros((2, 9, 9), int)
    >>> truth[:, 4:], answer[:, 7:] = 1, 1
    >>> boundary_report([truth], [answer], 2, tolerance=3)["boundary_f1"]
    1.0
    >>> boundary_report([truth], [answer], 2, tolerance=2)["boundary_f1"]
    0.0
    """
    pixels.require("tolerance", tolerance >= 0, "be 0 or more", tolerance)
    counts = np.array(
        [
            _counts(*pair, classes, tolerance, ignore)
            for pair in pixel_rates.pairs(truth, answers)
        ]
    ).reshape(-1, classes, 4)
    rows = [_row(*values) for values in counts.sum(axis=0)]
    means = [_mean(_row(*v)["f1"] for v in picture) for picture in counts]
    return {
        "boundary_f1": _mean(row["f1"] for row in rows),
        "picture_boundary_f1": _mean(means),
        "classes": rows,
    }


def _counts(labels, answer, classes, tolerance, ignore):
    """Return the lengths of the boundaries, and how much of each fits.

    Returns:
        int64 `(classes, 4)`: of the answer's boundary what is near, and all;
        of the true one what is near, and all.
    """
    # Where the truth isn't known the answer has no outline either.
    answer = np.where(labels == ignore, ignore, answer)
    pair = labels, answer
    edges = [ops.convert_to_numpy(boundaries.boundary(x, ignore)) for x in pair]
    counts = np.zeros((classes, 4), np.int64)
    for label in range(classes):
        true, answered = (
            edge & (x == label) for edge, x in zip(edges, pair, strict=True)
        )
        counts[label] = (
            *_near(answered, true, tolerance),
            *_near(true, answered, tolerance),
        )
    return counts


def _near(outline, other, tolerance):
    """Return how many pixels are near the others, and how many there are."""
    total = int(outline.sum())
    if not total or not other.any():
        return 0, total
    distance = ndimage.distance_transform_edt(~other)
    return int((distance[outline] <= tolerance).sum()), total


def _row(near, answered, fits, true):
    precision = float(near / answered) if answered else 0.0
    recall = float(fits / true) if true else 0.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return {
        "precision": precision if answered else None,
        "recall": recall if true else None,
        "f1": f1 if answered or true else None,
        "pixels": int(true),
    }


def _mean(values):
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None
