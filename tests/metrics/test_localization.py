import math

import numpy as np
import pytest

from kerasnotes.metrics import box_report, landmark_report


def test_boxes_by_hand():
    truth = [[0, 0, 6, 8], [10, 10, 16, 18], [-1, -1, -1, -1]]
    answers = [[0, 0, 6, 8], [13, 14, 19, 22], [0, 0, 1, 1]]
    report = box_report(truth, answers, [True, True, False])
    assert report["iou"] == pytest.approx((1 + 12 / 84) / 2)
    assert report["iou_50"] == 0.5
    assert report["centre_error"] == pytest.approx(2.5)
    assert report["relative_centre_error"] == pytest.approx(0.25)
    assert (report["objects"], report["without"]) == (2, 1)


def test_nothing_to_find_and_no_number():
    report = box_report(np.zeros([2, 4]), np.ones([2, 4]), [False, False])
    assert report["iou"] is None and report["without"] == 2
    report = box_report([[0, 0, 2, 2]], [[0, 0, math.nan, 2]])
    assert math.isnan(report["iou"]) and math.isnan(report["iou_50"])


def test_landmarks_against_a_loop():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 50, (30, 5, 2))
    answers = truth + rng.normal(0, 3, truth.shape)
    visible = rng.random((30, 5)) < 0.7
    # What isn't visible may be anything.
    truth[~visible] = np.nan
    boxes = np.tile([[0.0, 0, 30, 40]], (30, 1))
    errors, means, unmeasured = [], {}, 0
    for options in ({"pair": (0, 3)}, {"boxes": boxes}):
        errors, means, unmeasured = [], [], 0
        for i in range(30):
            length = 50.0
            if "pair" in options:
                length = math.dist(truth[i, 0], truth[i, 3])
            mine = [
                math.dist(truth[i, j], answers[i, j]) / length
                for j in range(5)
                if visible[i, j]
            ]
            if math.isnan(length):
                unmeasured += len(mine)
                continue
            errors += mine
            means += [np.mean(mine)] if mine else []
        report = landmark_report(
            truth, answers, visible, alphas=(0.1,), **options
        )
        assert report["nme"] == pytest.approx(np.mean(means))
        within = np.mean([e <= 0.1 for e in errors])
        assert report["pck"] == {0.1: pytest.approx(within)}
        assert report["points"] == len(errors)
        assert report["absent"] == (~visible).sum()
        assert report["unmeasured"] == unmeasured
        counts = report["points"] + report["absent"] + report["unmeasured"]
        assert counts == visible.size


def test_points_without_a_length():
    """Both eyes on one point, one eye absent, a landmark never there."""
    truth = np.zeros([2, 3, 2])
    truth[1, 1] = [10, 0]
    visible = [[True, True, False], [True, False, False]]
    report = landmark_report(truth, truth, visible, pair=(0, 1))
    assert report["nme"] is None and report["per_point"] == [None] * 3
    assert set(report["pck"].values()) == {None}
    assert (report["unmeasured"], report["absent"]) == (3, 3)


def test_a_distance_of_alpha_is_within():
    truth = [[[0.0, 0.0], [1.0, 0.0]]]
    answers = [[[0.0, 0.1], [1.0, 0.0]]]
    report = landmark_report(truth, answers, pair=(0, 1), alphas=(0.1,))
    assert report["pck"][0.1] == 1
    broken = [[[math.nan, 0.1], [1.0, 0.0]]]
    report = landmark_report(truth, broken, pair=(0, 1), alphas=(0.1,))
    assert math.isnan(report["nme"]) and math.isnan(report["pck"][0.1])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"answers": np.ones([1, 2, 3])}, "`answers` and `truth` must"),
        ({"visible": [[True]]}, r"`visible` must have the shape \(1, 3\)"),
        ({"pair": None}, "`pair` or `boxes` must be given"),
        ({"pair": (0, 3)}, "`pair` must be two numbers .* from 0 to 2"),
        ({"pair": (1, 1)}, "`pair` must be two numbers"),
        ({"boxes": np.ones([1, 4])}, "not both"),
        ({"pair": None, "boxes": np.ones([2, 4])}, "`boxes` must have"),
    ],
)
def test_refusals_of_landmarks(change, message):
    arguments = {"truth": np.ones([1, 3, 2]), "answers": np.ones([1, 3, 2])}
    with pytest.raises(ValueError, match=message):
        landmark_report(**{**arguments, "pair": (0, 1), **change})


def test_refusals_of_boxes():
    box = np.array([[0.0, 0, 1, 1]])
    with pytest.raises(ValueError, match="`answers` and `truth` must have"):
        box_report(box, box[0])
    with pytest.raises(ValueError, match=r"with an area.*\[1.0, 1.0, 0.0"):
        box_report(box[:, ::-1], box)
    with pytest.raises(ValueError, match="`present` must have the shape"):
        box_report(box, box, [True, False])
