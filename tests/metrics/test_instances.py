"""Objects by connected components, and their AP, against loops and COCO."""

import contextlib
import io

import numpy as np
import pytest

from kerasnotes.metrics import (
    Instances,
    connected_components,
    instance_report,
)

CLASSES = 3
THRESHOLDS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def flood(labels, connectivity):
    """Return ids by filling from each pixel on, class by class."""
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    if connectivity == 8:
        steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    ids, number = np.where(labels == -1, -1, 0), 0
    for c in sorted(set(labels.flat) - {0, -1}):
        for place in np.argwhere(labels == c):
            if ids[tuple(place)]:
                continue
            number += 1
            stack = [tuple(place)]
            while stack:
                at = stack.pop()
                pairs = zip(at, labels.shape, strict=True)
                inside = all(0 <= i < n for i, n in pairs)
                if inside and labels[at] == c and not ids[at]:
                    ids[at] = number
                    stack += [(at[0] + r, at[1] + k) for r, k in steps]
    return ids


@pytest.mark.parametrize("connectivity", [4, 8])
def test_components_against_a_flood(connectivity):
    rng = np.random.default_rng(0)
    labels = rng.integers(-1, CLASSES, (12, 15))
    chances = rng.dirichlet(np.ones(CLASSES), labels.shape)
    objects = connected_components(labels, chances, connectivity=connectivity)
    ids = flood(labels, connectivity)
    np.testing.assert_array_equal(objects.ids, ids)
    assert len(objects) == ids.max() == len(objects.labels) > 10
    for number in range(1, len(objects) + 1):
        mask = ids == number
        (label,) = set(labels[mask])
        assert objects.labels[number - 1] == label
        assert objects.areas()[number - 1] == mask.sum()
        mean = chances[mask][:, label].mean()
        assert objects.scores[number - 1] == pytest.approx(mean)
    largest = connected_components(
        labels, connectivity=connectivity, min_area=3, things=[2]
    )
    assert set(largest.labels) == {2} and largest.areas().min() >= 3
    assert set(largest.scores) == {1.0}


def scenes(count=12, side=24):
    """Return objects that may be clipped, split, moved or missing."""
    rng = np.random.default_rng(0)
    truth, answers = [], []
    for i in range(count):
        labels = np.zeros((side, side), int)
        for row in (1, 9, 17):
            for column in (1, 9, 17):
                if rng.random() < 0.6:
                    height, width = rng.integers(3, 7, 2)
                    labels[row : row + height, column : column + width] = (
                        rng.integers(1, CLASSES)
                    )
        answer = np.roll(labels, rng.integers(0, 2, 2), (0, 1))
        answer[rng.random(answer.shape) < 0.08] = 0
        answer[rng.random(answer.shape) < 0.02] = 1
        chances = rng.dirichlet(np.ones(CLASSES), labels.shape)
        if i % 3 == 0:
            labels[:, 20:] = -1
        truth.append(connected_components(labels))
        answers.append(connected_components(answer, chances))
    return truth, answers


def loop_counts(truth, answers, threshold):
    """Return the objects that are right, by sets of pixels."""
    right, answered, total = 0, 0, 0
    for t, a in zip(truth, answers, strict=True):
        known = {tuple(p) for p in np.argwhere(t.ids >= 0)}
        sets = [
            [
                (label, {tuple(p) for p in np.argwhere(x.ids == i)} & known)
                for i, label in enumerate(x.labels, start=1)
            ]
            for x in (t, a)
        ]
        free = [s for s in sets[0] if s[1]]
        total += len(free)
        for i in np.argsort(-a.scores, kind="stable"):
            label, mask = sets[1][i]
            if not mask:
                continue
            answered += 1
            ious = [
                len(mask & other) / len(mask | other) * (label == c)
                for c, other in free
            ]
            if ious and max(ious) >= threshold:
                right += 1
                del free[int(np.argmax(ious))]
    return right, answered, total


def test_counts_against_a_loop():
    truth, answers = scenes()
    right, answered, total = loop_counts(truth, answers, 0.5)
    report = instance_report(truth, answers, CLASSES)
    assert (report["answered"], report["objects"]) == (answered, total)
    assert report["precision50"] == pytest.approx(right / answered)
    assert report["recall50"] == pytest.approx(right / total)
    assert report["f1_50"] == pytest.approx(2 * right / (answered + total))
    assert 0.2 < report["recall50"] < 0.95


def cocos(truth, answers):
    """Return pycocotools' judgement of the masks."""
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    mask_lib = pytest.importorskip("pycocotools.mask")

    def data_set(pictures, known):
        rows = []
        for number, (objects, inside) in enumerate(
            zip(pictures, known, strict=True)
        ):
            for i, label in enumerate(objects.labels):
                mask = (objects.ids == i + 1) & inside
                if mask.any():
                    rows.append({
                        "image_id": number,
                        "category_id": int(label),
                        "segmentation": mask_lib.encode(
                            np.asfortranarray(mask, np.uint8)
                        ),
                        "area": float(mask.sum()),
                        "iscrowd": 0,
                        "score": float(objects.scores[i]),
                        "id": len(rows) + 1,
                    })  # fmt: skip
        data = coco.COCO()
        data.dataset = {
            "images": [
                {"id": i, "height": m.shape[0], "width": m.shape[1]}
                for i, m in enumerate(known)
            ],
            "categories": [{"id": c} for c in range(CLASSES)],
            "annotations": rows,
        }
        data.createIndex()
        return data

    known = [t.ids >= 0 for t in truth]
    with contextlib.redirect_stdout(io.StringIO()):
        judge = cocoeval.COCOeval(
            data_set(truth, known), data_set(answers, known), "segm"
        )
        judge.params.maxDets = [1000]
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.params.iouThrs = np.array(THRESHOLDS)
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][:, :, :, 0, 0].mean(axis=1)


def test_average_precision_is_cocos():
    truth, answers = scenes()
    report = instance_report(truth, answers, CLASSES)
    precision = cocos(truth, answers)
    for c in (1, 2):
        row = report["per_class"][c]
        assert row["ap"] == pytest.approx(precision[:, c].mean())
        assert row["ap50"] == pytest.approx(precision[0, c])
        assert row["ap75"] == pytest.approx(precision[5, c])
    assert report["ap"] == pytest.approx(precision[:, 1:].mean())
    assert report["ap50"] == pytest.approx(precision[0, 1:].mean())
    assert 0.1 < report["ap"] < report["ap50"] < 0.95
    assert report["per_class"][0] == {
        **dict.fromkeys(("ap", "ap50", "ap75")),
        "objects": 0,
    }


def test_perfect_and_empty():
    truth, _ = scenes()
    report = instance_report(truth, truth, CLASSES)
    assert report["ap"] == report["f1_50"] == 1
    empty = [connected_components(np.zeros((24, 24), int))] * len(truth)
    report = instance_report(truth, empty, CLASSES)
    assert report["ap"] == report["recall50"] == report["f1_50"] == 0
    assert report["precision50"] is None
    report = instance_report(empty, truth, CLASSES)
    assert report["ap"] is None and report["recall50"] is None
    assert report["precision50"] == report["f1_50"] == 0
    for nothing in (empty, []):
        report = instance_report(nothing, nothing, CLASSES)
        assert report["ap"] is None and report["f1_50"] is None
        assert report["objects"] == report["answered"] == 0


def test_what_lies_where_nothing_is_known_is_not_counted():
    labels = np.array([[1, 1, 0, -1, -1, -1]])
    answer = np.array([[1, 1, 0, 0, 2, 2]])
    report = instance_report(
        [connected_components(labels)], [connected_components(answer)], 3
    )
    assert report["f1_50"] == 1 and report["answered"] == 1
    # Nor does it make an object that begins outside of it larger.
    wide = connected_components(np.array([[1, 1, 1, 1, 1, 1]]))
    report = instance_report([connected_components(labels)], [wide], 3)
    assert report["recall50"] == 1 and report["per_class"][1]["ap75"] == 0


def test_of_two_answers_for_one_object_the_surer_is_right():
    truth = connected_components(np.array([[1, 1, 0, 0]]))
    ids = np.array([[1, 2, 0, 0]], np.int32)
    pair = Instances(ids, np.array([1, 1]), np.array([0.2, 0.9]))
    report = instance_report([truth], [pair], 2)
    assert (report["precision50"], report["recall50"]) == (0.5, 1)
    assert report["ap50"] == 1
    swapped = Instances(ids, np.array([1, 2]), np.array([0.2, 0.9]))
    report = instance_report([truth], [swapped], 3)
    assert (report["precision50"], report["ap50"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.zeros(3)}, "`labels` must be"),
        ({"connectivity": 6}, "`connectivity` must be 4 or 8"),
        ({"probabilities": np.zeros((3, 2))}, "`probabilities` must have"),
        ({"probabilities": np.zeros((3, 2, 3))}, "`probabilities` must have"),
    ],
)
def test_refusals_of_maps(arguments, message):
    arguments = {"labels": np.zeros((2, 3), int)} | arguments
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        connected_components(**arguments)


def test_refusals_of_objects():
    good = connected_components(np.array([[1, 0]]))
    ids = np.array([[2, 0]])
    with pytest.raises(ValueError, match="`answers` must have labels from 0"):
        instance_report([good], [connected_components(np.array([[5, 0]]))], 3)
    for wrong, message in (
        (Instances(ids, np.array([1]), np.ones(1)), "for each of the ids"),
        (Instances(ids, np.array([1, 1]), np.ones(1)), "for each of the ids"),
        (Instances(ids, np.ones(2, int), np.full(2, np.nan)), "are numbers"),
    ):
        with pytest.raises(ValueError, match=f"`answers` must .*{message}"):
            instance_report([good], [wrong], 3)
    with pytest.raises(ValueError, match="`answers` must be of the 1 pict"):
        instance_report([good], [good, good], 3)
