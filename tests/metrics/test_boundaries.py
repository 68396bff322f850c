"""Boundary F1 against a loop over all pairs of pixels."""

import math

import numpy as np
import pytest

from kerasnotes.metrics import boundary_report


def outline(labels, c, ignore):
    """Return the pixels of a class that have another known one beside."""
    height, width = labels.shape
    places = []
    for row, column in np.argwhere(labels == c):
        beside = [(row + 1, column), (row - 1, column),
                  (row, column + 1), (row, column - 1)]  # fmt: skip
        near = [
            labels[r, k]
            for r, k in beside
            if 0 <= r < height and 0 <= k < width
        ]
        if any(other not in (c, ignore) for other in near):
            places.append((row, column))
    return places


def loop(truth, answers, classes, tolerance, ignore=-1):
    """Return F1 of each class pooled, and the mean of the pictures' means."""
    pooled, means = np.zeros((classes, 4)), []
    for labels, answer in zip(truth, answers, strict=True):
        answer = np.where(labels == ignore, ignore, answer)
        f1s = []
        for c in range(classes):
            true, answered = (outline(x, c, ignore) for x in (labels, answer))
            fits = [
                sum(any(math.dist(p, q) <= tolerance for q in b) for p in a)
                for a, b in ((answered, true), (true, answered))
            ]
            counts = fits[0], len(answered), fits[1], len(true)
            pooled[c] += counts
            f1s.append(f1(*counts))
        f1s = [f for f in f1s if f is not None]
        means += [np.mean(f1s)] if f1s else []
    return [f1(*row) for row in pooled], np.mean(means)


def f1(near, answered, fits, true):
    if not answered + true:
        return None
    if not near or not fits:
        return 0.0
    precision, recall = near / answered, fits / true
    return 2 * precision * recall / (precision + recall)


def pictures(count=4, shape=(11, 9)):
    """Return blots of 3 of 4 classes, the same moved, and unknown pixels."""
    rng = np.random.default_rng(0)
    truth, answers = [], []
    for i in range(count):
        labels = np.zeros(shape, int)
        for c in (1, 2):
            row, column = rng.integers(0, 6, 2)
            labels[row : row + 4, column : column + 3] = c
        answers.append(np.roll(labels, rng.integers(0, 3, 2), (0, 1)))
        answers[-1][rng.random(shape) < 0.05] = 1
        labels[rng.random(shape) < 0.1 * (i % 2)] = -1
        truth.append(labels)
    truth[3] = np.zeros(shape, int)
    return truth, answers


@pytest.mark.parametrize("tolerance", [0, 1, math.sqrt(2), 2.5])
def test_against_a_loop(tolerance):
    truth, answers = pictures()
    report = boundary_report(truth, answers, 4, tolerance)
    want, mean = loop(truth, answers, 4, tolerance)
    assert [row["f1"] for row in report["classes"]] == pytest.approx(want)
    assert want[3] is None and 0 < want[0] < 1
    assert type(report["classes"][0]["f1"]) is float
    assert report["boundary_f1"] == pytest.approx(np.mean(want[:3]))
    assert report["picture_boundary_f1"] == pytest.approx(mean)


def test_the_truth_itself_and_a_wider_tolerance():
    truth, answers = pictures()
    assert boundary_report(truth, truth, 4, 0)["boundary_f1"] == 1
    f1s = [
        boundary_report(truth, answers, 4, t)["boundary_f1"]
        for t in (0, 1, 2, 3)
    ]
    assert f1s == sorted(f1s) and f1s[0] < f1s[-1]


def test_outlines_that_only_one_has_and_none():
    flat, line = np.zeros((2, 5, 5), int)
    line[:, 3:] = 1
    for pair in ((flat, line), (line, flat)):
        report = boundary_report(pair[:1], pair[1:], 3, 9)
        assert report["boundary_f1"] == report["picture_boundary_f1"] == 0
        assert report["classes"][2]["f1"] is None
    for nothing in ([flat], []):
        report = boundary_report(nothing, nothing, 2)
        assert report["boundary_f1"] is report["picture_boundary_f1"] is None
        assert report["classes"][0] == {
            **dict.fromkeys(("precision", "recall", "f1")),
            "pixels": 0,
        }


def test_what_is_not_known_has_no_outline():
    labels, answer = np.zeros((2, 5, 6), "uint8")
    labels[:, 3:] = 255
    answer[:, 4:] = 1
    report = boundary_report([labels], [answer], 2, ignore=255)
    assert report["boundary_f1"] is None


def test_refusals():
    picture = np.zeros((2, 3), int)
    with pytest.raises(ValueError, match="`tolerance` must be 0 or more"):
        boundary_report([picture], [picture], 2, -1)
    with pytest.raises(ValueError, match="`answers` must have .* of picture 0"):
        boundary_report([picture], [picture.T], 2)
