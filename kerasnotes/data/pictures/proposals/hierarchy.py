"""Regions merged step by step, the most alike first."""

import numpy as np

from kerasnotes.data.pictures.proposals import regions

MEASURES = ("colour", "texture", "size", "fill")


def boxes(labels, histograms, measures=MEASURES):
    """Return the boxes of all regions of a hierarchy, the top first.

    Of all neighbours the two most alike are merged, until one region is left.
    With the share of the picture |r| of a region, its histograms c of colour
    and t of texture, and B the box around both, their likeness is the sum of

    - colour: `Σ min(c₁, c₂)`
    - texture: `Σ min(t₁, t₂)`
    - size: `1 - |r₁| - |r₂|`
    - fill: `1 - (|B| - |r₁| - |r₂|)`

    A merged region's histograms are the means, weighted by size. Of equally
    alike pairs that of the lowest numbers is taken.

    Args:
        labels: the region of each pixel, from 0, `[h, w]`.
        histograms: of the regions, see `regions.Appearance.histograms`.
        measures: which of the four count.

    Returns:
        int64 `[2 regions - 1, 4]`, `xyxy`: the picture, then regions in the
        reverse order of their merging, last those of the segmentation.

    Source: Uijlings et al., Selective search for object recognition (2013).

    >>> labels = np.array([[0, 1, 2]])
    >>> look = regions.Appearance(np.array([[[0.0], [0], [200]]]))
    >>> boxes(labels, look.histograms(labels)).tolist()[:2]
    [[0, 0, 3, 1], [0, 0, 2, 1]]
    """
    merging = _Merging(labels, histograms, measures)
    merged = [merging.step() for _ in range(len(merging.sizes) - 1)]
    single = regions.boxes(labels)
    return np.concatenate([np.reshape(merged[::-1], (-1, 4)), single])


class _Merging:
    """The regions that there are, and how alike neighbours are.

    A merged region takes the lower of the two numbers.
    """

    def __init__(self, labels, histograms, measures):
        self.area = labels.size
        self.boxes = regions.boxes(labels)
        self.sizes = np.bincount(labels.ravel()) / labels.size
        self.colour, self.texture = (part.copy() for part in histograms)
        self.measures = measures
        count = len(self.sizes)
        self.alike = np.full((count, count), -np.inf)
        pairs = regions.neighbours(labels)
        a, b = pairs[:, 0], pairs[:, 1]
        self.alike[a, b] = self.alike[b, a] = self._likeness(a, b)
        self.best = self.alike.max(1)

    def _likeness(self, a, b):
        total = np.zeros(len(b))
        if "colour" in self.measures:
            total += np.minimum(self.colour[a], self.colour[b]).sum(-1)
        if "texture" in self.measures:
            total += np.minimum(self.texture[a], self.texture[b]).sum(-1)
        both = self.sizes[a] + self.sizes[b]
        if "size" in self.measures:
            total += 1 - both
        if "fill" in self.measures:
            low = np.minimum(self.boxes[a, ..., :2], self.boxes[b, ..., :2])
            high = np.maximum(self.boxes[a, ..., 2:], self.boxes[b, ..., 2:])
            total += 1 - ((high - low).prod(-1) / self.area - both)
        return total

    def step(self):
        """Merge two regions, and return the box of what they become."""
        a = int(np.argmax(self.best))
        b = int(np.argmax(self.alike[a]))
        near = np.flatnonzero(np.maximum(self.alike[a], self.alike[b]) > -9)
        near = near[(near != a) & (near != b)]
        self._join(a, b)
        self.alike[b] = self.alike[:, b] = -np.inf
        self.best[b] = -np.inf
        if len(near):
            values = self._likeness(a, near)
            self.alike[a, near] = self.alike[near, a] = values
            self.best[near] = self.alike[near].max(1)
        self.best[a] = self.alike[a].max()
        return self.boxes[a].copy()

    def _join(self, a, b):
        share = self.sizes[a] / (self.sizes[a] + self.sizes[b])
        for rows in (self.colour, self.texture):
            rows[a] = share * rows[a] + (1 - share) * rows[b]
        self.sizes[a] += self.sizes[b]
        self.boxes[a, :2] = self.boxes[[a, b], :2].min(0)
        self.boxes[a, 2:] = self.boxes[[a, b], 2:].max(0)
