"""The hierarchy beside one from sets of pixels, anew at each step."""

import numpy as np
import pytest

from kerasnotes.data.pictures.proposals import hierarchy, regions


def blocks(seed, shape=(12, 15), count=9):
    """Return a picture and its regions, the cells around random points."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, shape, (count, 2))
    grid = np.stack(np.indices(shape), -1)
    distance = ((grid[:, :, None] - points) ** 2).sum(-1)
    _, labels = np.unique(distance.argmin(-1), return_inverse=True)
    image = rng.integers(0, 256, (count, 3))[labels.reshape(shape)]
    image = image + rng.integers(-20, 21, (*shape, 3))
    return np.clip(image, 0, 255), labels.reshape(shape)


def box(mask):
    rows, columns = np.nonzero(mask)
    return np.array(
        [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    )


def touch(a, b):
    around = np.pad(a, 1)
    height, width = a.shape
    grown = sum(
        around[y : y + height, x : x + width].astype(int)
        for y in range(3)
        for x in range(3)
    )
    return bool((grown.astype(bool) & b).any())


def by_loop(labels, appearance, measures):
    masks = {i: labels == i for i in range(labels.max() + 1)}
    merged = []

    def histograms(mask):
        # Of a region and the rest, the region's.
        both = appearance.histograms(mask.astype(int))
        return [part[1] if mask.any() else part[0] for part in both]

    def likeness(a, b):
        total = 0.0
        size = (a.sum() + b.sum()) / a.size
        pairs = zip(histograms(a), histograms(b), strict=True)
        colour, texture = (np.minimum(c, d).sum() for c, d in pairs)
        left, top, right, bottom = box(a | b)
        fill = 1 - ((right - left) * (bottom - top) / a.size - size)
        values = {
            "colour": colour,
            "texture": texture,
            "size": 1 - size,
            "fill": fill,
        }
        for measure in measures:
            total += values[measure]
        return total

    while len(masks) > 1:
        pairs = [
            (likeness(masks[i], masks[j]), -i, -j)
            for i in masks
            for j in masks
            if i < j and touch(masks[i], masks[j])
        ]
        _, i, j = max(pairs)
        masks[-i] = masks[-i] | masks.pop(-j)
        merged.append(box(masks[-i]))
    return merged[::-1]


@pytest.mark.parametrize(
    "measures", [hierarchy.MEASURES, ("texture", "size", "fill"), ("colour",)]
)
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_loop(seed, measures):
    image, labels = blocks(seed)
    appearance = regions.Appearance(image)
    histograms = appearance.histograms(labels)
    boxes = hierarchy.boxes(labels, histograms, measures)
    expected = by_loop(labels, appearance, measures)
    count = labels.max() + 1
    assert len(boxes) == 2 * count - 1
    np.testing.assert_array_equal(boxes[: count - 1], expected)
    np.testing.assert_array_equal(
        boxes[count - 1 :], [box(labels == i) for i in range(count)]
    )
    assert boxes[0].tolist() == [0, 0, 15, 12]
    # What was handed over stays as it was.
    for part, again in zip(
        histograms, appearance.histograms(labels), strict=True
    ):
        np.testing.assert_array_equal(part, again)


def test_histograms_are_counts():
    image, labels = blocks(7)
    colour, texture = regions.Appearance(image).histograms(labels)
    assert colour.shape[1:] == (75,)
    assert texture.shape[1:] == (240,)
    for i in range(labels.max() + 1):
        values = image[labels == i]
        expected = [
            np.histogram(values[:, c], 25, (0, 256))[0] for c in range(3)
        ]
        expected = np.concatenate(expected) / (3 * len(values))
        np.testing.assert_allclose(colour[i], expected)
    np.testing.assert_allclose(texture.sum(1), 1)


def test_texture_has_directions():
    """A picture that rises to the right rises in no opposite direction."""
    image = np.tile(np.arange(0, 200, 10.0)[:, None], (20, 1, 1))
    labels = np.zeros((20, 20), int)
    labels[:, 10:] = 1
    _, texture = regions.Appearance(image).histograms(labels)
    bins = texture[0].reshape(8, 10)
    low = bins[:, 0] * 8
    np.testing.assert_allclose(low[[2, 3, 4, 5, 6]], 1)
    assert low[0] < 0.2


def test_neighbours_touch():
    _, labels = blocks(3)
    count = labels.max() + 1
    expected = [
        [i, j]
        for i in range(count)
        for j in range(i + 1, count)
        if touch(labels == i, labels == j)
    ]
    assert regions.neighbours(labels).tolist() == expected
