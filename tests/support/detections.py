"""Objects and detections that are like them, some wrong."""

import numpy as np


def iou(a, b):
    """Return the IoU of two boxes `xyxy`, from its equation."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = np.prod(np.maximum(sides, 0))
    return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)


def random_pictures(seed, pictures=20, classes=3, levels=None, extras=False):
    """Return truth and detections of pictures, as `metrics` takes them.

    Args:
        seed: of the random numbers.
        pictures: how many.
        classes: how many classes; the last has no object.
        levels: how many different scores there are, or None.
        extras: whether some objects are crowds or difficult.
    """
    rng = np.random.default_rng(seed)
    truth, detections = [], []
    for _ in range(pictures):
        n = rng.integers(0, 6)
        first = rng.uniform(0, 200, (n, 2))
        boxes = np.concatenate([first, first + rng.uniform(5, 150, (n, 2))], 1)
        labels = rng.integers(0, classes - 1, n)
        truth.append({"boxes": boxes, "labels": labels})
        if extras:
            kind = rng.integers(0, 6, n)
            truth[-1] |= {"crowd": kind == 0, "difficult": kind == 1}
        copies = rng.integers(0, max(n, 1), 2 * n)
        near = boxes[copies] + rng.normal(0, 8, (len(copies), 4))
        far = rng.uniform(0, 150, (2, 2))
        far = np.concatenate([far, far + rng.uniform(5, 90, (2, 2))], 1)
        wrong = rng.random(len(copies)) < 0.2
        answers = np.where(wrong, rng.integers(0, classes), labels[copies])
        answers = np.concatenate([answers, rng.integers(0, classes, 2)])
        scores = rng.random(len(answers))
        if levels:
            scores = np.ceil(scores * levels) / levels
        found = np.concatenate([near, far])
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2])
        detections.append({"boxes": found, "labels": answers, "scores": scores})
    return truth, detections
