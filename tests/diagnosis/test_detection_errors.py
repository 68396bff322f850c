"""Hand cases of each cause, and properties of random ones."""

import numpy as np
import pytest

from kerasnotes import metrics
from kerasnotes.diagnosis import detection_errors as lib
from tests.support.detections import random_pictures

A, B = [0, 0, 10, 10], [50, 50, 60, 60]
NEAR_A, EDGE_OF_A = [0, 0, 10, 9], [0, 0, 10, 3]
FAR = [200, 200, 210, 210]


def matches(truth, found, classes=2, **columns):
    truth = {"boxes": [t[0] for t in truth], "labels": [t[1] for t in truth]}
    boxes, labels, scores = zip(*found, strict=True) if found else ([],) * 3
    found = {"boxes": boxes, "labels": labels, "scores": scores}
    return metrics.detection_matches([truth | columns], [found], classes)


# The detections, their causes, whether A and B are missed, and the gains of
# AP. Of class 0 are two objects, of class 1 none.
BOTH = [(A, 0), (B, 0)]
ONE_OF_TWO = 51 / 101
HAND = {
    "right": ([(A, 0, 0.9), (B, 0, 0.8)], ["", ""], [], {}),
    "class": (
        [(A, 0, 0.9), (B, 1, 0.8)],
        ["", "class"],
        [],
        {"class": 1 - ONE_OF_TWO},
    ),
    "place": (
        [(EDGE_OF_A, 0, 0.9), (B, 0, 0.8)],
        ["place", ""],
        [],
        # Before, the only right one of two has precision 1/2.
        {"place": 1 - ONE_OF_TWO / 2},
    ),
    "both": (
        [(A, 0, 0.9), (B, 0, 0.7), ([50, 50, 60, 53], 1, 0.8)],
        ["", "", "both"],
        [],
        {},
    ),
    "duplicate": (
        [(A, 0, 0.9), (NEAR_A, 0, 0.8), (B, 0, 0.7)],
        ["", "duplicate", ""],
        [],
        # The second half of the recalls has precision 2/3.
        {"duplicate": 50 / 101 / 3},
    ),
    "background": (
        [(FAR, 0, 0.9), (A, 0, 0.8), (B, 0, 0.7)],
        ["background", "", ""],
        [],
        {"background": 1 - 2 / 3},
    ),
    "missed": ([(A, 0, 0.9)], [""], [1], {"missed": 1 - ONE_OF_TWO}),
    "nothing": ([], [], [0, 1], {"missed": 1.0}),
}


@pytest.mark.parametrize("name", HAND)
def test_by_hand(name):
    found, causes, missed, gains = HAND[name]
    pairs = matches(BOTH, found)
    result = lib.errors_of(pairs)
    # Matches are sorted by class.
    order = sorted(range(len(found)), key=lambda i: (found[i][1], -found[i][2]))
    assert result.causes.tolist() == [causes[i] for i in order]
    assert np.flatnonzero(result.missed).tolist() == missed
    lost = lib.lost_precision(pairs)
    want = {cause: gains.get(cause, 0) for cause in lib.CAUSES}
    ap = lost.pop("ap")
    assert lost == pytest.approx(want, abs=1e-12)
    assert 0 <= ap <= 1


def test_both_costs_where_its_class_has_objects():
    found = [(B, 1, 0.7), (EDGE_OF_A, 1, 0.9)]
    lost = lib.lost_precision(matches([(A, 0), (B, 1)], found))
    # Of class 1 precision is 1/2 instead of 1; of class 0 A is missed.
    want = dict.fromkeys(lib.CAUSES, 0) | {"both": 0.25, "missed": 0.5}
    assert lost.pop("ap") == pytest.approx(0.25)
    assert lost == pytest.approx(want)


def test_place_comes_before_class():
    """As in the authors' code; the first is nearer to right."""
    truth = [(A, 1), ([0, 0, 10, 30], 0)]
    result = lib.errors_of(matches(truth, [(A, 0, 0.9)]))
    assert result.causes.tolist() == ["place"] and result.objects[0] == 1


def test_of_several_cured_the_best_stays():
    """A wrong class above the right detection takes its place."""
    found = [(A, 1, 0.9), (NEAR_A, 0, 0.5), (FAR, 0, 0.7), (B, 0, 0.4)]
    lost = lib.lost_precision(matches(BOTH, found))
    # Before: false, true, true; after: true, false, true.
    assert lost["ap"] == pytest.approx(2 / 3)
    assert lost["class"] == pytest.approx((51 + 50 * 2 / 3) / 101 - 2 / 3)


def test_ignored_boxes_have_no_errors():
    pairs = matches(BOTH, [(B, 0, 0.9), (A, 0, 0.8)], difficult=[False, True])
    result = lib.errors_of(pairs)
    assert result.causes.tolist() == ["", ""] and not result.missed.any()
    pairs = matches(BOTH, [(A, 0, 0.8)], difficult=[False, True])
    assert not lib.errors_of(pairs).missed.any()
    assert lib.confusion(pairs, 0.5).tolist() == [
        *([1, 0, 0], [0, 0, 0], [0, 0, 0])
    ]


def test_no_object_at_all():
    lost = lib.lost_precision(matches([], [(A, 0, 0.8)]))
    assert lost == dict.fromkeys(("ap", *lib.CAUSES))


@pytest.mark.parametrize("seed", range(4))
def test_random_pictures(seed):
    truth, found = random_pictures(seed, extras=seed % 2, levels=seed or None)
    pairs = metrics.detection_matches(truth, found, 3)
    report = metrics.detection_report(truth, found, 3)
    lost = lib.lost_precision(pairs)
    assert lost["ap"] == pytest.approx(report["ap50"])
    for cause in ("both", "duplicate", "background", "missed"):
        assert lost[cause] >= -1e-12
    counts = ~pairs.detections["ignored"]
    result = lib.errors_of(pairs)
    right = (pairs.detections["object"] >= 0) & counts
    assert ((result.causes != "") == (counts & ~right)).all()
    # Every object is found, pointed at, or missed.
    pointed = set(result.objects[np.isin(result.causes, ("class", "place"))])
    hit = set(pairs.detections["object"][right])
    actual = set(np.flatnonzero(~pairs.objects["ignored"]))
    missed = set(np.flatnonzero(result.missed))
    assert actual == hit | (pointed & actual) | missed
    assert not missed & (hit | pointed)


def test_confusion_by_hand():
    truth = [(A, 0), (B, 1), ([80, 80, 90, 90], 1)]
    found = [(NEAR_A, 1, 0.9), (A, 0, 0.6), (B, 0, 0.8), (FAR, 1, 0.7)]
    table = lib.confusion(matches(truth, found), 0.5)
    # A's own class has it, though another scores higher.
    assert table.tolist() == [[1, 0, 0], [1, 0, 1], [0, 2, 0]]
    table = lib.confusion(matches(truth, found), 0.6)
    assert table.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_confusion_counts_everything_once(threshold):
    truth, found = random_pictures(7)
    pairs = metrics.detection_matches(truth, found, 3)
    table = lib.confusion(pairs, threshold)
    objects = np.bincount(pairs.objects["labels"], minlength=3)
    assert table[:3].sum(axis=1).tolist() == objects.tolist()
    above = pairs.detections["scores"] > threshold
    answers = np.bincount(pairs.detections["labels"][above], minlength=3)
    assert table[:, :3].sum(axis=0).tolist() == answers.tolist()
    hits = above & (pairs.detections["object"] >= 0)
    assert np.trace(table) == hits.sum()
