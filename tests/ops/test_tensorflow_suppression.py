"""Suppression beside TensorFlow's own op, and beside steps; in a SavedModel."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.ops import greedy_selection, non_max_suppression
from tests.ops.test_suppression import scenes


def real(seed, batch, n, classes, q=None):
    rng = np.random.default_rng(seed)
    shape = (batch, n) + ((q,) if q else ())
    first = rng.uniform(0, 50, (*shape, 2))
    last = first + rng.uniform(0, 25, first.shape)
    boxes = np.concatenate([first, last], -1)
    scores = rng.uniform(0, 1, (batch, n, classes))
    return boxes.astype("float32"), scores.astype("float32")


@pytest.mark.parametrize("classes, q", [(1, None), (4, None), (4, 4)])
@pytest.mark.parametrize("size, threshold", [(100, 0.3), (7, 0.0)])
@pytest.mark.parametrize("iou_threshold", [0.1, 0.5])
def test_equals_tensorflow(classes, q, size, threshold, iou_threshold):
    boxes, scores = real(0, 400, 25, classes, q)
    want = tf.image.combined_non_max_suppression(
        boxes if q else boxes[:, :, None],
        scores,
        *(size, size, iou_threshold, threshold),
        clip_boxes=False,
    )
    found = non_max_suppression(boxes, scores, threshold, iou_threshold, size)
    np.testing.assert_array_equal(found["count"], want.valid_detections)
    np.testing.assert_array_equal(found["scores"], want.nmsed_scores)
    np.testing.assert_array_equal(found["boxes"], want.nmsed_boxes)
    there = np.arange(size) < np.asarray(found["count"])[:, None]
    np.testing.assert_array_equal(
        np.asarray(found["labels"])[there], want.nmsed_classes.numpy()[there]
    )


@pytest.mark.parametrize("q", [None, 3])
@pytest.mark.parametrize("levels", [None, 5])
def test_the_kernel_equals_the_steps(q, levels):
    boxes, scores = scenes(5, 200, 12, 3, q, levels)
    boxes, scores = tf.constant(boxes), tf.constant(scores * (scores > 0.3))

    def drop(overlap, score):
        return tf.where(overlap < 0.5, score, 0.0)

    found = greedy_selection.suppress(boxes, scores, 0.5, 9)
    want = greedy_selection.select(boxes, scores, drop, 9, per_class=True)
    for pair in zip(found, want, strict=True):
        np.testing.assert_array_equal(*pair)


def test_in_a_saved_model(tmp_path):
    """With open batches and numbers of boxes, no box among them."""

    class Model(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None, None, 4]),
                tf.TensorSpec([None, None, 3]),
            ]
        )
        def __call__(self, boxes, scores):
            return {
                "per_class": non_max_suppression(boxes, scores, 0.2),
                "agnostic": non_max_suppression(
                    boxes, scores, 0.2, per_class=False
                ),
            }

    tf.saved_model.save(Model(), tmp_path)
    served = tf.saved_model.load(tmp_path)
    for batch, n in ((2, 9), (1, 1), (3, 0), (0, 4)):
        boxes, scores = scenes(6, batch, n, 3)
        found = served(boxes, scores)
        for name, per_class in (("per_class", True), ("agnostic", False)):
            want = non_max_suppression(boxes, scores, 0.2, per_class=per_class)
            for key, value in want.items():
                np.testing.assert_array_equal(found[name][key], value)
