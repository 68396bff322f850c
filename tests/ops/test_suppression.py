"""Suppression against a plain loop, ties included, on every backend."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import non_max_suppression, soft_non_max_suppression


def overlap(a, b):
    """Return the IoU, in float32 as the components compute it."""
    a, b = np.float32(a), np.float32(b)
    sides = np.minimum(a, b)[2:], np.maximum(a, b)[:2]
    both = np.prod(np.maximum(sides[0] - sides[1], 0))
    areas = [np.prod(np.maximum(x[2:] - x[:2], 0)) for x in (a, b)]
    union = areas[0] + areas[1] - both
    return both / union if union > 0 else np.float32(0)


def loop(boxes, scores, factor, threshold, size, per_class=True):
    """Return the pairs of a picture: one at a time, as the paper says it."""
    n, classes = scores.shape
    live = [
        [float(scores[i, c]), i, c]
        for i in range(n)
        for c in range(classes)
        if scores[i, c] > threshold
        and (per_class or c == int(np.argmax(scores[i])))
    ]
    answers = []
    while live and len(answers) < size:
        best = max(live, key=lambda pair: (pair[0], -pair[1], -pair[2]))
        answers.append(best)
        live.remove(best)
        for pair in live:
            if best[2] == pair[2] or not per_class:
                share = overlap(box(boxes, *best[1:]), box(boxes, *pair[1:]))
                pair[0] *= factor(float(share))
        live = [pair for pair in live if pair[0] > threshold]
    return answers


def box(boxes, i, c):
    return boxes[i] if boxes.ndim == 2 else boxes[i, c]


def scenes(seed, batch, n, classes, q=None, levels=None):
    """Return boxes in whole pixels, and scores of which some are equal."""
    rng = np.random.default_rng(seed)
    shape = (batch, n) + ((q,) if q else ())
    first = rng.integers(0, 12, (*shape, 2))
    boxes = np.concatenate([first, first + rng.integers(0, 9, first.shape)], -1)
    scores = rng.uniform(0, 1, (batch, n, classes))
    if levels:
        scores = np.ceil(scores * levels) / levels
    return boxes.astype("float32"), scores.astype("float32")


def check(found, boxes, scores, size, *args, atol=0, **options):
    found = {k: ops.convert_to_numpy(v) for k, v in found.items()}
    assert found["boxes"].shape == (len(boxes), size, 4)
    assert found["labels"].dtype == found["count"].dtype == np.int32
    for i in range(len(boxes)):
        want = loop(boxes[i], scores[i], *args, size, **options)
        k = len(want)
        assert found["count"][i] == k
        assert found["labels"][i].tolist() == [
            *[c for _, _, c in want],
            *[-1] * (size - k),
        ]
        np.testing.assert_allclose(
            found["scores"][i, :k], [s for s, _, _ in want], atol=atol
        )
        places = [box(boxes[i], *pair[1:]) for pair in want]
        np.testing.assert_array_equal(
            found["boxes"][i, :k], np.reshape(places, [k, 4])
        )
        assert not found["boxes"][i, k:].any()
        assert not found["scores"][i, k:].any()


# Pictures, boxes, classes, boxes a class, steps of the scores.
CASES = [
    (120, 8, 1, None, None),
    (80, 7, 3, None, None),
    (120, 6, 3, None, 4),
    (60, 1, 2, None, 2),
    (80, 5, 3, 3, None),
    (80, 5, 2, 2, 3),
    (2, 30, 4, None, 20),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("iou_threshold", [0.5, 0.2, 1.0])
@pytest.mark.parametrize("per_class", [True, False])
def test_equals_a_plain_loop(case, iou_threshold, per_class):
    boxes, scores = scenes(0, *case)

    def factor(share):
        return float(share < np.float32(iou_threshold))

    for size, threshold in ((20, 0.3), (3, 0.0)):
        found = non_max_suppression(
            *(boxes, scores, threshold, iou_threshold, size, per_class)
        )
        options = {"per_class": per_class}
        check(found, boxes, scores, size, factor, threshold, **options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["linear", "gaussian"])
def test_soft_suppression_equals_a_plain_loop(case, method):
    boxes, scores = scenes(1, *case)

    def factor(share):
        if method == "gaussian":
            return math.exp(-(share**2) / 0.4)
        return 1 - share if share >= np.float32(0.3) else 1.0

    found = soft_non_max_suppression(
        boxes, scores, method, 0.4, 0.2, 0.3, max_detections=12
    )
    # Where a float32 rounds the other way, equal scores may change places.
    if case[-1] is None:
        check(found, boxes, scores, 12, factor, 0.2, atol=1e-6)
    else:
        counts = [
            len(loop(*pair, factor, 0.2, 12))
            for pair in zip(boxes, scores, strict=True)
        ]
        np.testing.assert_array_equal(found["count"], counts)


def test_the_bounds_are_those_of_the_course():
    """A probability of 0.6 is dropped, and so is an IoU of 0.5."""
    boxes = [[[0, 0, 2, 2], [0, 0, 2, 1], [5, 5, 6, 6]]]
    scores = [[[0.9], [0.8], [0.75]]]
    found = non_max_suppression(boxes, scores, 0.75, 0.5, 3)
    assert np.asarray(found["count"]).tolist() == [1]
    found = non_max_suppression(boxes, scores, 0.74, 0.501, 3)
    assert np.asarray(found["count"]).tolist() == [3]


@pytest.mark.parametrize("per_class", [True, False])
@pytest.mark.parametrize("q", [None, 2])
def test_nothing_to_suppress(per_class, q):
    options = {"max_detections": 4, "per_class": per_class}
    for batch, n in ((2, 0), (0, 3), (2, 3)):
        boxes = np.ones((batch, n, 4) if q is None else (batch, n, q, 4))
        scores = np.full((batch, n, 2), 0.6, "float32")
        found = non_max_suppression(boxes, scores, 0.7, **options)
        assert found["boxes"].shape == (batch, 4, 4)
        assert not np.asarray(found["count"]).any()
        assert (np.asarray(found["labels"]) == -1).all()


def test_what_is_no_number():
    nan = np.nan
    boxes = [[[nan, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 3, 3]]]
    scores = [[[0.9], [0.8], [nan], [0.7]]]
    for function in (non_max_suppression, soft_non_max_suppression):
        found = function(boxes, scores, score_threshold=0.65)
        first = np.asarray(found["scores"])[0, :2]
        np.testing.assert_allclose(first, [0.9, 0.8])
        assert np.isnan(np.asarray(found["boxes"])[0, 0]).any()
    found = non_max_suppression(boxes, scores, 0.5, 0.4)
    # The last overlaps the second by 4/9, and the first by nothing.
    assert np.asarray(found["count"]).tolist() == [2]
    boxes[0][0][0] = -np.inf
    again = non_max_suppression(boxes, scores, 0.5, 0.4)
    np.testing.assert_array_equal(again["scores"], found["scores"])


def test_swapped_sides_have_no_area():
    boxes = np.array([[[4, 4, 0, 0], [0, 0, 4, 4], [4.0, 4, 0, 0]]])
    found = non_max_suppression(boxes, np.full((1, 3, 1), 0.9))
    np.testing.assert_array_equal(np.asarray(found["boxes"])[0, :3], boxes[0])


@pytest.mark.parametrize("name", ["yxyx", "center_xywh", "rel_xyxy"])
def test_formats_come_back(name):
    boxes, scores = scenes(2, 5, 9, 2)
    want = non_max_suppression(boxes, scores, 0.3)

    def converted(corners):
        return np.asarray(
            keras.utils.bounding_boxes.convert_format(
                corners, "xyxy", name, height=32, width=16
            )
        )

    options = {"bounding_box_format": name, "image_shape": (32, 16, 3)}
    found = non_max_suppression(converted(boxes), scores, 0.3, **options)
    np.testing.assert_array_equal(found["labels"], want["labels"])
    np.testing.assert_allclose(
        found["boxes"], converted(want["boxes"]), atol=1e-6
    )


def test_half_precision():
    boxes, scores = scenes(3, 5, 9, 2)
    boxes, scores = (ops.cast(x, "float16") for x in (100 * boxes, scores))
    found = non_max_suppression(boxes, scores, 0.3)
    assert keras.backend.standardize_dtype(found["boxes"].dtype) == "float16"
    want = non_max_suppression(
        ops.cast(boxes, "float32"), ops.cast(scores, "float32"), 0.3
    )
    np.testing.assert_array_equal(found["boxes"], want["boxes"])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"scores": np.ones([1, 3])}, "`scores` must have the shape"),
        ({"scores": np.ones([1, 3, 0])}, "`scores` must have the shape"),
        ({"boxes": np.ones([1, 2, 4])}, r"`boxes` must .* shape \(1, 2, 4\)"),
        ({"boxes": np.ones([1, 3, 5, 4])}, "`boxes` must have the shape"),
        ({"boxes": np.ones([1, 3, 5])}, "`boxes` must have the shape"),
        ({"iou_threshold": 0}, "`iou_threshold` must be above 0"),
        ({"iou_threshold": 50}, "`iou_threshold` must .*iou_threshold=50"),
        ({"score_threshold": -1}, "`score_threshold` must be from 0"),
        ({"score_threshold": 1.0}, "`score_threshold` must be from 0"),
        ({"max_detections": 0}, "`max_detections` must be 1 or more"),
        ({"bounding_box_format": "rel_xyxy"}, "`image_shape` must come"),
    ],
)
def test_refusals(change, message):
    arguments = {"boxes": np.ones([1, 3, 4]), "scores": np.ones([1, 3, 2])}
    for function in (non_max_suppression, soft_non_max_suppression):
        with pytest.raises(ValueError, match=message):
            function(**{**arguments, **change})


def test_refusals_of_soft_suppression():
    arguments = np.ones([1, 3, 4]), np.ones([1, 3, 2])
    with pytest.raises(ValueError, match="did you mean 'linear'"):
        soft_non_max_suppression(*arguments, "lineal")
    with pytest.raises(ValueError, match="`sigma` must be above 0"):
        soft_non_max_suppression(*arguments, sigma=0)
