"""Regions of the first stage, answers of the second, against plain loops."""

import keras
import numpy as np
import pytest

from kerasnotes import ops

GRIDS = ops.Grids((24, 40), (8,), (((10, 14), (20, 9)),), classes=2)


def numbers(*shape, seed=0, scale=1.0):
    generator = np.random.default_rng(seed)
    return (scale * generator.normal(size=shape)).astype("float32")


def overlap(a, b):
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = np.prod(np.maximum(sides, 0))
    areas = sum(np.prod(x[2:] - x[:2]) for x in (a, b))
    return both / (areas - both)


def moved(deltas, anchor):
    """Return an anchor's box, clipped to the picture."""
    centre, sides = (anchor[:2] + anchor[2:]) / 2, anchor[2:] - anchor[:2]
    centre = centre + deltas[:2] * sides
    sides = sides * np.exp(deltas[2:])
    box = np.concatenate([centre - sides / 2, centre + sides / 2])
    return np.clip(box, 0, [40, 24, 40, 24])


def loop(y, count, iou_threshold, smallest):
    anchors = np.asarray(ops.anchor_boxes(GRIDS))
    boxes = [moved(y[i, 1:], anchors[i]) for i in range(len(y))]
    left = []
    for i in np.argsort(-y[:, 0], kind="stable"):
        if (boxes[i][2:] - boxes[i][:2]).min() < smallest:
            continue
        if all(overlap(boxes[i], box) < iou_threshold for box in left):
            left.append(boxes[i])
    left = left[:count]
    return np.array(left + [np.zeros(4)] * (count - len(left)))


@pytest.mark.parametrize("count", [5, 40])
def test_proposals_are_those_of_a_plain_loop(count):
    y = numbers(3, GRIDS.size, 5, scale=0.7)
    got = ops.region_proposals(y, GRIDS, count, 0.6, smallest=4.0)
    assert got.shape == (3, count, 4)
    for rows, outputs in zip(got.numpy(), y, strict=True):
        want = loop(outputs.astype("float64"), count, 0.6, 4.0)
        np.testing.assert_allclose(rows, want, atol=1e-3)


def test_few_candidates_are_the_likeliest():
    y = numbers(1, GRIDS.size, 5, scale=0.7)
    got = ops.region_proposals(y, GRIDS, 10, 1.0, candidates=3)
    want = loop(y[0].astype("float64"), 3, 1.1, 1.0)
    np.testing.assert_allclose(got[0, :3], want, atol=1e-3)
    assert not got[0, 3:].numpy().any()


def test_no_gradient_passes_and_nothing_is_no_number():
    y = keras.ops.convert_to_tensor(numbers(1, GRIDS.size, 5))
    y = keras.ops.where(y > 1, np.nan, y)
    got = ops.region_proposals(y, GRIDS, 8).numpy()
    assert np.isfinite(got).all() and (got >= 0).all()


def test_answers_are_those_of_a_plain_loop():
    y = numbers(2, 6, 4 + 3 + 8, seed=1)
    y[..., :4] = [[2, 3, 20, 15]]
    y[1, 4, :4] = 0
    boxes, scores = ops.region_answers(y, 2, (24, 40))
    assert boxes.shape == (2, 6, 2, 4) and scores.shape == (2, 6, 2)
    for b in range(2):
        for n in range(6):
            row = y[b, n].astype("float64")
            chances = np.exp(row[4:7]) / np.exp(row[4:7]).sum()
            if (b, n) == (1, 4):
                assert not scores[b, n].numpy().any()
                continue
            np.testing.assert_allclose(scores[b, n], chances[1:], rtol=1e-5)
            for c in range(2):
                deltas = row[7 + 4 * c : 11 + 4 * c] * [0.1, 0.1, 0.2, 0.2]
                want = moved(deltas, row[:4])
                np.testing.assert_allclose(boxes[b, n, c], want, atol=1e-3)
