"""Single things of a split: regions, their AP, and where that says little."""

import numpy as np
import pytest
from scipy import ndimage

from kerasnotes.data.pictures import mask_batches, mask_examples
from kerasnotes.plots import page
from kerasnotes.tasks.segment import answers as answers_lib
from kerasnotes.tasks.segment import review, things

NAMES = ["ground", "cell", "isle"]


def build(truth, masks, p, names=NAMES):
    """Return `Answers` with these masks, sure of them by p."""
    examples = mask_examples.MaskExamples(
        np.zeros([*truth.shape, 1], np.uint8),
        truth,
        [str(i) for i in range(len(truth))],
        names,
    )
    split = mask_batches.MaskSplit(examples, range(len(truth)))
    two = len(names) == 2
    return answers_lib.Answers(
        split,
        p if two else masks,
        weights=split.weights,
        losses=np.ones(len(truth)),
        classes=len(names),
        sureness=None if two else np.round(255 * p).astype(np.uint8),
    )


def scenes(count=6, classes=3, seed=0):
    """Return masks of squares in a grid, and answers that miss some."""
    rng = np.random.default_rng(seed)
    truth = np.zeros([count, 40, 40], np.uint8)
    masks, p = truth.copy(), np.full(truth.shape, 0.05, np.float32)
    for i in range(count):
        for row in range(4):
            for column in range(4):
                if rng.random() < 0.3:
                    continue
                label = rng.integers(1, classes)
                y, x = 10 * row + 1, 10 * column + 1
                side = rng.integers(3, 9)
                truth[i, y : y + side, x : x + side] = label
                if rng.random() < 0.2:
                    continue
                shift = rng.integers(0, 3)
                place = np.s_[i, y : y + side, x + shift : x + side]
                masks[place] = label
                p[place] = np.float32(rng.integers(130, 255) / 255)
    return truth, masks, p


def coco(truth, masks, p, classes, min_area=4):
    """Return pycocotools' AP of the regions, by another labelling."""
    pytest.importorskip("pycocotools")
    from pycocotools import coco as coco_lib
    from pycocotools import cocoeval
    from pycocotools import mask as coco_masks

    true, answered = [], []
    for i in range(len(truth)):
        for maps, rows in ((truth[i], true), (masks[i], answered)):
            for label in range(1, classes):
                numbers, count = ndimage.label(maps == label)
                for number in range(1, count + 1):
                    region = numbers == number
                    if region.sum() < min_area:
                        continue
                    code = coco_masks.encode(np.asfortranarray(region, "uint8"))
                    rows.append({
                        "id": len(rows) + 1, "image_id": i,
                        "category_id": label, "iscrowd": 0,
                        "segmentation": code, "area": int(region.sum()),
                        "score": float(p[i][region].mean()),
                        "bbox": coco_masks.toBbox(code).tolist(),
                    })  # fmt: skip
    sets = [coco_lib.COCO(), coco_lib.COCO()]
    for one, rows in zip(sets, (true, answered), strict=True):
        one.dataset = {
            "images": [
                {"id": i, "height": 40, "width": 40} for i in range(len(truth))
            ],
            "annotations": rows,
            "categories": [{"id": i} for i in range(1, classes)],
        }
        one.createIndex()
    judge = cocoeval.COCOeval(*sets, "segm")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge.stats[:3], len(true), len(answered)


@pytest.mark.parametrize("classes", [2, 3])
def test_ap_is_cocos_of_the_regions(classes):
    truth, masks, p = scenes(classes=classes)
    got = things.judge(build(truth, masks, p, NAMES[:classes]), 0.5)
    want, true, answered = coco(truth, masks, p, classes)
    scores = got.scores()
    assert 0.2 < want[0] < 0.8 and true > 20
    for name, value in zip(("ap", "ap50", "ap75"), want, strict=True):
        assert scores[f"instance_{name}"] == pytest.approx(value, abs=2e-3)
    assert got.report["objects"] == true
    assert got.report["answered"] == answered
    assert set(scores["instances"]["per_class"]) == set(NAMES[1:classes])


def test_what_counts_nothing_is_of_no_thing():
    truth, masks, p = scenes()
    before = things.judge(build(truth, masks, p)).report
    truth[:, :11] = 255
    got = things.judge(build(truth, masks, p)).report
    assert 0 < got["objects"] < before["objects"]
    assert 0 < got["answered"] < before["answered"]


def test_specks_are_no_things():
    truth, masks, p = scenes(count=2)
    # Of 4 pixels or more: a corner has three.
    specks = truth.copy()
    specks[:, 0, 0] = specks[:, 0, 1] = specks[:, 1, 0] = 1
    one, two = (
        things.judge(build(t, masks, p)).report for t in (truth, specks)
    )
    assert one["objects"] == two["objects"]


def masks_of(kind):
    """Return training masks of a kind of class."""
    masks = np.zeros([3, 200, 200], np.uint8)
    if kind == "net":
        masks[:, ::20] = masks[:, :, ::20] = 1
        masks[:, 5:8, 5:8] = 1
    elif kind == "pattern":
        masks[:, ::8, ::8] = masks[:, 1::8, ::8] = 1
        masks[:, ::8, 1::8] = masks[:, 1::8, 1::8] = 1
    elif kind == "one":
        masks[:, 50:90, 50:90] = 1
    elif kind == "cells":
        masks[:, 50:90, 50:90] = masks[:, 100:120, 50:90] = 1
    return masks


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("net", "one region has 90 % of it or more, as in a net"),
        ("pattern", "625 regions a picture are a pattern, not things"),
        ("one", "most pictures have one region of it"),
        ("none", "no training picture has it"),
        ("cells", None),
    ],
)
def test_classes_of_which_single_things_say_little(kind, why):
    masks = masks_of(kind)
    masks[:, -1] = 255
    got = things.without(masks, [0, 2], ["ground", "x"])
    assert got == ({"x": why} if why else {})


def test_a_class_that_is_left_out_is_in_no_figure():
    truth, masks, p = scenes()
    answers = build(truth, masks, p)
    got = things.judge(answers, None, (("isle", "for a reason"),))
    assert set(got.rows()) == {"cell"}
    scores = got.scores()
    assert scores["instances"]["left_out"] == {"isle": "for a reason"}
    assert scores["instance_ap"] == got.rows()["cell"]["ap"]
    # Without any there is no figure, and the report says why.
    every = (("cell", "it is a net"), ("isle", "too"))
    none = things.judge(answers, None, every)
    assert set(none.scores()) == {"instances"}
    (text,) = review.single_things(none)
    assert isinstance(text, page.Text) and "cell: it is a net" in text.text


def test_answers_of_too_many_regions_are_not_judged(monkeypatch):
    truth, masks, p = scenes()
    monkeypatch.setattr(things, "_MOST_ANSWERED", 2)
    got = things.judge(build(truth, masks, p))
    assert got.report is None
    assert set(got.left_out.values()) == {"the answers have too many regions"}


def test_the_report_has_a_row_for_each_class():
    got = things.judge(build(*scenes()))
    heading, table, text = review.single_things(got)
    assert [row[0] for row in table.rows] == NAMES[1:]
    assert heading.text == "Single things" and "are right" in text.text


def test_it_is_computed_once():
    answers = build(*scenes())
    one, two = (answers.judged(things.judge, 0.5, ()) for _ in range(2))
    assert one is two
    assert answers.judged(things.judge, 0.6, ()) is not one


def test_a_split_without_things():
    truth, masks, p = scenes()
    truth[:] = 0
    truth[0, 0, 0] = 1
    got = things.judge(build(truth, masks, p))
    assert got.scores()["instance_ap"] is None and got.rows() == {}
    assert got.report["answered"] > 0
