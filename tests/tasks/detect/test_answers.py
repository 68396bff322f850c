"""What answers are worth: by hand, and the anchors of a training set."""

import numpy as np
import pytest

from kerasnotes import errors, ops
from kerasnotes.data.pictures import yolo_batches
from kerasnotes.tasks.detect import anchors, config, review
from kerasnotes.tasks.detect import answers as answers_lib
from tests.support import box_toys

GRIDS = ops.Grids((8, 8), (4, 8), (((3, 3),), ((7, 7),)), 2)
NAMES = ["a", "b"]


def split(**more):
    return yolo_batches.YoloSplit(box_toys.build(**more), [0, 1, 2], GRIDS)


def answers(rows, **more):
    """Return `Answers` of rows of a box, score and class of each picture."""
    outputs = np.full((3, 4, 6), [0.0] * 5 + [-1], "float32")
    for i, boxes in enumerate(rows):
        outputs[i, : len(boxes)] = np.reshape(boxes, (-1, 6))
    part = split(**more)
    return answers_lib.Answers(
        part,
        outputs,
        weights=np.array([1.0, 1, 1]),
        losses=np.array([1.0, 2, 6]),
        truth=answers_lib.truth(part),
        classes=2,
    )


# Of the first picture one is right and one too large; the second is
# background, with an answer; of the third nothing is above the threshold.
ROWS = [
    [(1, 1, 4, 4, 0.9, 0), (0, 0, 8, 8, 0.8, 0)],
    [(0, 0, 2, 2, 0.7, 1)],
    [(2, 2, 3, 3, 0.4, 1)],
]


def test_a_pictures_error_is_the_share_without_a_match():
    found = answers(ROWS)
    counts = found.counts(0.5)
    assert {k: v.tolist() for k, v in counts.items()} == {
        "objects": [2, 0, 1],
        "right": [1, 0, 0],
        "wrong": [1, 1, 0],
    }
    # Of 2 objects and 2 boxes one each has no match.
    assert answers_lib.errors(counts).tolist() == [0.5, 1.0, 1.0]
    scores = answers_lib.score(found, 0.5, NAMES)
    assert scores["precision"] == pytest.approx(1 / 3)
    assert scores["recall"] == pytest.approx(1 / 3)
    assert scores["f1"] == pytest.approx(2 / 6)
    assert scores["error"] == pytest.approx(2.5 / 3)
    assert scores["loss"] == pytest.approx(3.0)
    assert scores["size"] == 3 and scores["absent"] == []
    assert scores["per_class"]["a"]["objects"] == 1


def test_rows_say_why():
    result = review.outcome(answers(ROWS), 0.5, NAMES)
    first, second, third = result.rows
    assert first["true"] == "1 a, 1 b" and first["given"] == "2 a"
    assert first["causes"] == "not found 1, wrong place 1"
    assert second["true"] == "nothing" and second["causes"] == "nothing there 1"
    assert third["given"] == "nothing" and third["causes"] == "not found 1"
    assert result.errors.tolist() == [0.5, 1.0, 1.0]
    assert result.picture(0)[:4] == b"\x89PNG"


def test_without_answers_all_is_missed_and_background_is_right():
    found = answers([[], [], []])
    assert answers_lib.errors(found.counts(0.5)).tolist() == [1, 0, 1]
    scores = answers_lib.score(found, 0.5, NAMES)
    assert scores["ap"] == scores["recall"] == scores["precision"] == 0
    assert found.curve.best() is None


def test_perfect_answers():
    boxes = box_toys.BOXES
    found = answers([
        [(*boxes[0], 0.9, 0), (*boxes[1], 0.8, 1)], [], [(*boxes[2], 0.7, 1)]
    ])  # fmt: skip
    scores = answers_lib.score(found, 0.5, NAMES)
    assert scores["ap"] == scores["ap50"] == scores["f1"] == 1
    assert scores["error"] == 0


def test_sizes_are_those_of_the_photos():
    areas = answers_lib.truth(split(sizes=[[80, 160], [8, 8], [16, 8]]))
    assert [a["area"].tolist() for a in areas] == [[1800, 12800], [], [2]]


def test_a_ceiling_has_what_the_grids_lose():
    flags = config.Config(strides="4,8", anchors="3x3,7x7")
    limit = answers_lib.ceiling(split(), flags)
    assert limit == {"ap": 1, "ap50": 1, "ar": 1, "moved": 0, "lost": 0}
    text = answers_lib.ceiling_text("dev", limit)
    assert text.startswith("dev: the truth itself") and "1.000" in text
    same = [[1.0, 1, 4, 4], [1, 1, 4, 4.5], [1, 1, 4, 3.5]]
    crowded = split(labels=((0, 0, 0), (), ()), boxes=same)
    limit = answers_lib.ceiling(crowded, flags)
    assert (limit["moved"], limit["lost"]) == (1, 1)
    assert limit["ar"] < 0.5
    empty = yolo_batches.YoloSplit(box_toys.build(), [1], GRIDS)
    limit = answers_lib.ceiling(empty, flags)
    assert limit["ap"] is None
    assert answers_lib.ceiling_text("dev", limit) == "dev: no object counts"


def test_anchors_are_the_shapes_shared_by_size(capsys):
    flags = config.Config(strides="4,8", anchors="3")
    groups = anchors.choose(box_toys.build(), [0, 1, 2], flags)
    assert groups == [[[1.0, 1.0], [3.0, 3.0]], [[8.0, 8.0]]]
    text = capsys.readouterr().out
    assert "1: 0.417" in text and "3: 1.000" in text
    assert "anchors at stride 4: 1×1, 3×3" in text
    # Those of the training set alone.
    flags = config.Config(strides="4", anchors="1")
    assert anchors.choose(box_toys.build(), [2], flags) == [[[1.0, 1.0]]]
    flags = config.Config(strides="8,4", anchors="9x2, 3x4")
    groups = anchors.choose(box_toys.build(), [0], flags)
    assert groups == [[[3.0, 4.0]], [[9.0, 2.0]]]
    # The shapes are 3×3 and 8×8.
    share = (9 / 12 + 16 / (64 + 18 - 16)) / 2
    text = capsys.readouterr().out
    assert f"shapes of training: {share:.3f}" in text and "fit few" not in text
    flags = config.Config(strides="4", anchors="200x300")
    anchors.choose(box_toys.build(), [0], flags)
    assert "--anchors=200x300: these fit few" in capsys.readouterr().out


def test_anchors_that_there_are_not():
    flags = config.Config(strides="4", anchors="4")
    with pytest.raises(errors.UserError, match="--anchors=4: .* 3 different"):
        anchors.choose(box_toys.build(), [0, 1, 2], flags)
    with pytest.raises(errors.UserError, match="no picture of the training"):
        anchors.choose(box_toys.build(), [1], flags)
