"""What mixup and CutMix do to targets.

`blending.mix` mixes each picture with the next one of the batch, and asks a
function of `(targets, weights, shares)` for the mixed targets and weights:
`class_labels` makes the one of classes; of the others, a task makes its own.
`shares` is how much each pixel keeps of its own picture, `[b, h, w, 1]`.
"""

import functools

import tensorflow as tf

from kerasnotes.data.pictures.augmentation.warping import padding


def class_labels(classes):
    """Return the function that mixes class labels.

    With λ the mean of the shares, `w ← λ w_i + (1 - λ) w_{i+1}` and
    `y ← (λ w_i y_i + (1 - λ) w_{i+1} y_{i+1}) / w`: the loss is the one that
    both labels would make, each by its weight and its share of the pixels.

    Args:
        classes: the number of classes.

    Returns:
        A function of integers `[b]`, float32 `[b]` and the shares, that
        returns float32 `[b, classes]`, each row a distribution, and `[b]`.

    >>> mix = class_labels(2)
    >>> y, w = mix([0, 1], tf.constant([1.0, 3]), tf.fill([2, 1, 1, 1], 0.5))
    >>> y.numpy().tolist(), w.numpy().tolist()
    ([[0.25, 0.75], [0.25, 0.75]], [2.0, 2.0])
    """
    return functools.partial(_mix_labels, classes=classes)


def _mix_labels(labels, weights, shares, classes):
    share = tf.reduce_mean(shares, [1, 2])
    weighted = weights[:, None] * tf.one_hot(labels, classes)
    weighted = share * weighted + (1.0 - share) * following(weighted)
    weights = tf.reduce_sum(weighted, 1)
    return tf.math.divide_no_nan(weighted, weights[:, None]), weights


def mix_weights(weights, shares):
    """Mixes the weights of the examples, `w ← λ w_i + (1 - λ) w_{i+1}`.

    Args:
        weights: float32 `[b]`.
        shares: float32 `[b, h, w, 1]`, whose mean is λ.
    """
    share = tf.reduce_mean(shares, [1, 2, 3])
    return share * weights + (1.0 - share) * following(weights)


def following(rows):
    """Return those that the pictures or targets of a batch mix with.

    Args:
        rows: a nest of tensors, dense or ragged, the batch first.

    >>> following(tf.ragged.constant([[1], [2, 3]])).to_list()
    [[2, 3], [1]]
    """

    def roll(values):
        if not isinstance(values, tf.RaggedTensor):
            return tf.roll(values, -1, 0)
        return tf.concat([values[1:], values[:1]], 0)

    return tf.nest.map_structure(roll, rows)


def join(targets, others):
    """Join two nests of targets: the objects of both, picture by picture.

    Args:
        targets: a nest of boxes, classes and what else has a row for each
            of a picture's objects, `[b, n, ...]`, dense or ragged.
        others: the other's, `[b, m, ...]`.

    Returns:
        The nest of `[b, n + m, ...]`.

    >>> boxes = tf.ragged.constant([[1], [2, 3]])
    >>> join({"y": boxes}, {"y": following(boxes)})["y"].to_list()
    [[1, 2, 3], [2, 3, 1]]
    """
    return tf.nest.map_structure(
        lambda one, other: tf.concat([one, other], 1), targets, others
    )


def paste(masks, others, shares):
    """Pastes masks: each pixel's class is of the picture that it shows most.

    Args:
        masks: `[b, h, w]` or `[b, h, w, c]`.
        others: those of the pictures that were mixed in.
        shares: `[b, h, w, 1]`.

    >>> shares = tf.constant([[[[1.0], [0.0]]]])
    >>> paste([[[1, 2]]], [[[3, 4]]], shares).numpy().tolist()
    [[[1, 4]]]
    """
    masks = tf.convert_to_tensor(masks)
    first = shares >= 0.5
    if masks.shape.rank == 3:
        first = tf.squeeze(first, -1)
    return tf.where(first, masks, others)


def box_shares(boxes, shares):
    """Return how much of each box the mixed pictures show.

    Args:
        boxes: `xyxy` in pixels, `[b, n, 4]` or `[b, (n), 4]`.
        shares: `[b, h, w, 1]`; for the boxes that are mixed in, 1 less them.

    Returns:
        The means of the shares over the boxes' pixels, of which a part
        counts as a part, float32 `[b, n]`; 0 for a box without an area.

    >>> shares = tf.constant([[[[1.0], [0.0], [0.0], [0.0]]]])
    >>> boxes = tf.constant([[[0.0, 0, 2, 1], [0.5, 0, 1.5, 1]]])
    >>> box_shares(boxes, shares).numpy().tolist()
    [[0.5, 0.5]]
    """
    padded = padding.Padded("boxes", boxes, [4])
    boxes = tf.cast(padded.dense, tf.float32)
    height, width = shares.shape[1:3]
    down = _cover(boxes[..., 1], boxes[..., 3], height)
    across = _cover(boxes[..., 0], boxes[..., 2], width)
    total = tf.einsum("bnh,bhw,bnw->bn", down, shares[..., 0], across)
    area = tf.reduce_sum(down, -1) * tf.reduce_sum(across, -1)
    return padded.like(tf.math.divide_no_nan(total, area), tf.float32)


def _cover(low, high, size):
    """Return how much of each pixel of a side lies within, `[b, n, size]`."""
    edges = tf.range(size, dtype=tf.float32)
    most = tf.minimum(high[..., None], edges + 1.0)
    return tf.nn.relu(most - tf.maximum(low[..., None], edges))
