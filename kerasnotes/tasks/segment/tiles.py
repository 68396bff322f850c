"""Pictures larger than the network's input: tiles that overlap, blended."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures import mask_context

OVERLAP = 0.5
"""The share of its side that a tile has in common with the next."""
_TOGETHER = 8
_SIGMA = 0.25


def blended(predict, picture, tile, classes, context=None):
    """Return the probabilities of each pixel of a picture of any size.

    With the tiles t that have a pixel, their answers p_t there and weights
    w_t, which fall like a Gaussian from the middle of a tile to its border,
    `p = Σ w_t p_t / Σ w_t`. Where one tile has the whole picture, that is its
    answer. A picture smaller than a tile is mirrored at its border.

    With a context tiles show what is around them, and an answer depends little
    on which tile gives it: they lie side by side, and overlap no more than
    they must.

    Args:
        predict: a function of pictures `[b, *tile, c]`, or
            `[b, *context.inputs, c]`, that returns the probabilities
            `[b, *tile, classes]`.
        picture: float32 `[height, width, c]`.
        tile: height and width of a tile.
        classes: the number of classes.
        context: the `mask_context.Context` of a tile, or None.

    Returns:
        float32 `[height, width, classes]`.

    >>> picture = tf.reshape(tf.range(10.0), [2, 5, 1])
    >>> answer = blended(lambda x: x, picture, (2, 3), 1)
    >>> answer.numpy().ravel().round(4).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    """
    shape = tf.shape(picture)[:2]
    padded = tf.maximum(shape, tile)
    overlap = 0.0 if context else OVERLAP
    starts = [starts_of(padded[axis], tile[axis], overlap) for axis in (0, 1)]
    pairs = tf.reshape(
        tf.stack(tf.meshgrid(*starts, indexing="ij"), -1), [-1, 2]
    )
    window = tf.constant(weights(tile), tf.float32)[..., tf.newaxis]
    total = padded[0] * padded[1]

    def add(first, sums):
        part = pairs[first : first + _TOGETHER]
        rows, columns = _places(part, (0, 0), tile)
        around = rows, columns
        if context:
            around = _places(part, context.before, context.inputs)
        tiles = _gathered(picture, *around)
        answers = tf.ensure_shape(predict(tiles), [None, *tile, classes])
        # The weights' sum is one channel more.
        answers = tf.concat([answers, tf.ones_like(answers[..., :1])], -1)
        places = rows[:, :, None] * padded[1] + columns[:, None]
        return first + _TOGETHER, tf.tensor_scatter_nd_add(
            sums,
            tf.reshape(places, [-1, 1]),
            tf.reshape(answers * window, [-1, classes + 1]),
        )

    _, sums = tf.while_loop(
        lambda first, _: first < tf.shape(pairs)[0],
        add,
        (0, tf.zeros([total, classes + 1])),
        parallel_iterations=1,
    )
    mean = tf.reshape(
        sums[:, :-1] / sums[:, -1:], [padded[0], padded[1], classes]
    )
    return mean[: shape[0], : shape[1]]


def _places(starts, before, size):
    """Return rows and columns of windows, `[b, height]` and `[b, width]`.

    Args:
        starts: of the tiles, `[b, 2]`.
        before: rows and columns of a window before these.
        size: height and width of a window.
    """
    return tuple(
        starts[:, axis, None] - before[axis] + tf.range(size[axis])
        for axis in (0, 1)
    )


def starts_of(side, length, overlap=OVERLAP):
    """Return where tiles begin along a side, evenly spread, int32.

    Args:
        side: of the picture, a tensor, no less than `length`.
        length: of a tile.
        overlap: the least share of it that is in common with the next.

    >>> starts_of(tf.constant(10), 4).numpy().tolist()
    [0, 2, 4, 6]
    """
    step = max(length - int(overlap * length), 1)
    room = side - length
    count = -(-room // step)
    places = tf.range(count + 1)
    return tf.where(count > 0, places * room // tf.maximum(count, 1), 0)


def weights(tile):
    """Return the weights of a tile's pixels, float64 `[*tile]`.

    `w = exp(-(y² + x²) / 2σ²)`, y and x from the middle in sides, σ = 1/4.

    >>> weights((1, 3)).round(3).tolist()
    [[0.411, 1.0, 0.411]]
    """
    parts = []
    for side in tile:
        away = (np.arange(side) - (side - 1) / 2) / side
        parts.append(np.exp(-0.5 * (away / _SIGMA) ** 2))
    return np.outer(*parts)


def _gathered(picture, rows, columns):
    """Return tiles, mirrored at the picture's border."""
    shape = tf.shape(picture)
    rows, columns = (
        mask_context.mirrored(places, shape[axis])
        for axis, places in enumerate((rows, columns))
    )
    return tf.gather(tf.gather(picture, rows), columns, axis=2, batch_dims=1)
