"""Cutout, mixup and CutMix: pictures with parts missing, or of two."""

import numpy as np
import tensorflow as tf
from scipy import special

from kerasnotes.data.pictures.augmentation import mixing

_KNOTS = 4096


def boxes(centres, sides, height, width):
    """Mark a box in each picture, cut off at the borders.

    Args:
        centres: the boxes' middles, `[b, 2]` down and across, as shares of
            height and width.
        sides: the boxes' sides, `[b]`, as shares of height and width.
        height: the pictures' height.
        width: the pictures' width.

    Returns:
        bool `[b, height, width, 1]`, true inside.

    >>> inside = boxes(tf.constant([[0.5, 0.0]]), tf.constant([0.5]), 4, 4)
    >>> tf.cast(inside[0, ..., 0], tf.int32).numpy().tolist()
    [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    """

    def along(axis, size):
        middle = size * centres[:, axis, None]
        half = size * sides[:, None] / 2
        at = tf.range(size, dtype=tf.float32)[None]
        # Rounded to even, boxes of one size would differ by a pixel.
        first = tf.floor(middle - half + 0.5)
        last = tf.floor(middle + half + 0.5)
        return (at >= first) & (at < last)

    rows, columns = along(0, height), along(1, width)
    return (rows[:, :, None] & columns[:, None])[..., None]


def cutout(images, side, numbers):
    """Lays a square of the picture's mean colour over each picture.

    Args:
        images: uint8 `[b, h, w, c]`.
        side: the square's side, a share of the picture's; it reaches over
            the border where its middle lies near.
        numbers: uniform random numbers in [0, 1), `[b, 2]`.

    Returns:
        uint8 `[b, h, w, c]`.

    Source: DeVries and Taylor, "Improved Regularization of Convolutional
    Neural Networks with Cutout", 2017; there it is the set's mean.

    >>> image = tf.constant([[[[0], [40]], [[40], [80]]]], tf.uint8)
    >>> cutout(image, 1, tf.constant([[0.0, 0.5]]))[0, ..., 0].numpy()
    array([[40, 40],
           [40, 80]], dtype=uint8)
    """
    height, width = images.shape[1:3]
    sides = tf.fill(tf.shape(numbers)[:1], float(side))
    hidden = boxes(numbers, sides, height, width)
    mean = tf.reduce_mean(tf.cast(images, tf.float32), [1, 2], keepdims=True)
    return tf.where(hidden, tf.cast(tf.round(mean), tf.uint8), images)


def beta(alpha, numbers):
    """Turn uniform numbers into ones of Beta(α, α), by its quantiles.

    Args:
        alpha: α, above 0.
        numbers: uniform random numbers in [0, 1), of any shape.

    Returns:
        float32 of that shape.

    >>> beta(1.0, tf.constant([0.25, 0.5])).numpy().tolist()
    [0.25, 0.5]
    """
    knots = special.betaincinv(alpha, alpha, np.linspace(0, 1, _KNOTS + 1))
    knots = tf.constant(knots, tf.float32)
    low = tf.floor(numbers * _KNOTS)
    rest, low = numbers * _KNOTS - low, tf.cast(low, tf.int32)
    below, above = tf.gather(knots, low), tf.gather(knots, low + 1)
    return below + rest * (above - below)


def draw_shares(numbers, mixup, cutmix, height, width):
    """Draws how much each pixel keeps of its own picture.

    λ is of Beta(α, α). Mixup keeps the larger of λ and 1 - λ everywhere:
    the pairs are the same, and no picture takes the place of another.
    CutMix keeps nothing in a box of area 1 - λ, cut off at the borders, and
    all outside. Where both are asked for, each has about half of the
    pictures.

    Args:
        numbers: uniform random numbers in [0, 1), `[b, 4]`.
        mixup: α of mixup, or 0 for none.
        cutmix: α of CutMix, or 0 for none.
        height: the pictures' height.
        width: the pictures' width.

    Returns:
        float32 `[b, height, width, 1]`.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018;
    Yun et al., "CutMix", 2019, section 3.1.

    >>> draw_shares(tf.fill([1, 4], 0.5), 1.0, 0.0, 1, 2).numpy().ravel()
    array([0.5, 0.5], dtype=float32)
    """
    even = box = None
    if mixup:
        even = beta(mixup, numbers[:, 0])
        even = tf.maximum(even, 1.0 - even)[:, None, None, None]
        even = tf.tile(even, [1, height, width, 1])
    if cutmix:
        sides = tf.sqrt(1.0 - beta(cutmix, numbers[:, 0]))
        inside = boxes(numbers[:, 1:3], sides, height, width)
        box = 1.0 - tf.cast(inside, tf.float32)
    if even is None or box is None:
        return box if even is None else even
    return tf.where(numbers[:, 3, None, None, None] < 0.5, even, box)


def mix(images, targets, weights, shares, mix_targets):
    """Mixes each picture and its targets with those of the next.

    `x_i ← a ∘ x_i + (1 - a) ∘ x_{i+1}`; the last picture's next is the first.

    Args:
        images: `[b, h, w, c]`.
        targets: any nest, the batch first.
        weights: float32 `[b]`.
        shares: a, `[b, h, w, 1]`, of `draw_shares`.
        mix_targets: a function of targets, weights and shares, that returns
            targets and weights, as `mixing.class_labels` makes it.

    Returns:
        float32 `[b, h, w, c]`, and the function's targets and weights.

    >>> x = tf.constant([0.0, 80.0])[:, None, None, None]
    >>> shares, labels = tf.fill([2, 1, 1, 1], 0.75), tf.constant([0, 1])
    >>> x, y, w = mix(
    ...     x, labels, tf.ones([2]), shares, mixing.class_labels(2))
    >>> x.numpy().ravel().tolist(), y.numpy().tolist()
    ([20.0, 60.0], [[0.75, 0.25], [0.25, 0.75]])
    """
    images = tf.cast(images, tf.float32)
    images = shares * images + (1.0 - shares) * mixing.following(images)
    return images, *mix_targets(targets, weights, shares)
