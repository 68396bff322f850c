"""Segmentation of a picture as a graph of its pixels."""

import numpy as np
from scipy import ndimage

SIGMA = 0.8
"""The standard deviation, in pixels, by which a picture is smoothed."""
# Edges between two cleanings of their list.
_CHUNK, _SMALL_CHUNK = 2**15, 2**11
# Rounds go on while each merges this share of the components.
_SHARE = 0.15


class PixelGraph:
    """A picture as a graph, whose components are its regions.

    Pixels are joined to their eight neighbours by edges, weighted by the
    distance of their colours.

    Args:
        image: `[h, w, channels]`, smoothed.

    Source: Felzenszwalb and Huttenlocher, Efficient graph-based image
    segmentation (2004).

    >>> PixelGraph(np.array([[[0.0], [1], [9], [8]]])).segments(2, 1)
    array([[0, 0, 1, 1]])
    """

    def __init__(self, image):
        self.shape = image.shape[:2]
        self.edges = _edges(np.asarray(image, np.float64))

    def segments(self, scale, min_size):
        """Return the regions.

        From the lightest edge on, the two components C of an edge of weight w
        are merged if

        `w ≤ min(Int(C₁) + scale / |C₁|, Int(C₂) + scale / |C₂|)`

        where Int(C) is the heaviest edge by which C was merged. Then
        components of fewer than `min_size` pixels are merged with a
        neighbour, along the lightest edges first. Edges of one weight are
        taken in the order right, down, down right, down left, and row by row.

        Args:
            scale: the larger, the larger the regions, in units of the
                colours.
            min_size: of a region, in pixels.

        Returns:
            int64 `[h, w]`, regions numbered from 0 in the order of their
            first pixel.
        """
        first, second, weights = self.edges
        components = _Components(self.shape[0] * self.shape[1], scale)
        components.merge(first, second, weights)
        components.absorb(first, second, min_size)
        return _in_order(components.labels).reshape(self.shape)


def smooth(image):
    """Return a picture smoothed by a Gaussian, float64 `[h, w, channels]`.

    >>> smooth(np.full([2, 2, 1], 7)).round(6).ravel().tolist()
    [7.0, 7.0, 7.0, 7.0]
    """
    image = np.asarray(image, np.float64)
    return ndimage.gaussian_filter(image, (SIGMA, SIGMA, 0), mode="nearest")


def _edges(image):
    """Return both ends and the weights of all edges, lightest first."""
    height, width = image.shape[:2]
    # int32: half the memory to move, of far more pixels than there are.
    pixels = np.arange(height * width, dtype=np.int32).reshape(height, width)
    here, there = np.s_[:-1], np.s_[1:]
    every = np.s_[:]
    pairs = [
        ((every, here), (every, there)),
        ((here, every), (there, every)),
        ((here, here), (there, there)),
        ((here, there), (there, here)),
    ]
    parts = [
        (
            pixels[a].ravel(),
            pixels[b].ravel(),
            _distances(image[a], image[b]).ravel(),
        )
        for a, b in pairs
    ]
    first, second, weights = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(weights, kind="stable")
    return first[order], second[order], weights[order]


def _distances(a, b):
    """Return the distances of colours, float32, channel by channel."""
    total = 0.0
    for channel in range(a.shape[-1]):
        total = total + (a[..., channel] - b[..., channel]) ** 2
    return np.sqrt(total).astype(np.float32)


def _in_order(labels):
    """Return labels renumbered by where they are first."""
    _, places, labels = np.unique(
        labels, return_index=True, return_inverse=True
    )
    order = np.empty(len(places), np.int64)
    order[np.argsort(places)] = np.arange(len(places))
    return order[labels]


class _Components:
    """Components of pixels, with their sizes and limits.

    The limit of a component is the weight up to which it merges. Two rules
    give what edges taken one by one would, and need a fraction of the steps:
    an edge that is the first left of both its components can be taken at
    once, and a component whose first edge is above its limit is complete.

    Args:
        count: the number of pixels.
        scale: see `segments`.

    Attributes:
        labels: the component of each pixel, `[count]`.
        sizes: the pixels of each component.
        limits: that of each.
    """

    def __init__(self, count, scale):
        self.labels = np.arange(count, dtype=np.int32)
        self.sizes = np.ones(count, np.int64)
        self.limits = np.full(count, float(scale))
        self.scale = float(scale)

    def merge(self, a, b, weights):
        """Merge along edges between pixels `a` and `b`, lightest first."""
        share = 1.0
        while share > _SHARE and len(weights):
            count = len(self.sizes)
            a, b, weights = self._round(a, b, weights)
            share = 1 - len(self.sizes) / count
        self._one_by_one(a, b, weights)

    def _round(self, a, b, weights):
        """Merge along all edges that are the first of both components.

        Returns:
            The edges left, between the components that there are now.
        """
        first = np.full(len(self.sizes), len(weights), np.int32)
        places = np.arange(len(weights), dtype=np.int32)
        np.minimum.at(first, a, places)
        np.minimum.at(first, b, places)
        lightest = np.append(weights, np.float32(np.inf))[first]
        open_ = lightest <= self.limits
        both = open_[a] & open_[b]
        use = (first[a] == places) & (first[b] == places) & both
        c, d = a[use], b[use]
        self.sizes[c] += self.sizes[d]
        self.limits[c] = weights[use] + self.scale / self.sizes[c]
        left = both & ~use
        names = np.arange(len(self.sizes), dtype=np.int32)
        names[d] = c
        self._rename(names)
        a, b = self._names[a], self._names[b]
        left &= a != b
        return a[left], b[left], weights[left]

    def _one_by_one(self, first, second, weights):
        parents = list(range(len(self.sizes)))
        sizes, limits = self.sizes.tolist(), self.limits.tolist()
        while len(weights):
            parts = (
                side[:_CHUNK].tolist() for side in (first, second, weights)
            )
            for a, b, weight in zip(*parts, strict=True):
                # Two calls of a function would take longer than the rest.
                while parents[a] != a:
                    parents[a] = a = parents[parents[a]]
                while parents[b] != b:
                    parents[b] = b = parents[parents[b]]
                if a != b and weight <= limits[a] and weight <= limits[b]:
                    parents[b] = a
                    sizes[a] += sizes[b]
                    limits[a] = weight + self.scale / sizes[a]
            first, second, weights = (
                side[_CHUNK:] for side in (first, second, weights)
            )
            if len(weights):
                roots = _roots(parents)
                first, second = roots[first], roots[second]
                open_ = np.array(limits) >= weights[0]
                use = (first != second) & open_[first] & open_[second]
                first, second, weights = first[use], second[use], weights[use]
        self.sizes, self.limits = np.array(sizes), np.array(limits)
        self._rename(_roots(parents))

    def absorb(self, first, second, min_size):
        """Merge components below a size, along edges in their order."""
        first, second = self.labels[first], self.labels[second]
        parents = list(range(len(self.sizes)))
        sizes = self.sizes.tolist()
        while len(first):
            roots = _roots(parents)
            first, second = roots[first], roots[second]
            small = np.array(sizes) < min_size
            use = (first != second) & (small[first] | small[second])
            first, second = first[use], second[use]
            parts = (side[:_SMALL_CHUNK].tolist() for side in (first, second))
            for a, b in zip(*parts, strict=True):
                a, b = _root(parents, a), _root(parents, b)
                if a != b and (sizes[a] < min_size or sizes[b] < min_size):
                    parents[b] = a
                    sizes[a] += sizes[b]
            first, second = first[_SMALL_CHUNK:], second[_SMALL_CHUNK:]
        self.sizes = np.array(sizes)
        self._rename(_roots(parents))

    def _rename(self, roots):
        """Numbers the components anew that are roots."""
        left = roots == np.arange(len(roots))
        self.sizes, self.limits = self.sizes[left], self.limits[left]
        self._names = (np.cumsum(left, dtype=np.int32) - 1)[roots]
        self.labels = self._names[self.labels]


def _root(parents, place):
    while parents[place] != place:
        parents[place] = place = parents[parents[place]]
    return place


def _roots(parents):
    """Return the root of each component, int32."""
    roots = np.array(parents, np.int32)
    while True:
        above = roots[roots]
        if np.array_equal(above, roots):
            return roots
        roots = above
