"""The network that answers in the places of grids."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import losses, models
from kerasnotes import ops as lib

ANCHORS = (((6, 9), (14, 12)), ((30, 20),))


def trunk(shape=(32, 64, 3), **more):
    keras.utils.set_random_seed(0)
    return models.DarknetSmall(
        shape, include_top=False, width=0.25, **{"stages": 3} | more
    )


def network(classes=3, anchors=ANCHORS, strides=(8, 16), **more):
    return models.Yolo(trunk(), classes, anchors, strides, filters=8, **more)


def pictures(model, count=2):
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(0).uniform(0, 1, shape).astype("float32")


def test_a_number_of_a_head_is_that_of_its_place():
    model = network()
    assert model.grids == lib.Grids((32, 64), (8, 16), ANCHORS, 3)
    shapes = [(4, 8, 2), (2, 4, 1)]
    assert model.output_shape == (None, model.grids.size, 8)
    want = []
    for grid, (rows, columns, count) in enumerate(shapes):
        head = model.get_layer(f"logits_{(8, 16)[grid]}")
        # Of each anchor and number another bias, and no picture shows.
        values = 100.0 * grid + np.arange(count * 8)
        head.kernel.assign(np.zeros(head.kernel.shape))
        head.bias.assign(values)
        want.append(np.broadcast_to(
            values.reshape(count, 8), (rows, columns, count, 8)
        ))  # fmt: skip
    y = model(pictures(model))
    for ours, theirs in zip(model.grids.maps(y), want, strict=True):
        np.testing.assert_array_equal(ours[1], theirs)


def test_a_place_of_a_map_is_that_of_its_cell():
    model = network()
    maps = keras.Model(
        model.input, [model.get_layer(f"logits_{s}").output for s in (8, 16)]
    )(x := pictures(model))
    np.testing.assert_array_equal(model.grids.join(maps), model(x))
    for ours, theirs in zip(model.grids.maps(model(x)), maps, strict=True):
        for row, column in ((0, 1), (1, 2)):
            np.testing.assert_array_equal(
                np.reshape(ours[:, row, column], [2, -1]),
                theirs[:, row, column],
            )


def test_where_a_picture_changes_its_cell_answers():
    # Of one stage the reach is short: far cells see nothing of it.
    model = models.Yolo(
        trunk((64, 96, 3), stages=1), 1, (((6, 9),),), (4,), filters=8
    )
    for kernel in (w for w in model.weights if w.name == "kernel"):
        kernel.assign(np.ones(kernel.shape))
    x = pictures(model, 1)
    changed = x.copy()
    changed[0, 40:44, 20:24] += 1.0
    moved = model.grids.maps(model(changed) - model(x))[0][0]
    moved = np.abs(moved).sum((-2, -1))
    centre = [np.average(i, weights=moved) for i in np.indices(moved.shape)]
    np.testing.assert_allclose(centre, (10, 5), atol=0.6)
    assert not moved[:5].any() and not moved[:, 15:].any()


@pytest.mark.parametrize(
    ("name", "shape", "strides", "places"),
    [
        ("darknet_small", (64, 96, 1), (8, 16, 32), 8 * 12 + 4 * 6 + 2 * 3),
        ("darknet_small", (96, 64, 3), (32,), 6),
        ("resnet18", (64, 32, 3), (16, 4), 4 * 2 + 16 * 8),
        ("resnet20", (24, 16, 3), (2, 4), 12 * 8 + 6 * 4),
    ],
)
def test_every_weight_learns_and_all_reload(
    name, shape, strides, places, tmp_path
):
    keras.utils.set_random_seed(0)
    backbone = models.build(
        name, shape, include_top=False, mean=0.5, std=0.3,
        width=1 / 8,
    )  # fmt: skip
    anchors = tuple(((s, s),) for s in strides)
    model = models.Yolo(
        backbone, 2, anchors, strides, filters=8,
        kernel_regularizer=keras.regularizers.L2(0.1),
    )  # fmt: skip
    assert model.output_shape == (None, places, 7)
    x = pictures(model)
    size = min(strides)
    boxes = [[[1, 1, 1 + size, 2 + size]], [[5, 9, 6 + size, 9 + size]]]
    y, _ = lib.yolo_encode(boxes, [[0], [1]], model.grids)
    # In training, for the averages of batch norm are far from these.
    with tf.GradientTape() as tape:
        loss = losses.YoloLoss(model.grids)(y, model(x, training=True))
    values = [w.value for w in model.trainable_weights]
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(loss, values), strict=True
    ):
        assert np.isfinite(gradient).all() and np.any(gradient), weight.path
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(np.random.default_rng(1).uniform(1, 2, weight.shape))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again) is models.Yolo and again.blocks == model.blocks
    assert again.grids == model.grids
    outputs = model(x, training=False)
    np.testing.assert_array_equal(again(x, training=False), outputs)
    # Whoever doesn't say so doesn't train.
    np.testing.assert_array_equal(model(x), outputs)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert len(again.losses) == len(model.losses) > 0


def test_it_begins_with_few_objects():
    model = network(prior=0.03)
    for stride in (8, 16):
        bias = np.array(model.get_layer(f"logits_{stride}").bias)
        bias = bias.reshape(-1, 8)
        np.testing.assert_allclose(1 / (1 + np.exp(-bias[:, 0])), 0.03, 1e-5)
        assert not bias[:, 1:].any()
    p = 1 / (1 + np.exp(-np.array(model(pictures(model)))[..., 0]))
    np.testing.assert_allclose(p, 0.03, rtol=0.2)


def test_half_precision_has_a_head_of_weights_type():
    model = models.Yolo(
        trunk(dtype="mixed_bfloat16"), 3, ANCHORS, (8, 16),
        dtype="mixed_bfloat16",
    )  # fmt: skip
    assert model.get_layer("pyramid_1").compute_dtype == "bfloat16"
    y = model(pictures(model))
    assert y.dtype == "float32" and np.isfinite(y).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prior": 1.0}, "`prior` must lie between 0 and 1. Received: 1.0"),
        ({"classes": 0}, "`classes` must be positive"),
        ({"strides": (8,)}, "`anchors` must be positive, .* each stride"),
        ({"strides": (8, 32)}, "no maps of 1×2 cells, of stride 32. Received"),
        ({"strides": (64, 8)}, "no maps of 1×1 cells, of stride 64. Received"),
        ({"strides": (1, 8)}, "no maps of 32×64 cells, of stride 1. Received"),
        ({"strides": (8, 24)}, "no maps of 2×3 cells, of stride 24. Received"),
    ],
)
def test_what_it_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        network(**arguments)


def test_a_backbone_without_maps():
    backbone = models.LeNet5((16, 18, 1), include_top=False)
    with pytest.raises(ValueError, match="`strides`: .*has no maps"):
        models.Yolo(backbone, 1, (((6, 9),),), (32,))
