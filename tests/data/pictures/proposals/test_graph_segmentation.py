"""Graph segmentation beside a plain loop of the paper's algorithm."""

import numpy as np
import pytest

from kerasnotes.data.pictures.proposals import graph_segmentation


def edges(image):
    """Yield weight and both ends of each edge, in the documented order."""
    height, width = image.shape[:2]
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        for y in range(height - down):
            for x in range(width):
                if 0 <= x + right < width:
                    there = (y + down, x + right)
                    distance = np.sqrt(sum((image[y, x] - image[there]) ** 2))
                    yield np.float32(distance), (y, x), there


def by_loop(image, scale, min_size):
    """Return the regions, from sets of pixels."""
    order = sorted(edges(image), key=lambda edge: edge[0])
    component = {
        (y, x): frozenset([(y, x)])
        for y in range(image.shape[0])
        for x in range(image.shape[1])
    }
    internal = dict.fromkeys(component.values(), 0.0)

    def join(a, b):
        both = a | b
        component.update(dict.fromkeys(both, both))
        return both

    for weight, here, there in order:
        a, b = component[here], component[there]
        limits = [internal[c] + scale / len(c) for c in (a, b)]
        if a is not b and weight <= min(limits):
            internal[join(a, b)] = weight
    for _, here, there in order:
        a, b = component[here], component[there]
        if a is not b and min(len(a), len(b)) < min_size:
            join(a, b)
    numbers = {}
    for place in sorted(component):
        numbers.setdefault(component[place], len(numbers))
    labels = [numbers[component[place]] for place in sorted(component)]
    return np.reshape(labels, image.shape[:2])


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_loop(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 18, 2)
    # Few levels have many edges of one weight.
    levels, channels = rng.choice([2, 5, 256]), rng.choice([1, 3])
    image = rng.integers(0, levels, (height, width, channels)).astype(float)
    if seed % 2:
        image = graph_segmentation.smooth(image)
    scale, min_size = rng.choice([1, 10, 100, 500]), rng.choice([1, 5, 20])
    np.testing.assert_array_equal(
        graph_segmentation.PixelGraph(image).segments(scale, min_size),
        by_loop(image, float(scale), min_size),
    )


@pytest.mark.parametrize("chunks", [(1, 1), (7, 3)])
def test_chunks_change_nothing(monkeypatch, chunks):
    rng = np.random.default_rng(0)
    image = graph_segmentation.smooth(rng.integers(0, 256, (30, 40, 3)))
    graph = graph_segmentation.PixelGraph(image)
    labels = graph.segments(200, 12)
    monkeypatch.setattr(graph_segmentation, "_CHUNK", chunks[0])
    monkeypatch.setattr(graph_segmentation, "_SMALL_CHUNK", chunks[1])
    monkeypatch.setattr(graph_segmentation, "_SHARE", 0.6)
    np.testing.assert_array_equal(graph.segments(200, 12), labels)
    assert labels.max() > 5
    assert np.bincount(labels.ravel()).min() >= 12
