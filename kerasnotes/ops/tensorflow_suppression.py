"""Non-max suppression by TensorFlow's kernel, with a definite order."""

import numpy as np
import tensorflow as tf


def suppress(boxes, scores, iou_threshold, size):
    """Return the pairs that hard suppression per class keeps.

    `tf.image.combined_non_max_suppression` leaves open which of equal scores
    goes first, and returns no indices. So it ranks here by the scores' ranks,
    of which no two are equal, and which say what pair it was. It drops above
    a bound, where the course drops from a bound on: it has the number below.

    Args:
        boxes: float32 `xyxy` without swapped sides, `(batch, n, 4)` or
            `(batch, n, classes, 4)`.
        scores: float32 `(batch, n, classes)`, 0 where a pair is dropped; 2²⁴
            pairs at most.
        iou_threshold: the IoU from which on a box of the class is dropped.
        size: how many are kept at most.

    Returns:
        As `greedy_selection.select`.

    >>> boxes = tf.constant([[[0.0, 0, 2, 2], [0, 0, 2, 1.5]]])
    >>> suppress(boxes, tf.constant([[[0.9], [0.9]]]), 0.5, 2)[0].numpy()
    array([[ 0, -1]], dtype=int32)
    """
    flat = tf.reshape(scores, [tf.shape(scores)[0], -1])
    # The fewer are left by the threshold, the faster.
    room = tf.reduce_max(tf.reduce_sum(tf.cast(flat > 0, tf.int32), axis=1))
    room = tf.maximum(room, 1)
    sorted_scores, order = tf.math.top_k(flat, room)
    ranks = _scattered(
        tf.where(sorted_scores > 0, room - tf.range(room), 0),
        *(order, tf.shape(flat)),
    )
    bound = np.nextafter(np.float32(iou_threshold), np.float32(0))
    answers = tf.image.combined_non_max_suppression(
        boxes if len(boxes.shape) == 4 else boxes[:, :, None],
        tf.cast(tf.reshape(ranks, tf.shape(scores)), tf.float32),
        max_output_size_per_class=size,
        max_total_size=size,
        iou_threshold=bound,
        score_threshold=0.5,
        clip_boxes=False,
    )
    ranks = tf.cast(answers.nmsed_scores, tf.int32)
    places, there = tf.minimum(room - ranks, room - 1), ranks > 0
    numbers = tf.gather(order, places, batch_dims=1)
    left = tf.gather(sorted_scores, places, batch_dims=1)
    return tf.where(there, numbers, -1), tf.where(there, left, 0.0)


def _scattered(values, places, shape):
    """Return a matrix of zeros with each row's values at their places."""
    rows = tf.broadcast_to(tf.range(shape[0])[:, None], tf.shape(places))
    return tf.scatter_nd(tf.stack([rows, places], axis=-1), values, shape)
