"""Targets of YOLO against a plain loop, there and back, and the ceiling."""

import dataclasses

import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import (
    Grids,
    yolo_activate,
    yolo_ceiling,
    yolo_decode,
    yolo_encode,
)

# Pedestrians are tall, cars are wide.
NOTES = Grids((300, 300), (100,), (((40, 90), (90, 40)),), classes=3)
ONE = dataclasses.replace(NOTES, anchors=(((50, 50),),))
SEVERAL = Grids(
    (70, 100), (8, 16, 32), (((9, 9), (7, 14)), ((25, 20),), ((50, 60),)), 4
)


def shape_iou(a, b):
    both = min(a[0], b[0]) * min(a[1], b[1])
    return both / (a[0] * a[1] + b[0] * b[1] - both)


def loop(boxes, labels, grids):
    """Return the maps of a picture and its counts, object by object."""
    height, width = grids.image_shape
    maps = [np.zeros([*s, 5 + grids.classes]) for s in grids.shapes]
    counts = {"moved": 0, "lost": 0, "invalid": 0}
    for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
        if label < 0:
            continue
        x, y, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
        inside = 0 <= x <= width and 0 <= y <= height
        if not (inside and w > 0 and h > 0 and label < grids.classes):
            counts["invalid"] += 1
            continue
        ranking = sorted(
            (-shape_iou((w, h), anchor), g, a)
            for g, of_grid in enumerate(grids.anchors)
            for a, anchor in enumerate(of_grid)
        )
        for rank, (_, g, a) in enumerate(ranking):
            stride, (rows, columns, _) = grids.strides[g], grids.shapes[g]
            column = min(int(x / stride), columns - 1)
            row = min(int(y / stride), rows - 1)
            if maps[g][row, column, a, 0]:
                continue
            numbers = [1, x / stride - column, y / stride - row]
            numbers += [h / stride, w / stride, *np.eye(grids.classes)[label]]
            maps[g][row, column, a] = numbers
            counts["moved"] += rank > 0
            break
        else:
            counts["lost"] += 1
    return maps, counts


def scenes(seed, grids, batch=40, n=12):
    rng = np.random.default_rng(seed)
    height, width = grids.image_shape
    x, y = (
        rng.uniform(-5, width + 5, (batch, n)),
        rng.uniform(0, height, (batch, n)),
    )
    w, h = rng.uniform(2, width / 2, (2, batch, n))
    w[rng.random(w.shape) < 0.05] = 0
    boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1)
    labels = rng.integers(-1, grids.classes + 1, (batch, n))
    return boxes.astype("float32"), labels


def arrays(tree):
    return {key: ops.convert_to_numpy(value) for key, value in tree.items()}


@pytest.mark.parametrize("grids", [ONE, NOTES, SEVERAL], ids=["1", "2", "3"])
def test_equals_a_plain_loop(grids):
    boxes, labels = scenes(0, grids)
    y, counts = yolo_encode(boxes, labels, grids)
    maps, counts = grids.maps(y), arrays(counts)
    sums = dict.fromkeys(counts, 0)
    for i in range(len(boxes)):
        want, numbers = loop(boxes[i], labels[i], grids)
        for found, of_grid in zip(maps, want, strict=True):
            np.testing.assert_allclose(found[i], of_grid, atol=2e-5)
        assert {key: value[i] for key, value in counts.items()} == numbers
        sums = {key: sums[key] + numbers[key] for key in sums}
    assert sums["invalid"] and sums["lost"] + sums["moved"]


def test_the_course_s_shapes():
    y, _ = yolo_encode(np.zeros([2, 1, 4]), [[-1]] * 2, ONE)
    assert ops.reshape(y, (2, 3, 3, 8)).shape == (2, 3, 3, 8)
    assert NOTES.maps(np.zeros([2, NOTES.size, 8]))[0].shape == (2, 3, 3, 2, 8)
    grids = Grids((608, 608, 3), (32,), [[[80, 90]] * 5], 20)
    y = np.zeros([1, grids.size, 25])
    assert grids.maps(y)[0].shape == (1, 19, 19, 5, 25)
    joined = grids.join([np.zeros([1, 19, 19, 125])])
    assert joined.shape == (1, grids.size, 25)


def test_the_course_s_example():
    """x, y, h, w = 0.4, 0.3, 0.9, 0.5, of a car in the middle's right cell."""
    x, y, h, w = 240.0, 130.0, 90.0, 50.0
    box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
    target, _ = yolo_encode([[box]], [[1]], ONE)
    cell = ONE.maps(target)[0][0, 1, 2, 0]
    np.testing.assert_allclose(
        cell, [1, 0.4, 0.3, 0.9, 0.5, 0, 1, 0], rtol=1e-5
    )
    assert ops.convert_to_numpy(target).sum() == pytest.approx(4.1, rel=1e-5)
    # Sides may exceed a cell; the pedestrian has the tall anchor.
    target, _ = yolo_encode([[[120, 0, 180, 300]]], [[0]], NOTES)
    cell = NOTES.maps(target)[0][0, 1, 1]
    np.testing.assert_allclose(cell[0], [1, 0.5, 0.5, 3, 0.6, 1, 0, 0])
    assert not ops.convert_to_numpy(cell[1]).any()


def test_midpoints_on_borders():
    boxes = [[[280, 280, 320, 320], [80, 0, 120, 20], [-9, -9, 9, 9]]]
    target, counts = yolo_encode(boxes, [[0, 1, 2]], ONE)
    maps = ops.convert_to_numpy(ONE.maps(target)[0])[0, :, :, 0]
    # The last cell has the picture's border, the next one a cell's.
    np.testing.assert_allclose(maps[2, 2, :3], [1, 1, 1])
    np.testing.assert_allclose(maps[0, 1, :3], [1, 0, 0.1], rtol=1e-6)
    np.testing.assert_allclose(maps[0, 0, :3], [1, 0, 0])
    assert not any(value.any() for value in arrays(counts).values())


def test_collisions():
    """Three objects on two anchors; two of one anchor, as in the course."""
    tall, taller = [130, 105, 170, 195], [135, 102, 175, 198]
    boxes = [[tall, taller, [110, 130, 190, 170]], [tall, taller, taller]]
    labels = [[0, 1, 2], [0, 1, -1]]
    target, counts = yolo_encode(boxes, labels, NOTES)
    cell = ops.convert_to_numpy(NOTES.maps(target)[0])[:, 1, 1]
    # The second tall one has the wide anchor, and the wide one nothing.
    assert cell[..., 5:].argmax(-1).tolist() == [[0, 1], [0, 1]]
    counts = {key: value.tolist() for key, value in arrays(counts).items()}
    assert counts == {"moved": [1, 1], "lost": [1, 0], "invalid": [0, 0]}


@pytest.mark.parametrize("grids", [ONE, NOTES, SEVERAL], ids=["1", "2", "3"])
def test_there_and_back(grids):
    boxes, labels = scenes(1, grids, n=3)
    y, counts = yolo_encode(boxes, labels, grids)
    found, scores = map(ops.convert_to_numpy, yolo_decode(y, grids))
    counts = arrays(counts)
    for i in range(len(boxes)):
        there = scores[i].max(axis=-1) == 1
        objects = (labels[i] >= 0).sum()
        missing = counts["lost"][i] + counts["invalid"][i]
        assert there.sum() == objects - missing
        for box, score in zip(found[i][there], scores[i][there], strict=True):
            rows = np.abs(boxes[i] - box).max(axis=-1) < 1e-3
            assert labels[i][rows].tolist() == [score.argmax()]
    nowhere = scores.max(axis=-1) == 0
    assert (np.ptp(found[nowhere][:, ::2], axis=-1) == 0).all()


def test_activation_is_the_equation():
    rng = np.random.default_rng(2)
    t = rng.normal(0, 2, (2, SEVERAL.size, 9)).astype("float32")
    found = SEVERAL.maps(yolo_activate(t, SEVERAL))
    maps = SEVERAL.maps(t)
    for g, of_grid in enumerate(SEVERAL.anchors):
        x = ops.convert_to_numpy(maps[g]).astype("float64")
        want = 1 / (1 + np.exp(-x))
        sizes = np.array(of_grid)[:, ::-1] / SEVERAL.strides[g]
        want[..., 3:5] = np.exp(x[..., 3:5]) * sizes
        np.testing.assert_allclose(found[g], want, rtol=1e-4)
    joined = SEVERAL.join(maps)
    np.testing.assert_array_equal(joined, t)
    big = yolo_activate(ops.cast(np.full(t.shape, 6e4), "float16"), SEVERAL)
    assert np.isfinite(ops.convert_to_numpy(big)).all()


@pytest.mark.parametrize("batch, n", [(0, 3), (2, 0), (2, 1)])
def test_nothing_to_encode(batch, n):
    labels = np.full([batch, n], -1)
    y, counts = yolo_encode(np.full([batch, n, 4], np.nan), labels, NOTES)
    assert y.shape == (batch, NOTES.size, 8)
    assert not ops.convert_to_numpy(y).any()
    assert not any(value.any() for value in arrays(counts).values())


def test_what_is_no_number_is_counted():
    boxes = [[[np.nan, 0, 9, 9], [0, 0, np.inf, 9], [9, 9, 0, 0]]]
    y, counts = yolo_encode(boxes, [[0, 0, 0]], NOTES)
    assert arrays(counts)["invalid"].tolist() == [3]
    assert not ops.convert_to_numpy(y).any()


def test_the_ceiling():
    # The second overlaps the first by 0.8; the third is lost with one anchor.
    boxes = [[[10, 10, 60, 60], [10, 10, 60, 50], [210, 210, 260, 260]]]
    kinds = [[0, 0, 0]]
    found = yolo_ceiling(boxes, kinds, ONE)
    assert arrays(found)["count"].tolist() == [2]
    found = yolo_ceiling(boxes, kinds, NOTES)
    assert arrays(found)["count"].tolist() == [2]
    found = yolo_ceiling(boxes, kinds, NOTES, iou_threshold=0.9)
    assert arrays(found)["count"].tolist() == [3]
    found = yolo_ceiling(boxes, [[0, 1, 0]], NOTES, per_class=False)
    assert arrays(found)["count"].tolist() == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"image_shape": (0, 300)},
        {"strides": ()},
        {"strides": (100, 50)},
        {"anchors": ((),)},
        {"anchors": (((0, 5),),)},
        {"anchors": (((np.nan, 5),),)},
        {"anchors": (((5, 5, 5),),)},
        {"classes": 0},
    ],
)
def test_refuses_grids(change):
    with pytest.raises(ValueError, match="must be positive, with anchors"):
        dataclasses.replace(NOTES, **change)


def test_refuses_shapes():
    with pytest.raises(ValueError, match="`boxes` must have the shape"):
        yolo_encode(np.zeros([3, 4]), np.zeros([3]), NOTES)
