"""The small residual network of detectors, against TensorFlow's own ops."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models


def network(shape=(32, 48, 3), **arguments):
    keras.utils.set_random_seed(0)
    return models.DarknetSmall(shape, 5, width=0.25, **arguments)


def convolved(x, model, name, strides=1):
    """Return relu of batch norm of a convolution, of the layers' weights."""
    conv, norm = model.get_layer(name), model.get_layer(f"{name}_norm")
    y = tf.nn.conv2d(x, conv.kernel, strides, "SAME")
    scale = norm.gamma / tf.sqrt(norm.moving_variance + norm.epsilon)
    return tf.nn.relu((y - norm.moving_mean) * scale + norm.beta)


def test_against_plain_operations():
    model = network()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.name in ("beta", "moving_mean", "bias"):
            weight.assign(rng.normal(0, 0.1, weight.shape))
    x = rng.normal(size=(2, 32, 48, 3)).astype("float32")
    want = convolved(x, model, "conv1", 2)
    for i, depth in zip((2, 3, 4, 5), (1, 2, 2, 1), strict=True):
        want = convolved(want, model, f"conv{i}", 2)
        for j in range(1, depth + 1):
            y = convolved(want, model, f"conv{i}_block{j}_1")
            want = want + convolved(y, model, f"conv{i}_block{j}_2")
    head = model.get_layer("logits")
    want = tf.reduce_mean(want, (1, 2)) @ head.kernel + head.bias
    np.testing.assert_allclose(model(x), want, atol=1e-4)


def test_maps_up_to_a_stage():
    for stages in (1, 2, 3, 4):
        trunk = network((64, 96, 1), include_top=False, stages=stages)
        shapes = [x.shape[1:3] for x in trunk.features().output.values()]
        assert shapes == [(64 >> i, 96 >> i) for i in range(1, stages + 2)]


def test_what_it_refuses():
    for stages in (0, 5):
        with pytest.raises(ValueError, match=f"`stages` .*stages={stages}"):
            network(stages=stages)
    with pytest.raises(ValueError, match="at least 8×8"):
        network((7, 9, 3), stages=2)
