"""The network that shrinks and grows back."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.models.segmenters import valid
from tests.support.graphs import unallocated

PAPER = (64, 128, 256, 512, 1024)


def network(shape=(None, None, 2), classes=3, filters=(4, 6, 8), **more):
    keras.utils.set_random_seed(0)
    return models.UNet(shape, classes, filters, **more)


def trunk(name, shape, **more):
    keras.utils.set_random_seed(0)
    return models.build(name, shape, include_top=False, **more)


def pictures(shape, count=2):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (count, *shape)).astype("float32")


def stir(model):
    """Give every weight a value of its own."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        else:
            scale = np.prod(weight.shape[:-1]) ** -0.5
            weight.assign(rng.normal(0, scale, weight.shape))


def by_hand(model, x, filters, padding, upsampling):
    """Return the logits by a U-Net of plain layers, on the same weights."""
    weights = iter(model.get_weights())

    def convolved(x, units, size):
        layer = keras.layers.Conv2D(units, size, padding=padding)
        layer.build(x.shape)
        layer.set_weights([next(weights), next(weights)])
        return layer(x)

    def twice(x, units):
        for _ in range(2):
            x = keras.ops.relu(convolved(x, units, 3))
        return x

    bridges, x = [], twice(x, filters[0])
    for units in filters[1:]:
        bridges.append(x)
        x = twice(keras.layers.MaxPooling2D(2)(x), units)
    for units, bridge in zip(filters[-2::-1], bridges[::-1], strict=True):
        if upsampling == "bilinear":
            x = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
            x = convolved(x, units, 1)
        else:
            layer = keras.layers.Conv2DTranspose(units, 2, 2)
            layer.build(x.shape)
            layer.set_weights([next(weights), next(weights)])
            x = layer(x)
        bridge = keras.layers.CenterCrop(*x.shape[1:3])(bridge)
        x = twice(keras.ops.concatenate([bridge, x], axis=-1), units)
    return convolved(x, model.output_shape[-1], 1)


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize(
    ("padding", "shape", "shrunk"),
    [("same", (16, 24), (16, 24)), ("valid", (52, 44), (12, 4))],
)
def test_equals_plain_layers(upsampling, padding, shape, shrunk):
    filters = (4, 6, 8)
    model = network(
        (*shape, 2),
        filters=filters,
        upsampling=upsampling,
        padding=padding,
        normalization=None,
    )
    stir(model)
    x = pictures((*shape, 2))
    logits = model(x)
    assert logits.shape == (2, *shrunk, 3)
    want = by_hand(model, x, filters, padding, upsampling)
    np.testing.assert_allclose(logits, want, rtol=1e-3, atol=1e-3)


def test_the_papers_network():
    with unallocated():
        model = models.UNet(
            (572, 572, 1), 2, PAPER, padding="valid", normalization=None
        )
    assert model.output_shape == (None, 388, 388, 2)
    # As of implementations in PyTorch and Keras.
    assert model.count_params() == 31_030_658
    for size, level in ((568, 1), (280, 2), (136, 3), (64, 4), (28, 5)):
        layer = model.get_layer(f"down{level}_2_relu")
        assert layer.output.shape == (None, size, size, PAPER[level - 1])
    for size, level in ((52, 4), (100, 3), (196, 2), (388, 1)):
        layer = model.get_layer(f"up{level}_2_relu")
        assert layer.output.shape == (None, size, size, PAPER[level - 1])


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_the_least_input_for_an_answer(levels):
    for side in (1, 4, 5, 17, 48, 61):
        inputs, outputs = valid.sizes((side, 20), levels)
        with unallocated():
            model = network((*inputs, 2), filters=[2] * levels, padding="valid")
        assert model.output_shape[1:3] == outputs
        assert outputs[0] - side in range(2 ** (levels - 1)) or outputs[0] == 4


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_any_size_with_same_padding(upsampling):
    options = {
        "filters": (2, 3, 4),
        "upsampling": upsampling,
        "normalization": None,
    }
    model = network(**options)
    stir(model)
    for shape in ((1, 1), (3, 2), (7, 13)):
        x = pictures((*shape, 2))
        logits = model(x)
        assert logits.shape == (2, *shape, 3)
    # A graph of this size alone has the same weights.
    fixed = network((*shape, 2), **options)
    assert fixed.output_shape == (None, *shape, 3)
    fixed.set_weights(model.get_weights())
    np.testing.assert_allclose(fixed(x), logits, rtol=1e-3, atol=1e-3)
    open_sizes = tf.TensorSpec([None, None, None, 2])
    graph = tf.function(model, input_signature=[open_sizes])
    np.testing.assert_allclose(graph(x), logits, rtol=1e-3, atol=1e-3)
    assert graph(tf.zeros((0, 5, 6, 2))).shape == (0, 5, 6, 3)


def reaction(model, row, column):
    """Return where on the mean the answer changes with four pixels."""
    for weight in model.weights:
        if weight.name == "kernel":
            value = 1 / np.prod(weight.shape[:-1])
        else:
            value = float(weight.name in ("gamma", "moving_variance"))
        weight.assign(np.full(weight.shape, value))
    x = np.full((1, *model.input_shape[1:]), 10, "float32")
    changed = x.copy()
    changed[0, row : row + 2, column : column + 2] += 100
    change = np.abs(model(changed, training=False) - model(x, training=False))
    # What the border's zeros do is small.
    change = change[0].sum(-1).astype("float64") ** 2
    return [np.average(i, weights=change) for i in np.indices(change.shape)]


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_an_answer_stands_where_the_picture_says_it(upsampling):
    model = network((45, 50, 1), upsampling=upsampling, normalization=None)
    place = reaction(model, 20, 30)
    np.testing.assert_allclose(place, (20.5, 30.5), atol=0.1)
    model = network(
        (76, 92, 1),
        upsampling=upsampling,
        padding="valid",
        normalization=None,
    )
    assert model.output_shape == (None, 36, 52, 3)
    # 20 pixels are cut off each side.
    place = reaction(model, 30, 50)
    np.testing.assert_allclose(place, (10.5, 30.5), atol=0.1)


# How far maps of windows of even size are moved.
@pytest.mark.parametrize(
    ("name", "shape", "atol"),
    [
        ("lenet5", (64, 75, 1), 0.1),
        ("resnet18", (73, 75, 3), 1.0),
        ("vgg16", (73, 75, 3), 0.1),
    ],
)
def test_any_trunk_answers_where_its_picture_says_it(name, shape, atol):
    width = {"width": 1 / 8} if "width" in models.arguments_of(name) else {}
    backbone = trunk(name, shape, **width)
    model = models.UNet(
        classes=2, filters=(4,), normalization=None, backbone=backbone
    )
    assert model.output_shape == (None, *shape[:2], 2)
    assert model.input_shape == backbone.input_shape
    np.testing.assert_allclose(reaction(model, 40, 44), (40.5, 44.5), atol=atol)


def test_bridges_of_a_backbone():
    with unallocated():
        backbone = trunk("resnet18", (40, 64, 3), width=1 / 16)
        model = models.UNet(classes=2, filters=(2, 3, 5), backbone=backbone)
    channels = [
        model.get_layer(f"up{level}_2_norm_relu").output.shape[1:]
        for level in range(1, 6)
    ]
    # The last number is that of coarser maps too.
    assert channels == [
        *((40, 64, 2), (20, 32, 3), (10, 16, 5), (5, 8, 5), (3, 4, 5)),
    ]
    maps = list(backbone.features().output.values())[:-1]
    bridges = [
        model.get_layer(f"up{level}_join").input[0] for level in range(2, 6)
    ]
    assert all(a is b for a, b in zip(maps, bridges, strict=True))


CASES = [
    {"normalization": "batch", "mean": 120.0, "std": 50.0},
    {"normalization": "group", "upsampling": "bilinear", "prior": (5, 3, 1)},
    {"normalization": None, "padding": "valid", "shape": (22, 24, 2)},
    {"backbone": ("lenet5", (16, 19, 1)), "upsampling": "bilinear"},
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(next(iter(c))))
def test_every_weight_learns_and_all_reload(case, tmp_path):
    case = {
        "dropout": 0.2,
        "kernel_regularizer": keras.regularizers.L2(0.1),
    } | (case)
    if "backbone" in case:
        case["backbone"] = trunk(*case["backbone"])
        case["shape"] = None
    model = network(**{"filters": (4, 6)} | case)
    shape = [size or 11 for size in model.input_shape[1:]]
    x = pictures(shape, 4)
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        labels = np.arange(np.prod(logits.shape[:-1])) % 3
        loss = keras.losses.sparse_categorical_crossentropy(
            labels.reshape(logits.shape[:-1]), logits, from_logits=True
        )
    values = [w.value for w in model.trainable_weights]
    for weight, gradient in zip(
        model.trainable_weights, tape.gradient(loss, values), strict=True
    ):
        assert np.isfinite(gradient).all() and np.any(gradient), weight.path
    stir(model)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert type(again) is models.UNet and again.blocks == model.blocks
    outputs = model(x, training=False)
    np.testing.assert_array_equal(again(x, training=False), outputs)
    # Whoever doesn't say so doesn't train.
    np.testing.assert_array_equal(model(x), outputs)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert len(again.losses) == len(model.losses) > 0
    names = [layer.name for layer in model.layers]
    ends = [names.index(name) for name in model.blocks]
    assert ends == sorted(set(ends))
    left = [x.name for x in model.layers[ends[-1] + 1 :] if x.weights]
    assert left == ["logits"]


def test_it_begins_with_the_shares_of_the_classes():
    model = network(filters=(4, 4), prior=(80, 15, 5))
    model.get_layer("logits").kernel.assign(np.zeros((1, 1, 4, 3)))
    shares = keras.ops.softmax(model(pictures((5, 6, 2))))
    np.testing.assert_allclose(shares[0, 3, 4], (0.8, 0.15, 0.05), atol=1e-6)


def test_dtypes_and_channels_last():
    keras.config.set_image_data_format("channels_first")
    try:
        model = network(
            filters=(2, 4),
            normalization="group",
            dropout=0.1,
            mean=1.0,
            std=2.0,
            dtype="mixed_bfloat16",
        )
    finally:
        keras.config.set_image_data_format("channels_last")
    logits = model(pictures((5, 6, 2)))
    assert logits.shape == (2, 5, 6, 3) and logits.dtype == "float32"
    assert {w.dtype for w in model.weights} == {"float32"}
    assert model.get_layer("up1").compute_dtype == "bfloat16"
    with unallocated():
        assert network(dtype="float64").output.dtype == "float64"


def test_groups_fit_the_channels():
    with unallocated():
        model = network(filters=(3, 12, 16), normalization="group")
    groups = [model.get_layer(f"down{i}_1_norm").groups for i in (1, 2, 3)]
    assert groups == [1, 4, 8]


@pytest.mark.parametrize("size", [52, 56, 60])
def test_sizes_that_fit(size):
    with unallocated():
        model = network((size, 52, 1), padding="valid")
    assert model.output_shape == (None, size - 40, 12, 3)
    with pytest.raises(ValueError, match=f" {size}, {size + 4}: 44 [+] 4·k"):
        network((52, size + 1, 1), padding="valid")


def test_sizes_that_are_too_small_or_open_do_not_fit():
    with unallocated():
        model = network((44, 44, 1), padding="valid")
    assert model.output_shape == (None, 4, 4, 3)
    for shape in ((43, 44, 1), (44, 40, 1), (None, 44, 1)):
        with pytest.raises(ValueError, match="that fit are 44, 48: .*Received"):
            network(shape, padding="valid")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 1}, "`classes` must be 2 or more"),
        ({"filters": (3,)}, "`filters` must have 2 levels"),
        ({"filters": (3, 0)}, "`filters` must have .* each of 1"),
        ({"dropout": 1}, "`dropout` must be in"),
        ({"prior": (1, 2)}, "`prior` must have .* of 3 classes"),
        ({"prior": (1, 2, 0)}, "`prior` must have a share above 0"),
        ({"shape": (4, 4, None)}, "`input_shape` must be .*channels known"),
        ({"shape": (4, 4)}, "`input_shape` must be"),
        ({"mean": 3.0}, "`mean` and `std` go together"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        network(**arguments)


@pytest.mark.parametrize(
    "name", ["upsampling", "padding", "normalization", "activation"]
)
def test_refuses_unknown_names(name):
    with pytest.raises(ValueError, match=f"`{name}`: unknown 'bilinaer'"):
        network(**{name: "bilinaer"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"padding": "valid"}, "`padding` must be same with a backbone"),
        ({"mean": 1.0, "std": 1.0}, "`mean` must be None"),
        ({"input_shape": (16, 16, 3)}, "`input_shape` must be the backbone's"),
        ({"filters": ()}, "`filters` must have 1 levels"),
    ],
)
def test_refusals_with_a_backbone(arguments, message):
    backbone = trunk("lenet5", (16, 18, 1))
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        models.UNet(backbone=backbone, **arguments)


def test_a_backbone_without_maps():
    for name in ("mlp", "softmax_regression"):
        with pytest.raises(ValueError, match="`backbone` must .*have maps"):
            models.UNet(backbone=trunk(name, (8, 8, 1)))
