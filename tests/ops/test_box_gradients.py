"""Gradients of overlaps: finite where there is no area, right elsewhere."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.ops import boxes

FUNCTIONS = [boxes.iou, boxes.giou, boxes.ciou]
HARD = [
    [0.0, 0.0, 0.0, 0.0],
    [3.0, 3.0, 3.0, 3.0],
    [-1.0, -1.0, -1.0, -1.0],
    [2.0, 2.0, 7.0, 2.0],
    [2.0, 2.0, 2.0, 7.0],
    [5.0, 5.0, 1.0, 1.0],
    [0.0, 0.0, 1e-20, 1e-20],
    [0.0, 0.0, 1e-12, 1e3],
    [0.0, 0.0, 4.0, 4.0],
    [1e6, 1e6, 1e6 + 1, 1e6 + 1],
]


def gradients(function, a, b, **options):
    a, b = tf.constant(a), tf.constant(b)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        value = tf.reduce_sum(function(a, b, **options))
    return [g.numpy() for g in tape.gradient(value, [a, b])]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_are_finite(function):
    hard = np.array(HARD, "float32")
    for gradient in gradients(function, hard, hard):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("function", [boxes.iou, boxes.giou])
def test_gradients_are_those_of_differences(function):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 9, (2, 40, 2, 2))
    a, b = np.concatenate([corners.min(-2), corners.max(-2)], -1)
    found, _ = gradients(function, a, b, pairwise=False)
    for i, step in enumerate(np.eye(4) * 1e-6):
        above, below = (
            function(a + s, b, pairwise=False).numpy() for s in (step, -step)
        )
        want = (above - below) / 2e-6
        np.testing.assert_allclose(found[:, i], want, atol=1e-6)


def test_boxes_apart_move_towards_each_other():
    a, b = np.array([[0.0, 0, 1, 1]]), np.array([[5.0, 0, 6, 1]])
    assert not gradients(boxes.iou, a, b)[0].any()
    for function in (boxes.giou, boxes.ciou):
        gradient = gradients(function, a, b)[0]
        assert (gradient[0, [0, 2]].sum() > 0).all()


def test_alpha_is_a_constant():
    """As in the code of the paper's authors."""
    a, b = np.array([[0.0, 0, 2, 1]]), np.array([[0.0, 0, 1, 2]])
    v = 4 / np.pi**2 * (np.arctan(2) - np.arctan(0.5)) ** 2
    share = 1 / 3
    alpha = v / (1 - share + v)
    # Along both sides alike: neither the shape nor the share's hull changes.
    step = np.array([[0, 0, 2.0, 1.0]])
    found = (gradients(boxes.ciou, a, b)[0] * step).sum()

    def at(t):
        # IoU and distance as the first box grows by t; the angle stays.
        x, y = 2 * (1 + t), 1 + t
        both = 1 * y if y < 2 else 2.0
        union = x * y + 2 - both
        distance = ((x - 1) ** 2 + (y - 2) ** 2) / 4
        hull = max(x, 1) ** 2 + max(y, 2) ** 2
        return both / union - distance / hull - alpha * v

    want = (at(1e-6) - at(-1e-6)) / 2e-6
    np.testing.assert_allclose(found, want, rtol=1e-5)
