"""Pictures with boxes as examples."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, splits
from kerasnotes.data.pictures import box_examples
from tests.support.box_toys import BOXES, build


def test_defaults_fit():
    examples = build(point_names=["tip"])
    assert examples.points.to_list() == [2 * [[[0, 0]]], [], [[[0, 0]]]]
    assert examples.crowd.to_list() == [[False, False], [], [False]]
    assert examples.labels.dtype == tf.int64
    assert examples.boxes.dtype == tf.float32
    assert examples.sizes.tolist() == [[8, 8]] * 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"boxes": [*BOXES[:2], [2, 2, 2, 3]]}, "have an area"),
        ({"boxes": [*BOXES[:2], [2, 2, 9, 3]]}, "within their pictures"),
        ({"boxes": [*BOXES[:2], [np.nan] * 4]}, "within their pictures"),
        ({"labels": ((0, 2), (), (1,))}, "lie between 0 and 1"),
        ({"ids": ["x"]}, "a row for each picture"),
    ],
)
def test_what_does_not_fit(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        build(**arguments)


def test_no_box_at_all():
    with pytest.raises(errors.UserError, match="no picture has a box"):
        build(labels=((), (), ()), boxes=np.zeros([0, 4], "float32"))


def test_strata_keep_rare_classes_on_each_side():
    labels = [(0,)] * 40 + [()] * 20 + [(0, 1)] * 12 + [(2,)] * 4 + [(0, 2)] * 5
    rng = np.random.default_rng(0)
    labels = [labels[i] for i in rng.permutation(len(labels))]
    count = sum(map(len, labels))
    ids = [f"{i:03d}" for i in range(len(labels))]
    examples = build(
        labels, np.tile(np.float32([0, 0, 8, 8]), (count, 1)), ids=ids,
        class_names=["a", "b", "c"],
    )  # fmt: skip
    strata = examples.strata
    # Background, a alone, a with b, and what has c.
    assert np.bincount(strata).tolist() == [20, 40, 12, 9]
    assert {s for s, row in zip(strata, labels, strict=True) if 2 in row} == {3}
    for rows in splits.assign(ids, strata).values():
        assert set(strata[rows]) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        ([], []),
        (["top", "bottom"], []),
        (["left_eye", "nose", "right_eye"], [(0, 2)]),
        (["Right-Ear", "Left-Ear"], [(1, 0)]),
        (["eye_l", "eye_r", "l_hand", "r_hand"], [(0, 1), (2, 3)]),
        (["leftover", "copyright"], []),
    ],
)
def test_pairs_by_names(names, pairs):
    assert box_examples.point_pairs(names) == pairs


def test_a_landmark_without_a_twin():
    with pytest.raises(errors.UserError, match="'left_eye' has no twin"):
        box_examples.point_pairs(["left_eye", "nose"])
