"""Windows of pictures with masks: about rare classes, or side by side."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures import mask_sizes
from kerasnotes.data.pictures.augmentation.warping import Geometry

_LEFT, _TOP = (Geometry.COLUMNS.index(name) for name in ("left", "top"))


class Tiles:
    """The tiles of a size that cover a picture.

    The last of a row or a column is moved back into the picture; what of it
    an earlier one has is ignored there, so that each pixel counts once.

    Args:
        size: height and width of the pictures.
        tile: height and width of the tiles.
        extra: rows and columns that pictures, and their tiles, have beside
            those of the masks.

    Attributes:
        count: the tiles of a picture.

    Call arguments:
        pictures: `[b, height + extra[0], width + extra[1], c]`.
        masks: uint8 `[b, height, width]`, or with a last axis.
        tiles: which of the tiles, from 0, int64 `[b]`.

    Raises:
        ValueError: a tile is larger than a picture.

    >>> tiles = Tiles((1, 5), (1, 3))
    >>> picture = tf.range(5)[tf.newaxis, tf.newaxis, :, tf.newaxis]
    >>> x, y = tiles(picture, tf.zeros([1, 1, 5], tf.uint8), [1])
    >>> x.numpy().ravel().tolist(), y.numpy().ravel().tolist()
    ([2, 3, 4], [255, 0, 0])
    """

    def __init__(self, size, tile, extra=(0, 0)):
        check(size, tile)
        self._tile, starts, firsts = tuple(tile), [], []
        self._larger = tuple(a + b for a, b in zip(tile, extra, strict=True))
        for side, length in zip(size, tile, strict=True):
            first = np.arange(0, side, length)
            starts.append(np.minimum(first, side - length))
            firsts.append(first)
        self._starts = _pairs(*starts)
        self._firsts = _pairs(*firsts)
        self.count = len(self._starts)

    def __call__(self, pictures, masks, tiles):
        """Return the tiles of pictures and masks, one of each."""
        starts, firsts = (
            tf.gather(tf.constant(values), tiles)
            for values in (self._starts, self._firsts)
        )
        rows, columns = _places(starts, self._tile)
        pictures = _gathered(pictures, *_places(starts, self._larger))
        masks = _gathered(masks, rows, columns)
        new = (rows >= firsts[:, :1])[:, :, None] & (
            columns >= firsts[:, 1:]
        )[:, None, :]  # fmt: skip
        if masks.shape.rank == 4:
            new = new[..., None]
        ignored = tf.cast(mask_sizes.IGNORED, masks.dtype)
        return pictures, tf.where(new, masks, ignored)


def _places(starts, size):
    """Return rows and columns of windows, `[b, height]` and `[b, width]`."""
    return (
        starts[:, axis, None] + tf.range(side, dtype=tf.int64)
        for axis, side in enumerate(size)
    )


def _gathered(values, rows, columns):
    values = tf.gather(values, rows, axis=1, batch_dims=1)
    return tf.gather(values, columns, axis=2, batch_dims=1)


def _pairs(rows, columns):
    pairs = np.meshgrid(rows, columns, indexing="ij")
    return np.stack(pairs, -1).reshape(-1, 2).astype(np.int64)


class Windows:
    """Where the windows of training pictures lie.

    Args:
        examples: the `MaskExamples`.
        crop: height and width of a window.
        rare_share: of the windows, how many are about a pixel of a class
            that isn't the most frequent one of all pictures.

    Attributes:
        width: the random numbers that each window needs.

    Call arguments:
        rows: which of the examples, int64 `[b]`.
        numbers: those of the policy, `[b, n]`, of which the first are its
            geometry's.
        places: `[b, width]`.

    Returns:
        The numbers of the policy, by which its windows lie there.
    """

    width = 3

    def __init__(self, examples, crop, rare_share):
        self._size, self._crop = tuple(examples.images.shape[1:3]), crop
        self._masks, self._rare_share = examples.labels, rare_share
        pixels = examples.pixels[:, : len(examples.class_names)]
        present = pixels > 0
        present[:, np.argmax(pixels.sum(0))] = False
        self._rare = [np.flatnonzero(row) for row in present]

    def __call__(self, rows, numbers, places):
        """Return the numbers of the policy, by which its windows lie there."""
        if not self._rare_share:
            return numbers
        lefts, tops = tf.numpy_function(
            self._about_rare,
            [rows, numbers[:, _LEFT], numbers[:, _TOP], places],
            [tf.float32, tf.float32],
            stateful=False,
        )
        columns = tf.unstack(numbers, axis=1)
        columns[_LEFT] = tf.ensure_shape(lefts, columns[_LEFT].shape)
        columns[_TOP] = tf.ensure_shape(tops, columns[_TOP].shape)
        return tf.stack(columns, 1)

    def _about_rare(self, rows, lefts, tops, places):
        lefts, tops = lefts.copy(), tops.copy()
        for i, (row, place) in enumerate(zip(rows, places, strict=True)):
            rare = self._rare[row]
            if place[0] >= self._rare_share or not len(rare):
                continue
            label = rare[int(place[1] * len(rare))]
            pixels = np.flatnonzero(self._masks[row] == label)
            y, x = divmod(pixels[int(place[2] * len(pixels))], self._size[1])
            tops[i], lefts[i] = (
                _number(middle, side, length)
                for middle, side, length in zip(
                    (y, x), self._size, self._crop, strict=True
                )
            )
        return lefts.astype(np.float32), tops.astype(np.float32)


def _number(middle, side, length):
    """Return the number by which `Geometry` puts a window about a pixel.

    It lies at `⌊number · (side - length + 1)⌋`.

    >>> _number(3, 10, 4), _number(9, 10, 4)
    (0.21428571428571427, 0.9285714285714286)
    """
    first = min(max(middle - length // 2, 0), side - length)
    return (first + 0.5) / (side - length + 1)


def check(size, tile):
    """Refuses tiles that are larger than the pictures.

    Raises:
        ValueError: see above.
    """
    if any(a < b for a, b in zip(size, tile, strict=True)):
        raise ValueError(
            f"`tile` fits into pictures of {tuple(size)}. Received: "
            f"{tuple(tile)}"
        )
