"""Gradients of what regions are used for, eager and compiled."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.ops import (
    apply_deltas,
    box_deltas,
    match_regions,
    roi_align,
    roi_pool,
    sampling_weights,
)
from tests.ops import test_region_targets
from tests.ops.test_box_regression import HARD, random_boxes
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


@pytest.mark.parametrize("function", [box_deltas, apply_deltas])
@pytest.mark.parametrize("jit", [False, True])
def test_gradients_of_deltas_are_finite(function, jit):
    good = [[2.0, 3, 9, 11], [0, 0, 1e-20, 1e-20], [0, 0, 1e-5, 1e5]]
    hard = tf.constant(HARD + good, "float32")
    values = tf.reshape(hard, (-1, 1, 4))
    if function is apply_deltas:
        # Broken answers aren't free.
        values = tf.constant([[[0.3, 2, -1e9, 1e9]], [[0, 0, 0, 0]]])

    @tf.function(jit_compile=jit)
    def gradients(values, anchors):
        with tf.GradientTape() as tape:
            tape.watch([values, anchors])
            total = tf.reduce_sum(function(values, anchors))
        return tape.gradient(total, [values, anchors])

    for gradient in gradients(values, hard):
        assert np.isfinite(gradient).all() and np.any(gradient)


@pytest.mark.parametrize("function", [box_deltas, apply_deltas])
def test_gradients_of_deltas_are_those_of_differences(function):
    rng = np.random.default_rng(0)
    first = rng.uniform(0, 50, (2, 30, 2))
    boxes, anchors = np.concatenate([first, first + rng.uniform(5, 50)], -1)
    values = boxes if function is box_deltas else boxes / 40
    inputs = [tf.constant(values), tf.constant(anchors)]
    slopes = rng.normal(size=(30, 4))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(function(*inputs) * slopes)
    for i, gradient in enumerate(tape.gradient(total, inputs)):
        change = rng.normal(size=(30, 4)) * 1e-6
        pair = [
            tf.reduce_sum(
                function(*(x + s * change * (j == i) for j, x in both)) * slopes
            )
            for s in (1, -1)
            for both in [list(enumerate(inputs))]
        ]
        want = float(pair[0] - pair[1]) / 2
        assert float(tf.reduce_sum(gradient * change)) == pytest.approx(want)


@pytest.mark.parametrize("jit", [False, True])
def test_decisions_are_constants_and_compile(jit):
    regions, boxes, labels = test_region_targets.data()
    want = match_regions(regions, boxes, labels, force=True)
    weights = sampling_weights(want["positive"], want["negative"], 10, 0.25)

    @tf.function(jit_compile=jit)
    def step(regions, boxes):
        with tf.GradientTape() as tape:
            tape.watch([regions, boxes])
            answer = match_regions(regions, boxes, labels, force=True)
            kinds = answer["positive"], answer["negative"]
            drawn = sampling_weights(*kinds, 10, 0.25)
            total = tf.reduce_sum(answer["iou"]) + tf.reduce_sum(drawn)
        assert tape.gradient(total, [regions, boxes]) == [None, None]
        return answer, drawn

    answer, drawn = step(tf.constant(regions), tf.constant(boxes))
    for key, value in want.items():
        np.testing.assert_allclose(answer[key], value, atol=1e-6, err_msg=key)
    np.testing.assert_allclose(drawn, weights, atol=1e-6)


def test_open_numbers_of_objects():
    regions, boxes, labels = test_region_targets.data()
    step = tf.function(
        match_regions,
        input_signature=[
            *(tf.TensorSpec((None, None, 4)), tf.TensorSpec((None, None, 4))),
            tf.TensorSpec((None, None), "int32"),
        ],
    )
    for m in (6, 0):
        words = regions, boxes[:, :m], labels[:, :m].astype("int32")
        want = match_regions(*words)
        for key, value in step(*words).items():
            np.testing.assert_array_equal(value, want[key])


def test_doubles_stay_so():
    """Keras' other backends make float32 of them here and there."""
    rng = np.random.default_rng(0)
    boxes, anchors = (
        tf.cast(random_boxes(rng, 50), "float64") for _ in range(2)
    )
    deltas = box_deltas(tf.cast(boxes, "float32"), anchors)
    back = apply_deltas(deltas, anchors)
    assert back.dtype == "float64"
    np.testing.assert_allclose(back, boxes, rtol=1e-12)
