"""Models by name: their arguments, and what is refused."""

import numpy as np
import pytest

from kerasnotes import models


def test_weights_load(tmp_path):
    path = str(tmp_path / "a.weights.h5")
    model = models.build("lenet5", initializer="he")
    model.save_weights(path)
    loaded = models.build("lenet5", weights=path)
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    shapes = {"mlp": (32, 32, 1), "lenet5_teaching": (32, 32, 3)}
    for name, shape in shapes.items():
        with pytest.raises(
            ValueError, match="`weights`=.*a.weights.h5: doesn't hold"
        ):
            models.build(name, shape, weights=path)
    with pytest.raises(
        ValueError, match="`weights`=no.weights.h5: no such file"
    ):
        models.build("lenet5", weights="no.weights.h5")
    (tmp_path / "bad.weights.h5").write_bytes(b"not HDF5")
    with pytest.raises(ValueError, match="bad.weights.h5: doesn't hold"):
        models.build("lenet5", weights=str(tmp_path / "bad.weights.h5"))


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
        ("lenet5", {"dropout": [0.5]}, "Received: dropout=[0.5]"),
        ("lenet5", {"dropout": 1}, "`dropout` must be in [0, 1)"),
        ("lenet5", {"activation": "rele"}, "did you mean 'relu'"),
        ("lenet5", {"initializer": "hee"}, "did you mean 'he'"),
        ("lenet5", {"mean": 1.0}, "`mean` and `std` go together"),
        *(
            (name, {"input_shape": shape}, f"Received: input_shape={shape}")
            for name in ("alexnet", "googlenet", "nin", "vgg16")
            for shape in ((3, 3, 3), (64,))
        ),
        ("nin", {"pooling": "min"}, "Received: pooling='min'"),
        ("vgg16", {"pooling": "min"}, "Received: pooling='min'"),
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
        "input_dropout",
        "initializer",
        "kernel_regularizer",
        "mean",
        "std",
        "dtype",
    ]
