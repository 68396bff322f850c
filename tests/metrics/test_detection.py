"""Average precision beside pycocotools as its own files drive it."""

import contextlib
import io
import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from kerasnotes.metrics import (
    coco,
    connected_components,
    detection_matches,
    detection_report,
    instance_report,
    mask_report,
    precision_recall,
)
from kerasnotes.metrics import matching as matching_lib
from tests.support.detections import random_pictures

# The order of COCOeval.stats.
STATS = (
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"),
    *("ar_1", "ar_10", "ar", "ar_small", "ar_medium", "ar_large"),
)


def by_files(truth, detections, classes, folder):
    """Return COCOeval's statistics of files in COCO's format."""
    annotations, results = [], []
    for i, (objects, answers) in enumerate(
        zip(truth, detections, strict=True), 1
    ):
        for box, label in zip(objects["boxes"], objects["labels"], strict=True):
            x, y, w, h = *box[:2], *(box[2:] - box[:2])
            row = {
                "id": len(annotations) + 1,
                "image_id": i,
                "category_id": int(label) + 1,
                "bbox": [x, y, w, h],
                "area": w * h,
                "iscrowd": 0,
            }
            k = sum(a["image_id"] == i for a in annotations)
            if "crowd" in objects:
                row["iscrowd"] = int(objects["crowd"][k])
            annotations.append(row)
        for box, label, score in zip(
            *(answers[k] for k in ("boxes", "labels", "scores")), strict=True
        ):
            x, y, w, h = *box[:2], *(box[2:] - box[:2])
            results.append(
                {
                    "image_id": i,
                    "category_id": int(label) + 1,
                    "bbox": [x, y, w, h],
                    "score": score,
                }
            )
    path = folder / "truth.json"
    path.write_text(
        json.dumps(
            {
                "images": [{"id": i + 1} for i in range(len(truth))],
                "categories": [{"id": i + 1} for i in range(classes)],
                "annotations": annotations,
            }
        )
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(path))
        judge = COCOeval(coco, coco.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats


@pytest.mark.parametrize("levels", [None, 4])
@pytest.mark.parametrize("crowds", [False, True])
def test_equals_pycocotools_on_files(tmp_path, levels, crowds, capfd):
    truth, detections = random_pictures(0, levels=levels, extras=crowds)
    for objects in truth:
        objects.pop("difficult", None)
    want = by_files(truth, detections, 3, tmp_path)
    found = detection_report(truth, detections, 3)
    assert [found[name] for name in STATS] == pytest.approx(list(want))
    assert found["absent"] == [2]
    assert found["per_class"][2] == {
        **dict.fromkeys(("ap", "ap50", "ap75", "ar")),
        "objects": 0,
    }
    mean = np.mean([row["ap"] for row in found["per_class"][:2]])
    assert mean == pytest.approx(found["ap"])
    assert not capfd.readouterr().out


def picture(*rows, **columns):
    boxes = [row[:4] for row in rows]
    labels = [row[4] for row in rows]
    scores = [row[5] for row in rows if len(row) > 5]
    columns |= {"boxes": boxes, "labels": labels}
    return columns | ({"scores": scores} if scores or not rows else {})


A, B, C = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 95, 95)
NOTHING = picture()


def test_perfect_and_nothing():
    truth = [picture((*A, 0), (*B, 1)), {"boxes": [], "labels": []}]
    found = [picture((*A, 0, 0.9), (*B, 1, 0.8)), NOTHING]
    report = detection_report(truth, found, 2)
    assert [report["ap"], report["ar"]] == pytest.approx([1, 1])
    # Whatever pycocotools' ids from 0 and `loadRes([])` would do.
    report = detection_report(truth, [NOTHING] * 2, 2)
    assert report["ap"] == report["ap50"] == report["ar"] == 0
    assert [row["ap"] for row in report["per_class"]] == [0, 0]


@pytest.mark.parametrize("missed", [1, 2, 3])
def test_recall_tells_small_losses_apart(missed):
    """Average precision, of 101 points, doesn't below 1 %."""
    rows = [(20 * i, 0, 20 * i + 10, 10, 0) for i in range(400)]
    pictures = [rows[i : i + 50] for i in range(0, 400, 50)]
    found = [[(*row, 0.9) for row in part] for part in pictures]
    del found[0][:missed]
    report = detection_report(
        *([picture(*part) for part in parts] for parts in (pictures, found)), 1
    )
    assert report["ap50"] == pytest.approx(100 / 101)
    assert report["ar"] == pytest.approx(1 - missed / 400)


def test_nothing_to_find():
    empty = {"boxes": [], "labels": []}
    report = detection_report([empty], [picture((*A, 0, 0.9))], 2)
    assert report["ap"] is None and report["absent"] == [0, 1]
    assert detection_report([], [], 1)["ap"] is None


def test_the_first_object_counts():
    """An id of 0 would be one never found."""
    report = detection_report([picture((*A, 0))], [picture((*A, 0, 0.5))], 1)
    assert report["ap"] == pytest.approx(1)


def test_difficult_objects_count_as_nothing():
    truth = [picture((*A, 0), (*B, 0), difficult=[False, True])]
    for rows in ([(*A, 0, 0.5)], [(*B, 0, 0.9), (*A, 0, 0.5)]):
        report = detection_report(truth, [picture(*rows)], 1)
        assert report["ap"] == pytest.approx(1)
        assert report["per_class"][0]["objects"] == 1


def test_crowds_take_any_number():
    truth = [picture((*A, 0), (40, 40, 90, 90, 0), crowd=[False, True])]
    found = [picture((*B, 0, 0.9), (*C[:2], 85, 85, 0, 0.8), (*A, 0, 0.7))]
    report = detection_report(truth, found, 1)
    assert report["ap"] == pytest.approx(1)


def test_padding_counts_as_nothing():
    truth = [picture((*A, 0), (0, 0, 0, 0, -1))]
    found = [picture((*A, 0, 0.5), (-1, -1, -1, -1, -1, 0.0))]
    assert detection_report(truth, found, 1)["ap"] == pytest.approx(1)


def test_areas_tell_sizes():
    truth = [picture((*A, 0), area=[5000.0])]
    report = detection_report(truth, [picture((*A, 0, 0.5))], 1)
    assert report["ap_small"] is None
    assert report["ap_medium"] == pytest.approx(1)


@pytest.mark.parametrize(
    "truth, found, message",
    [
        ((*A, 0), [], "`detections` must be of the pictures"),
        ((*A, 2), [NOTHING], "`truth` of picture 0 must have labels below 2"),
        ((*A, 0), [picture((*A, 2, 0.5))], "`detections` of picture 0"),
        ((10, 0, 0, 10, 0), [NOTHING], "Received: swapped sides"),
        ((np.nan, 0, 1, 1, 0), [NOTHING], "must have finite boxes"),
        ((*A, 0), [picture((*A, 0, np.nan))], "must have finite scores"),
        ((*A, 0), [picture((*A, 0, 0.5), (*B, 0))], "columns of one length"),
    ],
)
def test_refusals(truth, found, message):
    with pytest.raises(ValueError, match=message):
        detection_report([picture(truth)], found, 2)


@pytest.mark.parametrize("levels", [None, 4])
def test_curves_are_those_of_average_precision(levels):
    truth, detections = random_pictures(1, levels=levels, extras=True)
    report = detection_report(truth, detections, 3)
    found = detection_matches(truth, detections, 3)
    for label, row in enumerate(report["per_class"][:2]):
        mine = found.detections["labels"] == label
        mine &= ~found.detections["ignored"]
        order = np.argsort(-found.detections["scores"][mine], kind="stable")
        right = found.detections["object"][mine][order] >= 0
        ap = matching_lib.interpolated_precision(right, row["objects"])
        assert ap == pytest.approx(row["ap50"])
        curve = precision_recall(found, label)
        assert curve.objects == row["objects"]
        assert (np.diff(curve.thresholds) < 0).all()
        for place in range(len(curve.thresholds)):
            answers = found.detections["scores"][mine]
            there = answers >= curve.thresholds[place]
            hits = (found.detections["object"][mine][there] >= 0).sum()
            assert curve.precision[place] == pytest.approx(hits / there.sum())
            assert curve.recall[place] == pytest.approx(hits / curve.objects)


def test_the_best_threshold():
    truth = [picture((*A, 0), (*B, 0), (*C, 1))]
    found = [picture((*A, 0, 0.9), (*C, 0, 0.7), (*B, 0, 0.5), (*C, 1, 0.4))]
    matches = detection_matches(truth, found, 2)
    curve = precision_recall(matches, 0)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert curve.recall.tolist() == [0.5, 0.5, 1]
    best = curve.best()
    assert best["f1"] == pytest.approx(0.8) and best["threshold"] == 0.25
    best = curve.best(precision=0.9)
    assert best["recall"] == 0.5 and best["satisfied"]
    assert best["threshold"] == pytest.approx(0.8)
    assert precision_recall(matches).objects == 3
    alone = detection_matches(truth, [picture((*C, 0, 0.7))], 2)
    best = precision_recall(alone, 0).best(precision=0.5)
    assert not best["satisfied"]
    assert precision_recall(alone, 1).best() is None
    with pytest.raises(ValueError, match="`precision` must be from 0 to 1"):
        curve.best(precision=90)


def test_masks_are_judged_as_single_things_are():
    rng = np.random.default_rng(4)
    maps = []
    for i in range(8):
        labels = rng.integers(0, 3, (6, 7)).repeat(4, 0).repeat(4, 1)
        noisy = np.where(rng.random(labels.shape) < 0.06, 0, labels)
        scores = rng.random((*labels.shape, 3))
        maps.append(
            (
                connected_components(labels),
                connected_components(noisy, scores if i else scores / 2),
            )
        )
    expected = instance_report(*zip(*maps, strict=True), 3)

    def picture(things):
        masks = things.ids == np.arange(1, len(things) + 1)[:, None, None]
        return {
            # What overlaps are the masks alone.
            "boxes": np.tile([0.0, 0, 1, 1], (len(things), 1)),
            "labels": things.labels,
            "scores": things.scores,
            "masks": coco.run_lengths(masks),
        }

    report = mask_report(
        *([picture(t) for t in side] for side in zip(*maps, strict=True)),
        3,
        max_detections=1000,
    )
    assert 0.1 < report["ap"] < 0.95
    for name in ("ap", "ap50", "ap75"):
        assert report[name] == pytest.approx(expected[name], abs=1e-9)


def test_pictures_without_masks_are_refused():
    one = {"boxes": [[0, 0, 1, 1]], "labels": [0]}
    with pytest.raises(ValueError, match="`truth` must have `masks`"):
        mask_report([one], [one | {"scores": [0.5]}], 1)
