"""Convolutionalised classifiers against the classifier on every crop."""

import warnings

import keras
import numpy as np
import pytest

from kerasnotes import models
from kerasnotes.models.pictures import fully_convolutional

LAYERS = keras.layers
STACKED = {"mean": [128.0] * 3, "std": [64.0] * 3, "classes": 5}


def build(name, size, **arguments):
    """Return a network with random weights in every layer."""
    model = models.build(name, input_shape=(*size, 3), **STACKED, **arguments)
    return randomised(model)


def randomised(model):
    """Draws all weights so that activations keep their size."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        shape = weight.shape
        if len(shape) > 1:
            depthwise = shape[-1] == 1
            inputs = np.prod(shape[: 2 if depthwise else -1])
            value = generator.normal(0, np.sqrt(2 / inputs), shape)
        elif weight.name in ("gamma", "moving_variance"):
            value = generator.uniform(0.5, 1.5, shape)
        else:
            value = generator.normal(0, 0.1, shape)
        weight.assign(value)
    return model


def picture(height, width):
    pixels = np.random.default_rng(1).uniform(0, 255, (1, height, width, 3))
    return pixels.astype("float32")


def on_every_crop(model, pixels, stride):
    height, width = model.input_shape[1:3]
    rows = range(0, pixels.shape[1] - height + 1, stride[0])
    columns = range(0, pixels.shape[2] - width + 1, stride[1])
    crops = [
        pixels[0, top : top + height, left : left + width]
        for top in rows
        for left in columns
    ]
    found = model(np.stack(crops), training=False)
    return np.asarray(found).reshape(len(rows), len(columns), -1)


def assert_equal_maps(model, stride, more):
    """The map of a larger picture is the classifier on every crop."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        sliding = fully_convolutional.convolutionalize(model)
    height, width = model.input_shape[1:3]
    assert sliding.window == (height, width)
    assert sliding.stride == stride
    pixels = picture(height + more[0], width + more[1])
    want = on_every_crop(model, pixels, stride)
    got = np.asarray(sliding(pixels))[0]
    scale = np.abs(want).max()
    assert np.ptp(want, axis=(0, 1)).max() > 1e-3 * scale
    np.testing.assert_allclose(got / scale, want / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "name, size, stride, arguments",
    [
        ("lenet5", (32, 32), 4, {}),
        ("lenet5", (35, 41), 4, {"dropout": 0.5, "activation": "relu"}),
        ("lenet5_teaching", (32, 32), 4, {"batch_norm": True}),
        ("mlp", (9, 7), 1, {"hidden": [6, 5], "batch_norm": True}),
        ("softmax_regression", (9, 7), 1, {}),
        ("logistic_regression", (9, 7), 1, {}),
    ],
)
def test_the_map_is_the_classifier_on_every_crop(name, size, stride, arguments):
    model = build(name, size, **arguments)
    assert_equal_maps(model, (stride, stride), (3 * stride + 1, 2 * stride))


def valid_padded(model):
    """Return the model without padding; sums crop what has grown."""

    def clone(operation):
        if isinstance(operation, LAYERS.ZeroPadding2D):
            return LAYERS.Identity(name=operation.name)
        if not isinstance(operation, LAYERS.Layer):
            return operation
        config = operation.get_config()
        if "padding" in config:
            config["padding"] = "valid"
        return type(operation).from_config(config)

    def call(operation, *args, **kwargs):
        if isinstance(operation, (LAYERS.Add, LAYERS.Concatenate)):
            args = [cropped(*args)]
        return operation(*args, **kwargs)

    return keras.models.clone_model(
        keras.Model(model.input, model.output),
        clone_function=clone,
        call_function=call,
    )


def cropped(tensors):
    least = [min(t.shape[i] for t in tensors) for i in (1, 2)]
    more = [[t.shape[i + 1] - least[i] for i in (0, 1)] for t in tensors]
    return [
        LAYERS.Cropping2D([(m // 2, m - m // 2) for m in both])(t)
        for t, both in zip(tensors, more, strict=True)
    ]


@pytest.mark.parametrize(
    "name, side, stride",
    [
        ("nin", 48, 4),
        ("resnet20", 96, 4),
        ("mobilenet", 320, 32),
        ("vgg16", 224, 32),
        pytest.param("alexnet", 227, 32, marks=pytest.mark.slow),
        pytest.param("resnet18", 450, 32, marks=pytest.mark.slow),
        pytest.param("resnet50", 640, 32, marks=pytest.mark.slow),
        pytest.param("mobilenet_v2", 500, 32, marks=pytest.mark.slow),
        pytest.param("googlenet", 800, 32, marks=pytest.mark.slow),
    ],
)
def test_valid_padded_variants_have_equal_maps(name, side, stride):
    model = valid_padded(build(name, (side, side), width=0.125))
    assert_equal_maps(randomised(model), (stride, stride), (stride, 0))


@pytest.mark.parametrize("name, side", [("resnet20", 32), ("nin", 32)])
def test_padded_maps_warn_how_far_borders_differ(name, side):
    model = build(name, (side, side), width=0.25)
    with pytest.warns(UserWarning, match="neighbours") as found:
        sliding = fully_convolutional.convolutionalize(model)
    (told,) = (w for w in found if w.category is UserWarning)
    assert told.filename == __file__
    assert f"differ by up to {sliding.border:.2g}" in str(told.message)
    # Of one window alone the borders are the same.
    pixels = picture(side, side)
    want = np.asarray(model(pixels, training=False))
    got = np.asarray(sliding(pixels))[0, 0]
    scale = np.abs(want).max()
    np.testing.assert_allclose(got / scale, want / scale, atol=1e-5)


def test_the_new_model_has_weights_of_its_own():
    model = build("lenet5", (32, 32))
    before = [w.copy() for w in model.get_weights()]
    sliding = fully_convolutional.convolutionalize(model)
    for weight in sliding.model.weights:
        weight.assign(weight + 1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.get_layer("conv_1").output.shape == (None, 28, 28, 6)
    assert sliding.model.count_params() == model.count_params()


def test_a_picture_below_the_window_is_refused():
    sliding = fully_convolutional.convolutionalize(build("lenet5", (32, 32)))
    with pytest.raises(ValueError, match=r"Received: height=31, width=40"):
        sliding(picture(31, 40))


def mixing():
    """A network whose reshaping mixes positions."""
    inputs = keras.Input((8, 8, 3))
    x = LAYERS.Conv2D(4, 3)(LAYERS.Reshape((4, 16, 3), name="fold")(inputs))
    return keras.Model(inputs, LAYERS.GlobalAveragePooling2D()(x))


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda: models.build("resnet20", include_top=False), "shapes"),
        (lambda: keras.Sequential([keras.Input([3]), LAYERS.Dense(2)]), "shap"),
        (lambda: keras.Sequential([LAYERS.Dense(2)]), "no graph"),
        (mixing, "fold mixes positions"),
    ],
)
def test_other_models_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        fully_convolutional.convolutionalize(make())
