"""What every model of the catalog promises, at its smallest size."""

import contextlib
import functools
import inspect
import json
import pydoc

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import catalog, models
from kerasnotes.models import network
from tests.support.graphs import unallocated

CLASSES = 3
# The shape of an input, and what else makes the model small.
SMALLEST = {
    "alexnet": ((67, 68, 3), {"width": 1 / 16, "groups": 2}),
    "darknet_small": ((33, 32, 3), {"width": 1 / 8}),
    "googlenet": ((33, 32, 3), {"width": 1 / 8}),
    "lenet5": ((16, 18, 2), {}),
    "lenet5_teaching": ((16, 18, 3), {}),
    "linear_regression": ((5,), {}),
    "logistic_regression": ((4, 3, 2), {}),
    "mlp": ((4, 3, 2), {"hidden": (6, 5), "batch_norm": True}),
    "mobilenet": ((33, 32, 3), {"width": 1 / 8}),
    "mobilenet_v2": ((33, 32, 3), {"width": 0.35}),
    "nin": ((8, 9, 3), {"width": 1 / 8}),
    "plain20": ((8, 9, 3), {"width": 1 / 4}),
    "resnet18": ((33, 32, 3), {"width": 1 / 16}),
    "resnet20": ((8, 9, 3), {"width": 1 / 4}),
    "resnet50": ((33, 32, 3), {"width": 1 / 32}),
    "softmax_regression": ((4, 3, 2), {}),
    "vgg16": ((33, 32, 3), {"width": 1 / 16}),
}
SEQUENCES = {
    "attention": {"width": 8},
    "encoder_decoder": {"width": 8, "cell": "lstm", "bidirectional": True},
    "transformer": {"width": 8, "layers": 1, "num_heads": 2, "dropout": 0.0},
}
# Heights of the maps that blocks end in, one for each stride.
HEIGHTS = {
    "alexnet": [7, 3, 1],
    "darknet_small": [17, 9, 5, 3, 2],
    "googlenet": [17, 9, 5, 3, 2],
    "mobilenet": [17, 9, 5, 3, 2],
    "mobilenet_v2": [17, 9, 5, 3, 2],
    "nin": [3, 1],
    "plain20": [8, 4, 2],
    "resnet18": [17, 9, 5, 3, 2],
    "resnet20": [8, 4, 2],
    "resnet50": [17, 9, 5, 3, 2],
    "vgg16": [16, 8, 4, 2, 1],
}
# How far bfloat16 moves the outputs, where fifty narrow layers add up.
ROUNDING = {"mobilenet_v2": 0.2}
# These differ from another in their depths alone: `test_parameters` builds
# them.
DEEPER = {
    "plain56": "plain20",
    "resnet101": "resnet50",
    "resnet110": "resnet20",
    "resnet152": "resnet50",
    "resnet32": "resnet20",
    "resnet34": "resnet18",
    "resnet44": "resnet20",
    "resnet56": "resnet20",
    "vgg19": "vgg16",
}
each_model = pytest.mark.parametrize("name", [*SMALLEST, *SEQUENCES])


def class_of(name):
    return getattr(models, catalog.model(name).attribute)


def build(name, include_top=True, **arguments):
    """Return a model whose first arguments are given by position."""
    keras.utils.set_random_seed(0)
    if name in SEQUENCES:
        return class_of(name)(9, CLASSES, **SEQUENCES[name] | arguments)
    shape, more = SMALLEST[name]
    accepted = models.arguments_of(name)
    count = CLASSES if "classes" in accepted else 1
    channels = shape[-1]
    statistics = {"mean": [120.0] * channels, "std": [50.0] * channels}
    if "dropout" in accepted:
        more = more | {"dropout": 0.0}
    return class_of(name)(
        shape, count, include_top, **more | statistics | arguments
    )


@functools.cache
def exact_model(name):
    """Return the model in float32, made once."""
    return build(name)


def examples(model, count=4):
    """Return inputs of the model, and labels."""
    rng = np.random.default_rng(0)
    if isinstance(model.input, dict):
        sizes = {"source": 9, "target": CLASSES}
        x = {
            side: rng.integers(1, size, (count, 5)).astype("int32")
            for side, size in sizes.items()
        }
        return x, rng.integers(0, CLASSES, (count, 5))
    shape = (count, *model.input_shape[1:])
    x = rng.integers(0, 256, shape).astype("float32")
    return x, np.arange(count) % CLASSES


def test_quantised_models_reload(tmp_path):
    for name in ("mlp", "transformer"):
        model = build(name)
        x, _ = examples(model)
        model.quantize("int8")
        model.save(tmp_path / "m.keras")
        again = keras.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(again(x), model(x), atol=1e-5)
        assert "int8" in json.dumps(again.get_config())


@pytest.mark.parametrize("name", SMALLEST)
def test_open_sizes_are_refused(name):
    shape, _ = SMALLEST[name]
    with pytest.raises(ValueError, match="`input_shape`.*Received: .*None"):
        class_of(name)((*[None] * (len(shape) - 1), None))


@pytest.mark.parametrize("name", ["mlp", "lenet5", "mobilenet_v2"])
def test_functions_are_initialisers(name):
    def halves(shape, dtype=None):
        return keras.ops.full(shape, 0.5, dtype)

    shape, more = SMALLEST[name]
    model = class_of(name)(shape, CLASSES, initializer=halves, **more)
    kernels = [w for w in model.weights if w.name == "kernel"]
    assert kernels and all(np.all(w == 0.5) for w in kernels)


@contextlib.contextmanager
def channels_first():
    """Lets layers that don't say otherwise have channels first."""
    keras.config.set_image_data_format("channels_first")
    try:
        yield
    finally:
        keras.config.set_image_data_format("channels_last")


def test_every_model_is_here():
    assert {*SMALLEST, *SEQUENCES, *DEEPER} == set(catalog.names())
    for name, other in DEEPER.items():
        deep, base = class_of(name), class_of(other)
        assert deep.__mro__[1] is base.__mro__[1]
        assert set(vars(deep)) - set(vars(base)) <= {"kind"}


@pytest.mark.parametrize("name", catalog.names())
def test_help_says_which_arguments_there_are(name):
    kinds = {
        p.kind for p in inspect.signature(class_of(name)).parameters.values()
    }
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert len(pydoc.getdoc(class_of(name)).splitlines()) > 2


@each_model
def test_a_gradient_moves_every_weight(name):
    model = exact_model(name)
    assert type(model) is class_of(name)
    averages = [np.array(w) for w in model.non_trainable_weights]
    x, labels = examples(model)
    with tf.GradientTape() as tape:
        y = model(x, training=True)
        loss = (
            keras.losses.sparse_categorical_crossentropy(
                labels, y, from_logits=True
            )
            if y.shape[-1] == CLASSES
            else (y - 1) ** 2
        )
        loss = tf.reduce_mean(loss)
    weights = model.trainable_weights
    gradients = tape.gradient(loss, [w.value for w in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        gradient = np.array(tf.convert_to_tensor(gradient))
        assert np.isfinite(gradient).all() and gradient.any(), weight.path
    for weight, average in zip(
        model.non_trainable_weights, averages, strict=True
    ):
        # Seeds of dropout stay where nothing is dropped.
        moved = not np.array_equal(np.array(weight), average)
        assert moved or weight.name == "seed_generator_state", weight.path


@each_model
def test_dtype_and_channels_last_hold_and_are_reloaded(name, tmp_path):
    exact, more = exact_model(name), {"dtype": "mixed_bfloat16"}
    more["kernel_regularizer"] = keras.regularizers.L2(0.1)
    if name in SMALLEST:
        more["initializer"] = "xavier"
    with channels_first():
        model = build(name, **more)
    check_types(model)
    model.set_weights(exact.get_weights())
    x, _ = examples(model)
    expected, outputs = np.array(exact(x)), np.array(model(x))
    scale, atol = np.abs(expected).max(), ROUNDING.get(name, 0.1)
    assert outputs.dtype == "float32"
    np.testing.assert_allclose(outputs / scale, expected / scale, atol=atol)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    check_types(loaded)
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert len(loaded.losses) == len(model.losses) > 0
    assert loaded.blocks == model.blocks
    # One was made while channels were first.
    np.testing.assert_array_equal(np.array(loaded(x)), outputs)


def check_types(model):
    """Refuses other types than those of `mixed_bfloat16`."""
    assert keras.config.dtype_policy().name == "float32"
    assert model.get_config()["dtype"] == "mixed_bfloat16"
    assert {w.dtype for w in model.weights} == {"float32"}
    assert {
        layer.dtype_policy.name
        for layer in model.layers
        if layer.name not in ("normalization", network.HEAD)
        and not isinstance(layer, keras.layers.InputLayer)
    } <= {"mixed_bfloat16"}


@pytest.mark.parametrize("name", SMALLEST)
def test_features_lack_the_head_alone(name):
    model = exact_model(name)
    with unallocated():
        trunk = build(name, include_top=False)
    with_head = {w.path: w.shape for w in model.weights}
    without = {w.path: w.shape for w in trunk.weights}
    assert without.items() <= with_head.items()
    heads = ("logits/", "fc1/", "fc2/", "fc6/", "fc7/")
    assert all(path.startswith(heads) for path in with_head.keys() - without)
    # Whoever freezes all blocks freezes all layers.
    names = [layer.name for layer in trunk.layers]
    ends = [names.index(name) for name in trunk.blocks]
    assert ends == sorted(set(ends))
    after = trunk.layers[ends[-1] + 1 if ends else 0 :]
    assert not any(layer.weights for layer in after)
    if name in HEIGHTS:
        maps = trunk.features().output.values()
        assert [x.shape[1] for x in maps] == HEIGHTS[name]


@pytest.mark.parametrize("name", ["alexnet", "lenet5", "mlp", "resnet20"])
def test_double_precision(name):
    with unallocated():
        model = build(name, dtype=keras.dtype_policies.DTypePolicy("float64"))
    assert {w.dtype for w in model.weights} == {"float64"}
    assert model.output.dtype == "float64"


def test_a_variant_can_be_subclassed():
    class Mine(models.ResNet20):
        def __init__(self, **arguments):
            super().__init__((8, 8, 1), 2, width=0.25, **arguments)

    assert Mine(name="mine").output_shape == (None, 2)
