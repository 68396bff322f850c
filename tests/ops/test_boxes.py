"""Overlap of boxes against counted pixels, a plain loop and Keras' own."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import boxes

FUNCTIONS = [boxes.iou, boxes.giou, boxes.ciou]
SIDE = 12


def integer_boxes(rng, *shape):
    """Return boxes in whole pixels, some without area."""
    corners = rng.integers(0, SIDE + 1, (*shape, 2, 2))
    return np.concatenate([corners.min(-2), corners.max(-2)], -1)


def pixels(box):
    picture = np.zeros([SIDE, SIDE], bool)
    x1, y1, x2, y2 = box
    picture[y1:y2, x1:x2] = True
    return picture


def around(a, b):
    return np.concatenate([np.minimum(a, b)[:2], np.maximum(a, b)[2:]])


def counted_iou(a, b):
    both = pixels(a) & pixels(b)
    return both.sum() / max((pixels(a) | pixels(b)).sum(), 1)


def counted_giou(a, b):
    hull = pixels(around(a, b))
    rest = hull & ~(pixels(a) | pixels(b))
    return counted_iou(a, b) - rest.sum() / max(hull.sum(), 1)


def equation_of_ciou(a, b):
    share, c = counted_iou(a, b), around(a, b)
    diagonal = math.dist(c[:2], c[2:])
    distance = math.dist((a[:2] + a[2:]) / 2, (b[:2] + b[2:]) / 2)
    angles = [math.atan2(x2 - x1, y2 - y1) for x1, y1, x2, y2 in (a, b)]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    ratio = v / (1 - share + v) if v else 0
    place = (distance / diagonal) ** 2 if diagonal else 0
    return share - place - ratio * v


ORACLES = [counted_iou, counted_giou, equation_of_ciou]
each = pytest.mark.parametrize(
    "function, oracle", list(zip(FUNCTIONS, ORACLES, strict=True))
)


@each
def test_equals_counted_pixels(function, oracle):
    rng = np.random.default_rng(0)
    a, b = integer_boxes(rng, 3, 20), integer_boxes(rng, 3, 15)
    want = [
        [[oracle(x, y) for y in ys] for x in xs]
        for xs, ys in zip(a, b, strict=True)
    ]
    found = ops.convert_to_numpy(function(a, b))
    np.testing.assert_allclose(found, want, atol=1e-6)
    # One set for all pictures, and none of pictures.
    one = ops.convert_to_numpy(function(a, b[0]))
    np.testing.assert_allclose(one[0], found[0], atol=1e-6)
    assert one.shape == (3, 20, 15)
    np.testing.assert_allclose(function(a[1], b[1]), found[1], atol=1e-6)
    # Elementwise, broadcast.
    pairs = function(a[:, :15], b, pairwise=False)
    np.testing.assert_allclose(
        pairs, np.diagonal(found[:, :15], axis1=1, axis2=2), atol=1e-6
    )
    first = function(a[0, 0], b, pairwise=False)
    assert tuple(first.shape) == (3, 15)
    np.testing.assert_allclose(first[0], found[0, 0], atol=1e-6)


def test_equals_keras():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0, 80, (2, 4, 30, 2, 2))
    a, b = (np.concatenate([c.min(-2), c.max(-2)], -1) for c in (a, b))
    theirs = keras.utils.bounding_boxes
    want = theirs.compute_iou(a, b, "xyxy")
    np.testing.assert_allclose(boxes.iou(a, b), want, atol=1e-5)
    want = theirs.compute_ciou(a, b, "xyxy")
    found = boxes.ciou(a, b, pairwise=False)
    np.testing.assert_allclose(found, want, atol=1e-5)


def test_small_boxes_overlap_as_large_ones():
    """To which Keras' own, with an epsilon in the divisor, gives 0.09."""
    box = np.array([[0.3, 0.3, 0.3001, 0.3001]])
    theirs = keras.utils.bounding_boxes.compute_iou(box, box, "xyxy")
    assert float(np.asarray(theirs)[0, 0]) < 0.1
    for function in FUNCTIONS:
        np.testing.assert_allclose(function(box, box), [[1]], atol=1e-6)


@each
@pytest.mark.parametrize("name", ["yxyx", "xywh", "center_yxhw", "rel_xywh"])
def test_formats(function, oracle, name):
    rng = np.random.default_rng(2)
    a, b = integer_boxes(rng, 2, 9)
    shape = (6, 24, 3)
    converted = [
        np.asarray(
            keras.utils.bounding_boxes.convert_format(
                x, "xyxy", name, height=6, width=24
            )
        )
        for x in (a, b)
    ]
    found = function(*converted, name, pairwise=False, image_shape=shape)
    want = [oracle(*pair) for pair in zip(a, b, strict=True)]
    np.testing.assert_allclose(found, want, atol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_boxes_without_area_overlap_nothing(function):
    point = [3.0, 3.0, 3.0, 3.0]
    assert float(function(point, point, pairwise=False)) == 0
    padding = [-1.0] * 4
    assert float(function(padding, padding, pairwise=False)) == 0
    swapped = [5.0, 5.0, 1.0, 1.0]
    assert float(boxes.iou(swapped, [0, 0, 9, 9], pairwise=False)) == 0
    # The hull is around all its corners.
    found = float(boxes.giou(swapped, [0, 0, 9, 9], pairwise=False))
    assert found == 0
    line = [2.0, 2.0, 7.0, 2.0]
    assert float(function(line, [0, 0, 9, 9], pairwise=False)) <= 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_no_number_stays_none(function):
    box = [0.0, 0.0, 1.0, 1.0]
    for place in range(4):
        broken = list(box)
        broken[place] = math.nan
        assert math.isnan(float(function(broken, box, pairwise=False)))
        assert math.isnan(float(function(box, broken, pairwise=False)))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float16", "int32", "float32"])
def test_types_that_hold_no_area_are_widened(function, dtype):
    # 10⁶ pixels: float16 ends at 65,504.
    a = ops.convert_to_tensor(np.array([[0, 0, 1000, 1000]]), dtype)
    b = ops.convert_to_tensor(np.array([[0, 0, 1000, 500]]), dtype)
    found = function(a, b)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    want = function(np.asarray(a, "float32"), np.asarray(b, "float32"))
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_empty_sets(function):
    none, some = np.zeros([2, 0, 4]), np.ones([2, 3, 4])
    assert tuple(function(none, some).shape) == (2, 0, 3)
    assert tuple(function(some, none).shape) == (2, 3, 0)
    assert tuple(function(none[:0], some[:0]).shape) == (0, 0, 3)


def test_shapes():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 6, (2, 2, 8, 2))
    origin = np.zeros_like(a)
    want = [
        [[counted_iou([0, 0, *x], [0, 0, *y]) for y in ys] for x in xs]
        for xs, ys in zip(a, b, strict=True)
    ]
    np.testing.assert_allclose(boxes.shape_iou(a, b), want, atol=1e-6)
    found = boxes.shape_iou(a, b, pairwise=False)
    corners = [np.concatenate([origin, x], -1) for x in (a, b)]
    want = boxes.iou(*corners, pairwise=False)
    np.testing.assert_array_equal(found, want)


def test_refusals():
    with pytest.raises(ValueError, match=r"`boxes2` must .* shape \(2, 5\)"):
        boxes.iou(np.ones([2, 4]), np.ones([2, 5]))
    with pytest.raises(
        ValueError, match=r"`boxes1` must have the shape \(...,"
    ):
        boxes.giou(np.ones(4), np.ones([2, 4]))
    with pytest.raises(ValueError, match="`image_shape` must come with"):
        boxes.ciou(np.ones([2, 4]), np.ones([2, 4]), "rel_xyxy")
    with pytest.raises(ValueError, match="Supported formats"):
        boxes.iou(np.ones([2, 4]), np.ones([2, 4]), "xyhw")
    with pytest.raises(ValueError, match="`sizes1` must have the shape"):
        boxes.shape_iou(np.ones([2, 4]), np.ones([2, 2]))


def test_in_a_functional_model():
    a, b = keras.Input([5, 4]), keras.Input([6, 4])
    assert boxes.iou(a, b).shape == (None, 5, 6)
