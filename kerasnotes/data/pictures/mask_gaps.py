"""Where two things of a picture are close: what a network should part."""

import math

import numpy as np
import tensorflow as tf
from scipy import ndimage

from kerasnotes.data.pictures import mask_sizes

# Less is 0 in 255ths.
_LEAST = 1 / 510


def closeness(mask, sigma, things=None):
    """Return how close two things are about each pixel between them.

    `e = exp(-(d₁ + d₂)² / 2σ²)`, with the distances d₁ and d₂ from the pixel's
    centre to those of the nearest pixels of the nearest thing and of the next
    one. In things it is 0. A thing is a region of pixels of one class that are
    joined above, below, left or right.

    Args:
        mask: integers `[height, width]`; 255 is of no thing.
        sigma: σ, in pixels.
        things: the classes that have things; None for all but 0.

    Returns:
        float64 `[height, width]`, 0 where it is less than 1/510.

    Source: Ronneberger et al., U-Net (2015), equation 2.

    >>> closeness(np.array([[1, 0, 2, 0, 0]]), sigma=2.0).round(3).tolist()
    [[0.0, 0.607, 0.0, 0.135, 0.011]]
    """
    reach = sigma * math.sqrt(-2 * math.log(_LEAST))
    first, second = np.full((2, *mask.shape), np.inf)
    for region, near in _things(mask, things, math.ceil(reach)):
        distance = ndimage.distance_transform_edt(~region)
        nearest = first[near]
        second[near] = np.minimum(second[near], np.maximum(nearest, distance))
        first[near] = np.minimum(nearest, distance)
    result = np.exp(-((first + second) ** 2) / (2 * sigma**2))
    return np.where((first > 0) & (result >= _LEAST), result, 0.0)


def _things(mask, things, reach):
    """Yield each thing's pixels in a box around it, and the box as slices.

    Args:
        mask: see `closeness`.
        things: likewise.
        reach: how far the box goes beyond the thing.
    """
    if things is None:
        things = np.setdiff1d(mask, [0, mask_sizes.IGNORED])
    for label in things:
        numbers, _ = ndimage.label(mask == label)
        for i, box in enumerate(ndimage.find_objects(numbers), start=1):
            near = tuple(
                slice(max(part.start - reach, 0), part.stop + reach)
                for part in box
            )
            yield numbers[near] == i, near


class Gaps:
    """The closeness of things in each picture, computed when it is needed.

    Args:
        masks: uint8 `[n, height, width]`.
        sigma: see `closeness`.
        things: see `closeness`.

    >>> gaps = Gaps(np.array([[[1, 0, 2]]], "uint8"), sigma=2.0)
    >>> gaps.gather(tf.constant([0])).numpy().tolist()
    [[[0, 155, 0]]]
    """

    def __init__(self, masks, sigma, things=None):
        self._masks, self._sigma, self._things = masks, sigma, things
        self._maps = {}

    def gather(self, indices):
        """Return those of pictures, in 255ths, uint8 `[b, height, width]`.

        Args:
            indices: int64 `[b]`.
        """
        maps = tf.numpy_function(
            self._rows, [indices], tf.uint8, stateful=False
        )
        shape = [*indices.shape, *self._masks.shape[1:]]
        return tf.ensure_shape(maps, shape)

    def _rows(self, indices):
        rows = [self._map(int(i)) for i in indices]
        return np.array(rows, np.uint8).reshape(-1, *self._masks.shape[1:])

    def _map(self, i):
        if i not in self._maps:
            values = closeness(self._masks[i], self._sigma, self._things)
            self._maps[i] = np.round(255 * values).astype(np.uint8)
        return self._maps[i]
