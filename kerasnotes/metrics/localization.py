"""How far one object's box and landmarks are from where they should be."""

import numpy as np
from keras import ops

from kerasnotes import errors
from kerasnotes.ops import boxes as boxes_lib


def box_report(truth, answers, present=None):
    """Return how well boxes fit, over the pictures with an object.

    Args:
        truth: boxes as `xyxy` in pixels, `(n, 4)`; any numbers where there
            is no object.
        answers: the boxes answered, `(n, 4)`.
        present: bool `(n,)`: where there is an object; None for everywhere.

    Returns:
        A dictionary of `iou`, the mean IoU; `iou_50`, the share of IoUs of
        0.5 or more; `centre_error`, the mean distance of the centres in
        pixels; `relative_centre_error`, that by the true box's diagonal;
        `objects`, how many these are of, and `without`, the other pictures.
        The means are None where there is no object, and NaN where an answer
        is.

    Raises:
        ValueError: shapes don't fit, or a true box has no area.

    >>> report = box_report([[0, 0, 6, 8]], [[0, 0, 6, 4]])
    >>> report["iou"], report["centre_error"], report["relative_centre_error"]
    (0.5, 2.0, 0.2)
    """
    truth, answers = (np.asarray(x, np.float64) for x in (truth, answers))
    if truth.shape != answers.shape or truth.shape[1:] != (4,):
        raise errors.refusal(
            "`answers`",
            "`answers` and `truth` must have the shape (n, 4). Received: "
            f"{answers.shape} and {truth.shape}",
        )
    present = _booleans("present", present, truth.shape[:1])
    counts = {
        "objects": int(present.sum()),
        "without": int((~present).sum()),
    }
    truth, answers = truth[present], answers[present]
    sides = truth[:, 2:] - truth[:, :2]
    if not (sides > 0).all():
        raise errors.refusal(
            "`truth`",
            "`truth` must have boxes with an area, as xyxy. Received: "
            f"{truth[~(sides > 0).all(axis=1)][0].tolist()}",
        )
    share = boxes_lib.iou(truth, answers, pairwise=False)
    share = ops.convert_to_numpy(share)
    centres = [(x[:, :2] + x[:, 2:]) / 2 for x in (truth, answers)]
    distance = np.linalg.norm(centres[0] - centres[1], axis=-1)
    right = np.where(np.isnan(share), np.nan, share >= 0.5)
    return {
        "iou": _mean(share),
        "iou_50": _mean(right),
        "centre_error": _mean(distance),
        "relative_centre_error": _mean(
            distance / np.linalg.norm(sides, axis=-1)
        ),
        **counts,
    }


def landmark_report(
    truth,
    answers,
    visible=None,
    pair=None,
    boxes=None,
    alphas=(0.05, 0.1, 0.2),
):
    """Return the normalised mean error of landmarks, and PCK.

    With the distance d_ij of landmark j of picture i from its true place, and
    the picture's length s_i:

    `NME = mean_i mean_j d_ij / s_i`, `PCK@α` = the share of all landmarks
    with `d_ij ≤ α s_i`

    over the landmarks that are visible. s is the distance of two true
    landmarks, such as the outer corners of the eyes, or a box's diagonal.

    Args:
        truth: points x, y in pixels, `(n, K, 2)`; any numbers where they
            aren't visible.
        answers: the points answered, `(n, K, 2)`.
        visible: bool `(n, K)`; None for all.
        pair: the numbers of the two landmarks.
        boxes: the true boxes as `xyxy`, `(n, 4)`; instead of `pair`.
        alphas: of PCK.

    Returns:
        A dictionary of `nme`; `pck`, from each α to a share; `per_point`,
        the mean of `d_ij / s_i` of each landmark; and counts of landmarks:
        `points`, which count, `absent`, which aren't visible, and
        `unmeasured`, which are in pictures without a length (one of the pair
        is absent, or they lie on one point). Means of nothing are None.

    Raises:
        ValueError: shapes don't fit, or not one of `pair` and `boxes` is
            there.

    >>> truth = [[[0, 0], [10, 0], [5, 5]], [[0, 0], [10, 0], [0, 0]]]
    >>> answers = [[[0, 1], [10, 0], [5, 5]], [[0, 0], [10, 2], [9, 9]]]
    >>> visible = [[True] * 3, [True, True, False]]
    >>> report = landmark_report(truth, answers, visible, pair=(0, 1))
    >>> round(report["nme"], 4), report["pck"][0.1], report["absent"]
    (0.0667, 0.8, 1)

    Source: Sagonas et al., 300 faces in-the-wild challenge (2013), section 3;
    Yang and Ramanan, Articulated human detection with flexible mixtures of
    parts (2013), section 6.
    """
    truth, answers = (np.asarray(x, np.float64) for x in (truth, answers))
    if truth.shape != answers.shape or truth.shape[2:] != (2,):
        raise errors.refusal(
            "`answers`",
            "`answers` and `truth` must have the shape (n, K, 2). Received: "
            f"{answers.shape} and {truth.shape}",
        )
    visible = _booleans("visible", visible, truth.shape[:2])
    lengths = _lengths(truth, visible, pair, boxes)
    measured = visible & (lengths > 0)[:, None]
    distance = np.linalg.norm(truth - answers, axis=-1)
    error = np.divide(
        distance,
        lengths[:, None],
        out=np.zeros_like(distance),
        where=measured,
    )
    some = measured.any(axis=1)
    total = measured.sum(axis=1)
    return {
        "nme": _mean(error.sum(axis=1)[some] / total[some]),
        "pck": {a: _mean(_within(error[measured], a)) for a in alphas},
        "per_point": [
            _mean(e[m]) for e, m in zip(error.T, measured.T, strict=True)
        ],
        "points": int(measured.sum()),
        "absent": int((~visible).sum()),
        "unmeasured": int((visible & ~measured).sum()),
    }


def _within(error, alpha):
    """Return 1 where an error is at most alpha, NaN where it is that."""
    # Distances that are equal on paper differ by their rounding.
    return np.where(np.isnan(error), np.nan, error <= alpha * (1 + 1e-12))


def _lengths(truth, visible, pair, boxes):
    """Return each picture's length, NaN where it has none."""
    if (pair is None) == (boxes is None):
        raise errors.refusal(
            "`pair`",
            "`pair` or `boxes` must be given, not both. Received: "
            f"pair={pair}, boxes={None if boxes is None else 'an array'}",
        )
    if boxes is not None:
        boxes = np.asarray(boxes, np.float64)
        if boxes.shape != (len(truth), 4):
            raise errors.refusal(
                "`boxes`",
                f"`boxes` must have the shape ({len(truth)}, 4). "
                f"Received: {boxes.shape}",
            )
        return np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=-1)
    first, second = pair
    if not all(0 <= i < truth.shape[1] for i in pair) or first == second:
        raise errors.refusal(
            "`pair`",
            "`pair` must be two numbers of landmarks from 0 to "
            f"{truth.shape[1] - 1}. Received: pair={tuple(pair)}",
        )
    length = np.linalg.norm(truth[:, first] - truth[:, second], axis=-1)
    return np.where(visible[:, first] & visible[:, second], length, np.nan)


def _booleans(name, values, shape):
    if values is None:
        return np.ones(shape, bool)
    values = np.asarray(values)
    if values.shape != shape:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must have the shape {shape}. Received: {values.shape}",
        )
    return values.astype(bool)


def _mean(values):
    return float(np.mean(values)) if len(values) else None
