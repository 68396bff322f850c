"""Gradients of what is taken from regions, eager and compiled."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.ops import roi_align, roi_pool
from tests.ops.test_regions import data

FUNCTIONS = [roi_align, roi_pool]


def answer_and_gradients(function, maps, boxes, slopes):
    with tf.GradientTape() as tape:
        tape.watch([maps, boxes])
        answer = function(maps, boxes, (2, 3), 8)
        value = tf.reduce_sum(answer * slopes)
    return answer, *tape.gradient(value, [maps, boxes])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("jit", [False, True])
def test_gradients_to_maps_are_exact(function, jit):
    """Both are linear where the places of the maxima stay."""
    maps, boxes = data(n=15)
    boxes[1, :2] = [[np.nan] * 4, [np.inf] * 4]
    slopes = np.random.default_rng(1).normal(size=(2, 15, 2, 3, 3))
    slopes = slopes.astype("float32")
    step = tf.function(answer_and_gradients, jit_compile=jit)
    inputs = [tf.constant(x) for x in (maps, boxes, slopes)]
    answer, gradient, of_boxes = step(function, *inputs)
    want = function(maps, boxes, (2, 3), 8).numpy()
    np.testing.assert_allclose(answer, want, atol=1e-5)
    assert of_boxes is None
    # Euler's theorem, and a step that leaves the maxima.
    np.testing.assert_allclose(
        np.sum(gradient * maps), np.sum(want * slopes), rtol=1e-4
    )
    change = np.random.default_rng(2).uniform(-1, 1, maps.shape) * 1e-4
    moved = function((maps + change).astype("float64"), boxes, (2, 3), 8)
    still = function(maps.astype("float64"), boxes, (2, 3), 8)
    np.testing.assert_allclose(
        np.sum(gradient * change),
        np.sum((moved.numpy() - still.numpy()) * slopes),
        rtol=2e-3,
    )


def test_equal_places_have_one_gradient_together():
    maps = tf.zeros((1, 5, 5, 1))
    boxes = tf.constant([[[0.0, 0, 32, 32]]])
    slopes = tf.ones((1, 1, 2, 3, 1))
    _, gradient, _ = answer_and_gradients(roi_pool, maps, boxes, slopes)
    assert float(tf.reduce_sum(gradient)) == 6
