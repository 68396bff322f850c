"""What regions are of, and how much they count, against plain loops."""

import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import (
    Grids,
    anchor_boxes,
    match_regions,
    sampling_weights,
    yolo_decode,
)
from tests.support.detections import iou

BOUNDS = [(0.5, 0.5, 0.0), (0.7, 0.3, 0.0), (0.5, 0.4, 0.1)]


def data(seed=0, batch=5, n=60, m=6):
    """Return regions, objects and labels; the last picture has no object.

    Regions are near objects, on whole pixels, so that some are as near.
    """
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 60, (batch, m, 2))
    boxes = np.concatenate([first, first + rng.integers(8, 40, first.shape)], 2)
    labels = rng.integers(-2, 3, (batch, m))
    labels[-1] = -1
    near = boxes[:, rng.integers(0, m, n)]
    near = near + rng.integers(-9, 9, near.shape)
    boxes, near = boxes.astype("float32"), near.astype("float32")
    near[:, -5:] = [
        *([4, 4, 4, 9], [9, 9, 3, 20], [np.nan] * 4, [0, 0, 0, 0]),
        [0, 0, np.inf, 50],
    ]
    near[:, 1] = near[:, 0]
    boxes[0, 0], labels[0, 0] = np.nan, 1
    boxes[1, 0], labels[1, 0] = [5, 5, 5, 60], 1
    boxes[1, 1], labels[1, 1] = [30, 5, 2, 60], 1
    return near, boxes, labels


def proper(box):
    return bool(np.isfinite(box).all() and (box[2:] > box[:2]).all())


def share(a, b):
    return iou(a.astype(float), b.astype(float)) * (proper(a) and proper(b))


def matching(regions, boxes, labels, positive, negative, lowest, force):
    """Return object, IoU, positive and negative of each region."""
    objects = [
        j for j in range(len(boxes)) if labels[j] >= 0 and proper(boxes[j])
    ]
    ignored = [j for j in range(len(boxes)) if labels[j] == -2]
    highest = {
        j: max(share(region, boxes[j]) for region in regions if proper(region))
        for j in objects
    }
    rows = []
    for region in regions:
        if not proper(region):
            rows.append((0, 0.0, False, False))
            continue
        shares = {j: share(region, boxes[j]) for j in objects}
        best = max(shares, key=shares.get, default=0)
        value = shares.get(best, 0.0)
        forced = {j: s for j, s in shares.items() if 0 < s == highest[j]}
        if force and forced:
            best = max(forced, key=forced.get)
            rows.append((best, forced[best], True, False))
            continue
        crowded = any(share(region, boxes[j]) >= 0.5 for j in ignored)
        rows.append(
            (
                *(best if value else 0, value, value >= positive),
                lowest <= value < negative and not crowded,
            )
        )
    return rows


def numpy(answer):
    return {key: ops.convert_to_numpy(x) for key, x in answer.items()}


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_equals_the_loop(bounds, force):
    regions, boxes, labels = data()
    answer = numpy(match_regions(regions, boxes, labels, *bounds, force))
    rows = [
        matching(*x, *bounds, force)
        for x in zip(regions, boxes, labels, strict=True)
    ]
    want = dict(zip(answer, np.moveaxis(np.array(rows), -1, 0), strict=True))
    assert list(want) == ["object", "iou", "positive", "negative"]
    for key, value in want.items():
        np.testing.assert_allclose(answer[key], value, atol=1e-6, err_msg=key)
    assert [answer[key].dtype for key in want] == [
        *("int32", "float32", "bool", "bool")
    ]
    assert answer["positive"].any() and answer["negative"].any()
    assert not answer["positive"][-1].any()
    want = [bounds[2] == 0 and proper(region) for region in regions[-1]]
    np.testing.assert_array_equal(answer["negative"][-1], want)


def test_each_object_that_a_region_meets_has_one():
    """Of one region, the object of the higher IoU; ties have all."""
    boxes = [[[0, 0, 10, 10], [0, 0, 4, 4], [50, 50, 60, 60], [30, 0, 34, 8]]]
    regions = [[0, 0, 9, 10], [0, 0, 10, 8], [32, 0, 36, 8], [28, 0, 32, 8]]
    answer = numpy(
        match_regions(regions, boxes, [[0, 0, 0, 0]], 0.7, 0.3, force=True)
    )
    # The smaller object's highest is of the second region, with 16 / 80.
    np.testing.assert_array_equal(answer["object"], [[0, 1, 3, 3]])
    np.testing.assert_allclose(answer["iou"], [[0.9, 0.2, 1 / 3, 1 / 3]])
    assert answer["positive"].all() and not answer["negative"].any()
    alone = numpy(match_regions(regions[:1], boxes[:1], [[0] * 4], force=True))
    assert alone["object"].tolist() == [[0]]


def test_without_force_an_object_may_have_none():
    answer = numpy(match_regions([[0, 0, 9, 9]], [[[5, 5, 20, 20]]], [[3]]))
    assert not answer["positive"].any() and answer["negative"].all()


def test_regions_of_all_pictures_and_of_each_are_alike():
    regions, boxes, labels = data()
    shared = numpy(match_regions(regions[0], boxes, labels, force=True))
    copies = np.broadcast_to(regions[0], regions.shape)
    each = numpy(match_regions(copies, boxes, labels, force=True))
    for key, value in shared.items():
        np.testing.assert_array_equal(value, each[key])
        assert value.shape == (5, 60)


@pytest.mark.parametrize("batch, n, m", [(2, 3, 0), (0, 3, 2), (2, 0, 2)])
@pytest.mark.parametrize("force", [False, True])
def test_none(batch, n, m, force):
    regions, boxes, labels = data()
    answer = numpy(
        match_regions(
            *(regions[:batch, :n], boxes[:batch, :m], labels[:batch, :m]),
            force=force,
        )
    )
    assert all(x.shape == (batch, n) for x in answer.values())
    if not m:
        assert answer["negative"].all() and not answer["object"].any()


@pytest.mark.parametrize(
    "size, part", [(10, 0.5), (20, 0.25), (100, 0.29), (7, 1.0), (5, 0.0)]
)
def test_weights_are_the_mean_of_random_samples(size, part):
    rng = np.random.default_rng(0)
    kinds = np.array([[1] * 8 + [-1] * 15 + [0] * 4, [1] * 2 + [-1] * 25])
    rng.permuted(kinds, axis=1, out=kinds)
    weights = ops.convert_to_numpy(
        sampling_weights(kinds == 1, kinds == -1, size, part)
    )
    draws = 4000
    for row, want in zip(kinds, weights, strict=True):
        count = np.zeros(len(row))
        for _ in range(draws):
            first = rng.permutation(np.flatnonzero(row == 1))
            first = first[: int(round(size * part, 9))]
            rest = rng.permutation(np.flatnonzero(row == -1))
            count[first] += 1
            count[rest[: size - len(first)]] += 1
        np.testing.assert_allclose(count / draws, want, atol=0.04)
        assert (want[row == 0] == 0).all()


def test_weights_of_small_cases():
    def weights(kinds, *words):
        kinds = np.array([kinds])
        answer = sampling_weights(kinds == 1, kinds == -1, *words)
        return ops.convert_to_numpy(answer)[0].tolist()

    assert weights([1, 1, -1, -1, -1, -1, 0], 4, 0.25) == [
        *(0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 0.0)
    ]
    assert weights([-1, -1, -1, -1], 2, 0.5) == [0.5] * 4
    assert weights([1, 1, 1, 1], 4, 0.5) == [0.5] * 4
    assert weights([1, -1, 0], 64, 0.5) == [1.0, 1.0, 0.0]
    assert weights([0, 0], 64, 0.5) == [0.0, 0.0]
    assert weights([], 64, 0.5) == []
    # ⌊100 · 0.29⌋ is 29, whatever floats say.
    assert weights([1] * 58, 100, 0.29) == [0.5] * 58
    both = sampling_weights([[True, True]], [[True, False]], 2, 0.5)
    assert ops.convert_to_numpy(both).tolist() == [[0.5, 0.5]]


def test_anchors_stand_in_the_order_of_the_grids():
    """Targets in the middle of a cell with the anchor's size decode to it."""
    grids = Grids((48, 80), (16, 32), (((20, 20), (12, 30)), ((50, 40),)), 1)
    places = grids.places()
    y = np.concatenate(
        [
            *(np.ones((grids.size, 1)), np.full((grids.size, 2), 0.5)),
            *(places[:, [4, 3]], np.ones((grids.size, 1))),
        ],
        axis=-1,
    )
    boxes, _ = yolo_decode(y[None], grids)
    answer = anchor_boxes(grids)
    assert answer.dtype == "float32" and answer.shape == (grids.size, 4)
    np.testing.assert_allclose(
        answer, ops.convert_to_numpy(boxes)[0], atol=1e-4
    )
    assert answer[0].tolist() == [-2, -2, 18, 18]
    assert answer[-1].tolist() == [55, 28, 105, 68]


REGIONS, BOXES = np.ones((2, 3, 4)), np.ones((2, 5, 4))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"positive": 0}, "`positive` must be above 0.* Received: positive=0"),
        ({"positive": 1.1}, "`positive` must be above 0, at most 1"),
        ({"negative": 0.6}, "`negative` must be from 0 to 0.5.* negative=0.6"),
        ({"lowest": 0.6}, "`lowest` must be from 0 to 0.5"),
        ({"lowest": -0.1}, "`lowest` must be from 0"),
        ({"regions": np.ones(4)}, "`regions` must have .*Received: shape"),
        ({"regions": np.ones((2, 3, 5))}, "`regions` must have the shape"),
        ({"boxes": np.ones((5, 4))}, "`boxes` must have the shape .*Rec"),
        ({"labels": np.ones(5)}, r"`labels` \(batch, m\). Received"),
    ],
)
def test_refusals_of_matching(change, message):
    arguments = {"regions": REGIONS, "boxes": BOXES, "labels": np.ones((2, 5))}
    with pytest.raises(ValueError, match=message):
        match_regions(**arguments | change)


def test_refusals_of_sampling():
    kinds = np.ones((2, 3), bool)
    with pytest.raises(ValueError, match="`size` .* Received: size=0"):
        sampling_weights(kinds, kinds, 0, 0.5)
    for part in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="`share` .* Received: share="):
            sampling_weights(kinds, kinds, 8, part)
