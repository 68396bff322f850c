"""Box regression against its equations and torchvision's figures."""

import math

import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import apply_deltas, box_deltas

DEVIATIONS = (0.1, 0.1, 0.2, 0.2)
BOXES = [[12, 4, 40, 60], [3.5, 8, 90, 20], [0, 0, 1, 1]]
ANCHORS = [[10, 10, 50, 50], [0, 0, 64, 64], [5, 5, 37, 21]]
# torchvision 0.29.1: BoxCoder((10, 10, 5, 5)).encode_single(BOXES, ANCHORS),
# and its decode_single of these deltas in another order.
DELTAS = """
-1 0.5 -1.783374786 1.682361126
2.304687500 -2.812500000 1.506306648 -8.369882584
-6.406250000 -7.812500000 -17.328680038 -13.862943649
"""
APPLIED = """
12.187500000 15 66.250000000 22.500000000
-10 -20 -8 -16
6.599999428 2.600000381 29 25
"""


def random_boxes(rng, *shape):
    first = rng.uniform(-20, 80, (*shape, 2))
    boxes = np.concatenate([first, first + rng.uniform(3, 60, first.shape)], -1)
    return boxes.astype("float32")


def equation(box, anchor, deviations):
    (x1, y1, x2, y2), (a1, b1, a2, b2) = box, anchor
    w, h = a2 - a1, b2 - b1
    t = [
        ((x1 + x2) / 2 - (a1 + a2) / 2) / w,
        ((y1 + y2) / 2 - (b1 + b2) / 2) / h,
        math.log((x2 - x1) / w),
        math.log((y2 - y1) / h),
    ]
    return [value / d for value, d in zip(t, deviations, strict=True)]


@pytest.mark.parametrize("deviations", [(1, 1, 1, 1), DEVIATIONS])
def test_equals_the_equation_and_returns(deviations):
    rng = np.random.default_rng(0)
    boxes, anchors = random_boxes(rng, 50), random_boxes(rng, 50)
    deltas = box_deltas(boxes, anchors, deviations)
    want = [equation(*x, deviations) for x in zip(boxes, anchors, strict=True)]
    np.testing.assert_allclose(ops.convert_to_numpy(deltas), want, atol=3e-5)
    back = apply_deltas(deltas, anchors, deviations)
    np.testing.assert_allclose(ops.convert_to_numpy(back), boxes, atol=3e-5)


def test_figures_of_torchvision():
    deltas = np.array(DELTAS.split(), "float32").reshape(3, 4)
    answer = box_deltas(BOXES, ANCHORS, DEVIATIONS)
    np.testing.assert_allclose(ops.convert_to_numpy(answer), deltas, rtol=1e-5)
    answer = apply_deltas(deltas[[1, 2, 0]], ANCHORS, DEVIATIONS)
    want = np.array(APPLIED.split(), "float32").reshape(3, 4)
    np.testing.assert_allclose(ops.convert_to_numpy(answer), want, atol=1e-4)


def test_axes_broadcast():
    rng = np.random.default_rng(1)
    anchors, deltas = random_boxes(rng, 2, 5), rng.normal(size=(2, 5, 3, 4))
    boxes = apply_deltas(deltas, anchors[:, :, None])
    assert tuple(boxes.shape) == (2, 5, 3, 4)
    for i in range(3):
        one = apply_deltas(deltas[:, :, i], anchors)
        np.testing.assert_array_equal(
            *map(ops.convert_to_numpy, (boxes[:, :, i], one))
        )
    back = box_deltas(boxes, anchors[:, :, None])
    np.testing.assert_allclose(ops.convert_to_numpy(back), deltas, atol=3e-5)
    shared = box_deltas(anchors, anchors[0])
    assert tuple(shared.shape) == (2, 5, 4)
    assert not ops.convert_to_numpy(shared[0]).any()


HARD = [
    *([0, 0, 0, 0], [3, 3, 3, 9], [9, 3, 3, 9], [-1, -1, -1, -1]),
    *([np.nan] * 4, [0, 0, np.nan, 4], [0, 0, np.inf, 4]),
    *([-np.inf, 0, 4, 4], [np.inf, 0, np.inf, 4], [-np.inf, 0, np.inf, 4]),
]


@pytest.mark.parametrize("hard", HARD)
def test_boxes_without_area_have_zeros(hard):
    good = [2.0, 3, 9, 11]
    for boxes, anchors in (([hard], [good]), ([good], [hard]), ([hard],) * 2):
        assert not ops.convert_to_numpy(box_deltas(boxes, anchors)).any()
    answer = apply_deltas([[0.3, 0.1, 2, 1]], [hard])
    assert not ops.convert_to_numpy(answer).any()


def test_sides_have_a_bound_and_a_broken_answer_has_none():
    answer = apply_deltas([[0, 0, 1e9, -1e9]], [[0, 0, 16, 16]])
    want = [[8 - 500, 8, 8 + 500, 8]]
    np.testing.assert_allclose(ops.convert_to_numpy(answer), want, rtol=1e-5)
    answer = apply_deltas([[np.nan, 0, 0, 0]], [[0, 0, 16, 16]])
    assert np.isnan(ops.convert_to_numpy(answer)[0, [0, 2]]).all()


def test_halves_are_computed_wide():
    boxes = np.array([[1000, 0, 2040, 2040]], "float16")
    anchors = np.array([[0, 0, 4, 4]], "float16")
    deltas = box_deltas(boxes, anchors)
    assert ops.convert_to_numpy(deltas).dtype == "float32"
    want = [equation(boxes[0].astype(float), anchors[0], (1, 1, 1, 1))]
    np.testing.assert_allclose(ops.convert_to_numpy(deltas), want, rtol=1e-6)


@pytest.mark.parametrize("shape", [(0, 4), (0, 3, 4), (2, 0, 4)])
def test_none(shape):
    for function in (box_deltas, apply_deltas):
        answer = function(np.zeros(shape), np.zeros(shape))
        assert tuple(answer.shape) == shape


def test_refusals():
    ones = np.ones((2, 4))
    with pytest.raises(ValueError, match="`boxes` must have .*Received: shape"):
        box_deltas(np.ones((2, 5)), ones)
    with pytest.raises(ValueError, match="`deltas` must have the shape"):
        apply_deltas(np.ones((2, 3)), ones)
    with pytest.raises(ValueError, match="`anchors` must have the shape"):
        apply_deltas(ones, np.ones(()))
    for deviations in ((1, 1, 1), (1, 1, 0, 1), (1, 1, 1, np.nan)):
        with pytest.raises(ValueError, match="`deviations` must be four"):
            box_deltas(ones, ones, deviations)
