"""How close things are, against a plain loop."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures import mask_gaps


def things(mask, classes):
    """Yield the pixels of each region of joined neighbours, by flooding."""
    left = {tuple(p) for p in np.argwhere(np.isin(mask, classes))}
    while left:
        region, border = set(), [left.pop()]
        while border:
            y, x = border.pop()
            region.add((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left and mask[near] == mask[y, x]:
                    left.remove(near)
                    border.append(near)
        yield np.array(sorted(region))


def by_loop(mask, sigma, classes):
    regions = list(things(mask, classes))
    result = np.zeros(mask.shape)
    for place in np.ndindex(mask.shape):
        distances = sorted(
            np.sqrt(((r - place) ** 2).sum(1)).min() for r in regions
        )
        if len(distances) > 1 and distances[0] > 0:
            result[place] = np.exp(-(sum(distances[:2]) ** 2) / 2 / sigma**2)
    return np.where(result < 1 / 510, 0, result)


@pytest.mark.parametrize("sigma", [0.7, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("chosen", [None, [2]])
def test_equals_the_equation(sigma, chosen):
    rng = np.random.default_rng(int(10 * sigma))
    mask = np.zeros([18, 25], np.uint8)
    for label in (1, 1, 2, 2, 2):
        y, x = rng.integers(0, 14), rng.integers(0, 20)
        mask[y : y + 3, x : x + 4] = label
    mask[16, 4:9] = 255
    mask[1:4, 1:8] = [2, 2, 2, 0, 2, 2, 2]
    got = mask_gaps.closeness(mask, sigma, chosen)
    want = by_loop(mask, sigma, chosen or [1, 2])
    assert (want > 0).any()
    np.testing.assert_allclose(got, want, atol=1e-12)


def test_the_line_between_two_cells_weighs_most():
    mask = np.ones([9, 9], np.uint8)
    mask[:, 4] = 0
    got = mask_gaps.closeness(mask, 5.0)
    np.testing.assert_allclose(got[:, 4], np.exp(-4 / 50))
    assert not got[:, :4].any() and not got[:, 5:].any()


@pytest.mark.parametrize("value", [0, 1, 255])
def test_fewer_than_two_things_have_none(value):
    mask = np.zeros([5, 6], np.uint8)
    mask[2:4, 2:4] = value
    assert not mask_gaps.closeness(mask, 5.0).any()


def test_rows_are_those_asked_for_and_computed_once(monkeypatch):
    masks = np.zeros([3, 4, 5], np.uint8)
    masks[1, :, [0, 3]] = 1
    gaps = mask_gaps.Gaps(masks, 2.0)
    got = gaps.gather(tf.constant([1, 0], tf.int64))
    assert got.dtype == tf.uint8 and got.shape == (2, 4, 5)
    want = np.round(255 * mask_gaps.closeness(masks[1], 2.0))
    np.testing.assert_array_equal(got, [want, np.zeros([4, 5])])
    monkeypatch.setattr(mask_gaps, "closeness", None)
    np.testing.assert_array_equal(gaps.gather(tf.constant([1])), [want])
    assert gaps.gather(tf.zeros([0], tf.int64)).shape == (0, 4, 5)
