"""The network that finds one object, on backbones of every kind."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.models.detectors import pyramid
from kerasnotes.models.pictures import convolution

LAYERS = convolution.Convolution("he", None)
BACKBONES = {
    "maps": ("resnet20", (17, 20, 3), {"width": 0.25}),
    "coarse maps": ("resnet18", (33, 48, 3), {"width": 1 / 16}),
    "a vector": ("lenet5", (16, 18, 1), {"activation": "relu"}),
}


def backbone(name, **more):
    keras.utils.set_random_seed(0)
    model, shape, arguments = BACKBONES[name]
    # Of pictures as they are, sigmoids would saturate.
    more = {"mean": 120.0, "std": 60.0} | more
    return models.build(model, shape, include_top=False, **arguments, **more)


def pictures(model, count=2):
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


@pytest.mark.parametrize(
    ("arguments", "width"),
    [
        ({}, 5),
        ({"classes": 3}, 8),
        ({"classes": 3, "landmarks": 4}, 16),
        # The notes' examples: 64 points of a face, 32 of a body.
        ({"landmarks": 64, "boxes": False}, 129),
        ({"landmarks": 32, "boxes": False}, 65),
    ],
)
def test_the_answer_has_the_courses_numbers(arguments, width):
    model = models.Localizer(backbone("maps"), **arguments)
    assert model.output_shape == (None, width)


@pytest.mark.parametrize(
    ("name", "head", "points"),
    [
        ("maps", "attention", "coordinates"),
        ("coarse maps", "flat", "heat_maps"),
        ("a vector", None, "coordinates"),
    ],
)
def test_every_weight_learns_and_all_reload(name, head, points, tmp_path):
    model = models.Localizer(
        backbone(name), 3, 2, head=head, landmark_head=points, dropout=0.2,
        kernel_regularizer=keras.regularizers.L2(0.1),
    )  # fmt: skip
    x = pictures(model)
    with tf.GradientTape() as tape:
        # Unlike weights, for the sum of a map's softmax stays.
        y = model(x) * np.arange(1, 13)
        loss = tf.reduce_sum(y**2)
    variables = [w.value for w in model.trainable_weights]
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(loss, variables), strict=True
    ):
        # All places of a map may be as much hotter.
        still = weight.path in ("heat_maps/bias", "heat_map/bias")
        assert still or np.any(gradient), weight.path
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again) is models.Localizer and again.blocks == model.blocks
    np.testing.assert_array_equal(again(x), model(x))
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert len(again.losses) == len(model.losses) > 0


def test_boxes_are_shares_and_heat_maps_stay_in_the_picture():
    model = models.Localizer(
        backbone("coarse maps"), 1, 5, landmark_head="heat_maps"
    )
    y = np.array(model(1000 * pictures(model, 8)))
    for part in (y[:, 1:5], y[:, 6:]):
        assert (part >= 0).all() and (part <= 1).all()


def test_attention_is_what_the_equations_say():
    model = models.Localizer(backbone("maps"), 2, 2)
    names = ("pyramid_1_relu", "heat_map", "features", "centre")
    parts = keras.Model(
        model.input, [model.get_layer(name).output for name in names]
    )
    x = pictures(model)
    maps, heat, features, centre = map(np.array, parts(x))
    chances = np.exp(heat) / np.exp(heat).sum((1, 2), keepdims=True)
    want = (chances * maps).sum((1, 2))
    np.testing.assert_allclose(features[:, :64], want, atol=1e-5)
    trunk = keras.Model(model.input, model.get_layer("anywhere").input)
    np.testing.assert_allclose(
        features[:, 64:], np.array(trunk(x)).max((1, 2)), atol=1e-5
    )
    height, width = heat.shape[1:3]
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    places = [(columns + 0.5) / width, (rows + 0.5) / height]
    for i, place in enumerate(places):
        mean = (chances[..., 0] * place).sum((1, 2))
        np.testing.assert_allclose(centre[:, i], mean, atol=1e-5)
    y = np.array(model(x))
    np.testing.assert_array_equal(y[:, 1:3], centre)
    head = keras.Model(model.input, model.get_layer("distances").output)
    points = np.tile(centre, 2) + np.array(head(x))
    np.testing.assert_allclose(y[:, 7:], points, atol=1e-6)


def test_half_precision_has_a_head_of_weights_type():
    model = models.Localizer(
        backbone("maps", dtype="mixed_bfloat16"), 2, 3,
        landmark_head="heat_maps", dtype="mixed_bfloat16",
    )  # fmt: skip
    y = model(pictures(model))
    assert y.dtype == "float32" and np.isfinite(y).all()


def test_blocks_are_the_backbones_and_the_hidden_layer():
    trunk = backbone("maps")
    model = models.Localizer(trunk)
    assert model.blocks == (*trunk.blocks, "hidden_relu")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("maps", {"classes": -1}, "`classes` must be 0 or more. Received: -1"),
        ("maps", {"hidden": 0}, "`hidden` must be 1 or more"),
        ("maps", {"boxes": False}, "`boxes` and `landmarks`: .*Received"),
        ("maps", {"landmark_head": "heat"}, "`landmark_head`: unknown 'heat'"),
        ("maps", {"head": "flatt"}, "`head`: unknown 'flatt'"),
        ("a vector", {"head": "attention"}, "finds the centre of a box"),
        (
            "a vector",
            {"landmarks": 1, "landmark_head": "heat_maps"},
            "needs a backbone that ends in maps",
        ),
    ],
)
def test_what_it_refuses(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        models.Localizer(backbone(name), **arguments)


def test_maps_of_a_stride_and_coarser():
    trunk = models.ResNet18((97, 64, 3), include_top=False, width=1 / 16)
    names = ["conv1_relu", *(f"conv{i}_block2_out" for i in range(2, 6))]
    for i, stride in enumerate((2, 4, 8, 16, 32)):
        assert pyramid.coarser_than(trunk, stride) == names[i:]
    assert pyramid.coarser_than(trunk, 64) == []


def test_a_pyramid_is_what_the_paper_says():
    trunk = models.ResNet18((65, 64, 3), include_top=False, width=1 / 16)
    names = pyramid.coarser_than(trunk, 16)
    ends = [trunk.get_layer(name).output for name in names]
    maps = pyramid.top_down(ends, 4, LAYERS)
    assert [x.shape[1:] for x in maps] == [(5, 4, 4), (3, 2, 4)]
    model = keras.Model(trunk.input, maps)
    x = pictures(model)
    fine, coarse = keras.Model(trunk.input, ends)(x)

    def convolved(x, name):
        layer = model.get_layer(name)
        return tf.nn.conv2d(x, layer.kernel, 1, "SAME") + layer.bias

    above = convolved(coarse, "lateral_2")
    # Nearest: place i of 5 lies over place ⌊3 (i + ½) / 5⌋ of 3.
    rows = [int(3 * (i + 0.5) / 5) for i in range(5)]
    columns = [int(2 * (i + 0.5) / 4) for i in range(4)]
    larger = np.array(above)[:, rows][:, :, columns]
    merged = convolved(fine, "lateral_1") + larger
    want = [
        tf.nn.relu(convolved(m, f"pyramid_{i}"))
        for i, m in ((1, merged), (2, above))
    ]
    for ours, theirs in zip(model(x), want, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
