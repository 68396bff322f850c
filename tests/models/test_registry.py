import json

import keras
import numpy as np
import pytest

from kerasnotes import models

# Arguments, and the parameters that they make.
COUNTS = {
    "lenet5": ({}, 61_706),
    "lenet5_teaching": ({}, 62_006),
    "linear_regression": ({"input_shape": (10,)}, 11),
    "logistic_regression": ({"input_shape": (8, 8, 1)}, 65 * 9),
    "mlp": ({"input_shape": (28, 28, 1)}, 109_386),
    "softmax_regression": ({"input_shape": (28, 28, 1)}, 7_850),
}
each_model = pytest.mark.parametrize("name", sorted(COUNTS))


def build(name, **arguments):
    keras.utils.set_random_seed(0)
    return models.build(name, **COUNTS[name][0], **arguments)


def pictures(model, batch=4):
    rng = np.random.default_rng(0)
    shape = (batch, *model.input_shape[1:])
    return rng.integers(0, 256, shape).astype("float32")


def train(model, x):
    """Takes one step and returns whether each weight moved."""
    before = model.get_weights()
    if model.output_shape[-1] == 1:
        y, loss = np.ones((len(x), 1)), "mse"
    else:
        y = np.arange(len(x))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    model.train_on_batch(x, y)
    after = model.get_weights()
    return [
        not np.array_equal(a, b) and bool(np.isfinite(b).all())
        for a, b in zip(before, after, strict=True)
    ]


@each_model
def test_normalisation_has_no_parameters(name):
    model = build(name, mean=120.0, std=60.0)
    assert model.count_params() == COUNTS[name][1]


@each_model
def test_every_parameter_gets_a_gradient(name):
    model = build(name, mean=120.0, std=60.0)
    assert all(train(model, pictures(model)))


@each_model
def test_reloads(name, tmp_path):
    channels = COUNTS[name][0].get("input_shape", (32, 32, 3))[-1]
    if name == "lenet5":
        channels = 1
    model = build(
        name,
        mean=np.full(channels, 120.0),
        std=[60.0] * channels,
        kernel_regularizer=keras.regularizers.L2(0.1),
        initializer="he",
    )
    x = pictures(model)
    train(model, x)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert len(loaded.losses) == len(model.losses) > 0
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


@each_model
def test_mixed_precision(name, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build(name, mean=120.0, std=60.0)
    finally:
        keras.config.set_dtype_policy("float32")
    x = pictures(model)
    assert all(train(model, x))
    assert {w.dtype for w in model.weights} == {"float32"}
    assert (
        model.compute_output_spec(keras.Input(x.shape[1:])).dtype == "float32"
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )
    assert keras.config.dtype_policy().name == "float32"


@each_model
def test_config_may_ask_for_float64(name):
    model = build(name)
    config = {**model.get_config(), "dtype": "float64"}
    exact = type(model).from_config(config)
    assert {w.dtype for w in exact.weights} == {"float64"}
    assert exact.output.dtype == "float64"


@each_model
def test_features(name):
    top, features = build(name), build(name, include_top=False)
    wide = {"lenet5": 84, "lenet5_teaching": 84, "mlp": 64}
    inputs = int(np.prod(top.input_shape[1:]))
    assert features.output_shape == (None, wide.get(name, inputs))
    assert len(features.weights) == len(top.weights) - 2


def test_weights_load(tmp_path):
    path = str(tmp_path / "a.weights.h5")
    model = build("lenet5", initializer="he")
    model.save_weights(path)
    loaded = build("lenet5", weights=path)
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("mlp", "lenet5_teaching"):
        with pytest.raises(
            ValueError, match="`weights`=.*a.weights.h5: doesn't hold"
        ):
            build(name, weights=path)
    with pytest.raises(
        ValueError, match="`weights`=no.weights.h5: no such file"
    ):
        build("lenet5", weights="no.weights.h5")
    (tmp_path / "bad.weights.h5").write_bytes(b"not HDF5")
    with pytest.raises(ValueError, match="bad.weights.h5: doesn't hold"):
        build("lenet5", weights=str(tmp_path / "bad.weights.h5"))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("lenet", {}, "`name`: unknown 'lenet'; did you mean 'lenet5'"),
        ("lenet5", {"hidden": [3]}, "`hidden`: lenet5 takes no such argument"),
        ("linear_regression", {"classes": 3}, "`classes`: linear_regression"),
        (
            "lenet5",
            {"input_shape": (15, 32, 1)},
            "at least 16×16. Received: input_shape=(15, 32, 1)",
        ),
        ("lenet5", {"input_shape": (64,)}, "Received: input_shape=(64,)"),
        ("lenet5", {"pooling": "min"}, "Received: pooling='min'"),
        ("lenet5", {"keep_prob": [0.5]}, "Received: keep_prob=[0.5]"),
        ("lenet5", {"keep_prob": 0}, "`keep_prob` must be in (0, 1]"),
        ("lenet5", {"activation": "rele"}, "did you mean 'relu'"),
        ("lenet5", {"initializer": "hee"}, "did you mean 'he'"),
        ("lenet5", {"mean": 1.0}, "`mean` and `std` go together"),
    ],
)
def test_refuses(name, arguments, message):
    with pytest.raises(ValueError) as caught:
        models.build(name, **arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_default_size():
    sizes = {"alexnet": 227, "lenet5": 32, "mlp": None, "vgg16": 224}
    assert {name: models.default_size(name) for name in sizes} == sizes


def test_arguments():
    assert models.arguments_of("linear_regression") == [
        "input_shape",
        "units",
        "include_top",
        "initializer",
        "kernel_regularizer",
        "mean",
        "std",
    ]
