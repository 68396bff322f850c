"""Recall of proposals beside pycocotools without categories."""

import contextlib
import io
import re

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from kerasnotes import errors
from kerasnotes.metrics import proposal_recall, proposals
from tests.support.detections import iou, random_pictures

NUMBERS = (1, 2, 5, 100)
THRESHOLDS = (0.5, 0.7)


def sets(seed, extras=False):
    """Return truth and proposals, of which some are alike."""
    truth, detections = random_pictures(seed, 15, extras=extras)
    boxes = [d["boxes"] for d in detections]
    return truth, [np.concatenate([b, b[:2]])[:9] for b in boxes]


def by_pycocotools(truth, boxes, thresholds):
    """Return recalls `[thresholds, numbers]`, and the objects covered.

    A crowd covers what overlaps it, and a difficult box is beyond all areas.
    """
    annotations, results, labels = [], [], []
    for i, (objects, part) in enumerate(zip(truth, boxes, strict=True)):
        crowd, difficult = (
            objects.get(name, np.zeros(len(objects["labels"]), bool))
            for name in ("crowd", "difficult")
        )
        for k, (x1, y1, x2, y2) in enumerate(objects["boxes"]):
            row = {
                "id": len(annotations) + 1,
                "image_id": i,
                "category_id": 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": -1.0 if difficult[k] else (x2 - x1) * (y2 - y1),
                "iscrowd": int(crowd[k]),
            }
            annotations.append(row)
            labels.append(-1 if crowd[k] or difficult[k] else
                          objects["labels"][k])  # fmt: skip
        for k, (x1, y1, x2, y2) in enumerate(part):
            results.append(
                {
                    "image_id": i,
                    "category_id": 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "score": 1.0 - k / 1000,
                }
            )
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i} for i in range(len(truth))],
        "categories": [{"id": 1}],
        "annotations": annotations,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results), "bbox")
        judge.params.useCats = 0
        judge.params.maxDets = list(NUMBERS)
        judge.params.areaRng = [[0, 1e10]]
        judge.params.areaRngLbl = ["all"]
        if thresholds is not None:
            judge.params.iouThrs = np.array(thresholds)
        judge.evaluate()
        judge.accumulate()
    covered = {
        int(gt): int(match) > 0
        for entry in judge.evalImgs
        if entry
        for gt, match in zip(entry["gtIds"], entry["gtMatches"][0], strict=True)
    }
    return judge.eval["recall"][:, 0, 0], np.array(labels), covered


@pytest.mark.parametrize("extras", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_equals_pycocotools(seed, extras):
    truth, boxes = sets(seed, extras)
    report = proposal_recall(truth, boxes, 3, THRESHOLDS, NUMBERS)
    recall, labels, covered = by_pycocotools(truth, boxes, THRESHOLDS)
    np.testing.assert_allclose(report["recall"], recall, atol=1e-12)
    assert 0 < report["recall"][0][1] < report["recall"][0][-1]
    mean, _, _ = by_pycocotools(truth, boxes, None)
    np.testing.assert_allclose(report["ar"], mean.mean(0), atol=1e-12)
    assert report["objects"] == (labels >= 0).sum()
    for label, row in enumerate(report["per_class"]):
        ids = np.flatnonzero(labels == label) + 1
        assert row["objects"] == len(ids)
        share = np.mean([covered[i] for i in ids]) if len(ids) else None
        assert row["recall"][0][-1] == pytest.approx(share)


def test_one_proposal_covers_one_object():
    truth = [{"boxes": [[0, 0, 10, 10], [0, 0, 10, 9]], "labels": [0, 0]}]
    report = proposal_recall(truth, [[[0, 0, 10, 10]]], 1, (0.5,), (1,))
    assert report["recall"] == [[0.5]]
    twice = proposal_recall(truth, [[[0, 0, 10, 10]] * 2], 1, (0.5,), (1, 2))
    assert twice["recall"] == [[0.5, 1.0]]


def test_threshold_is_reached_from_it_on():
    truth = [{"boxes": [[0, 0, 10, 10]], "labels": [0]}]
    boxes = [[[0, 0, 10, 5]]]
    assert iou(np.array([0, 0, 10, 10]), np.array(boxes[0][0])) == 0.5
    report = proposal_recall(truth, boxes, 1, (0.5, 0.501), (1,))
    assert report["recall"] == [[1.0], [0.0]]
    exact = proposal_recall(truth, [truth[0]["boxes"]], 1, (1.0,), (1,))
    assert exact["recall"] == [[1.0]]


def test_absent_classes_are_none():
    truth = [
        {"boxes": [[0, 0, 9, 9]], "labels": [1], "difficult": [True]},
        {"boxes": [[0, 0, 9, 9], [1, 1, 5, 5]], "labels": [2, -1]},
    ]
    report = proposal_recall(truth, [[], [[0, 0, 9, 9]]], 4, (0.5,), (1, 2))
    assert report["absent"] == [0, 1, 3]
    assert report["per_class"][1] == {
        "recall": [[None, None]],
        "ar": [None, None],
        "objects": 0,
    }
    assert report["per_class"][2]["recall"] == [[1.0, 1.0]]
    assert report["recall"] == [[1.0, 1.0]]
    assert report["ar"] == [1.0, 1.0]
    assert report["mean_number"] == 0.5


@pytest.mark.parametrize("truth", [[], [{"boxes": [], "labels": []}]])
def test_no_object_is_no_recall(truth):
    report = proposal_recall(truth, [[]] * len(truth), 2)
    assert report["recall"] == [[None] * 4] * 2
    assert report["ar"] == [None] * 4
    assert report["absent"] == [0, 1]
    text = proposals.recall_text("dev", report, ["a", "b"])
    assert text == "dev: no object counts"


def test_padding_covers_nothing():
    truth, boxes = sets(0)
    padded = np.zeros((len(boxes), 12, 4), np.float32)
    for i, part in enumerate(boxes):
        padded[i, : len(part)] = part
    truth[0] = {"boxes": [[0, 0, 0, 0], [0, 0, 4, 4]], "labels": [0, 0]}
    boxes[0], padded[0] = np.zeros((0, 4)), 0
    report = proposal_recall(truth, padded, 3)
    expected = proposal_recall(truth, [np.float32(b) for b in boxes], 3)
    assert report == expected
    areas = [(b[:, 2:] - b[:, :2]).prod(1) > 0 for b in boxes]
    assert report["mean_number"] == pytest.approx(
        np.mean(list(map(sum, areas)))
    )


def test_text_has_the_shares_of_classes_that_are_there():
    truth = [{"boxes": [[0, 0, 9, 9], [20, 0, 30, 9]], "labels": [0, 2]}]
    report = proposal_recall(truth, [[[0, 0, 9, 7], [3, 3, 4, 4]]], 3)
    text = proposals.recall_text("dev", report, ["red", "blue", "green"])
    assert re.match(
        r"dev: up to 300 proposals a picture, 2 in the mean, cover 0\.500 of "
        r"2 objects at IoU 0\.5 \(red 1\.000, green 0\.000\), 0\.500 at IoU "
        r"0\.7 \(red 1\.000, green 0\.000\); ",
        text,
    )


ONE = [{"boxes": [[0, 0, 9, 9]], "labels": [0]}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("proposals", {"proposals": []}),
        ("proposals", {"proposals": [[[0, 0, np.nan, 9]]]}),
        ("proposals", {"proposals": [[[0, 0, np.inf, 9]]]}),
        ("proposals", {"proposals": [[[9, 0, 0, 9]]]}),
        ("proposals", {"proposals": [[0, 0, 9, 9]]}),
        ("proposals", {"proposals": [[[0, 0, 9]]]}),
        ("truth", {"classes": 0}),
        ("truth", {"truth": [{"boxes": [[9, 0, 0, 9]], "labels": [0]}]}),
        ("numbers", {"numbers": ()}),
        ("numbers", {"numbers": (0, 3)}),
        ("numbers", {"numbers": (3, 3)}),
        ("numbers", {"numbers": (1.5,)}),
        ("thresholds", {"thresholds": ()}),
        ("thresholds", {"thresholds": (0.0,)}),
        ("thresholds", {"thresholds": (1.1,)}),
        ("thresholds", {"thresholds": (np.nan,)}),
    ],
)
def test_what_it_refuses(name, words):
    arguments = {"truth": ONE, "proposals": [[]], "classes": 1} | words
    with pytest.raises(errors.ArgumentError, match=f"`{name}`.*Received: "):
        proposal_recall(**arguments)
