"""What regions of a picture look like, and how alike two of them are."""

import numpy as np
from scipy import ndimage

_COLOUR_BINS, _TEXTURE_BINS, _DIRECTIONS = 25, 10, 8
_TEXTURE_SIGMA = 1.0


class Appearance:
    """The bins of a picture's pixels, for the histograms of its regions.

    Colour has 25 bins a channel. Texture has 10 bins for each channel and
    each of eight directions: how much the picture, smoothed by a Gaussian of
    one pixel, rises there; the highest bin ends at the channel's maximum.

    Args:
        image: 0–255, `[h, w, channels]`.

    >>> Appearance(np.zeros([2, 2, 1])).histograms(np.zeros([2, 2], int))[
    ...     0].shape
    (1, 25)
    """

    def __init__(self, image):
        image = np.asarray(image, np.float64)
        colour = (image * (_COLOUR_BINS / 256)).astype(np.int64)
        self._colour = np.clip(colour, 0, _COLOUR_BINS - 1)
        self._texture = _texture(image)

    def histograms(self, labels):
        """Return the histograms of colour and texture, each row a sum of 1.

        Args:
            labels: the region of each pixel, from 0, `[h, w]`.

        Returns:
            Two float64 arrays `[regions, bins]`.
        """
        return (
            _histogram(labels, self._colour, _COLOUR_BINS),
            _histogram(labels, self._texture, _TEXTURE_BINS),
        )


def _texture(image):
    sigma = (_TEXTURE_SIGMA, _TEXTURE_SIGMA)
    y, x = (
        ndimage.gaussian_filter(image, (*sigma, 0), (*order, 0), mode="nearest")
        for order in ((1, 0), (0, 1))
    )
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    parts = [x * np.cos(angle) + y * np.sin(angle) for angle in angles]
    slopes = np.maximum(np.concatenate(parts, -1), 0)
    most = slopes.max(axis=(0, 1), keepdims=True)
    slopes *= _TEXTURE_BINS / np.where(most > 1e-9, most, 1.0)
    return np.minimum(slopes.astype(np.int32), _TEXTURE_BINS - 1)


def _histogram(labels, bins, count):
    regions = int(labels.max()) + 1
    starts = labels * count
    columns = [
        np.bincount(
            (starts + bins[..., column]).ravel(), minlength=regions * count
        ).reshape(regions, count)
        for column in range(bins.shape[-1])
    ]
    counts = np.concatenate(columns, 1)
    return counts / counts.sum(1, keepdims=True)


def boxes(labels):
    """Return the box of each region, `xyxy` from edge to edge.

    Args:
        labels: the region of each pixel, from 0, `[h, w]`.

    Returns:
        int64 `[regions, 4]`.

    >>> boxes(np.array([[0, 0, 1], [2, 0, 1]])).tolist()
    [[0, 0, 2, 2], [2, 0, 3, 2], [0, 1, 1, 2]]
    """
    slices = ndimage.find_objects(labels + 1)
    return np.array(
        [[x.start, y.start, x.stop, y.stop] for y, x in slices], np.int64
    )


def neighbours(labels):
    """Return the pairs of regions that touch, by a side or a corner.

    Args:
        labels: the region of each pixel, from 0, `[h, w]`.

    Returns:
        int64 `[pairs, 2]`, the lower number first, sorted.

    >>> neighbours(np.array([[0, 0, 1], [2, 2, 2]])).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    parts = [
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
        (labels[:-1, :-1], labels[1:, 1:]),
        (labels[:-1, 1:], labels[1:, :-1]),
    ]
    pairs = np.concatenate(
        [np.stack([a.ravel(), b.ravel()], 1) for a, b in parts]
    )
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    count = int(labels.max()) + 1
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])
    return np.stack([codes // count, codes % count], 1)
