"""One forward pass of each family, equal on every backend.

`python tests/models/test_backends.py write NAME…` makes the arrays anew, and
`check` compares them with those of the backend in KERAS_BACKEND.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from kerasnotes import models
from tests.support.paths import ROOT

GOLDEN = pathlib.Path(__file__).parent / "golden"

PICTURES = {"classes": 4, "mean": 120.0, "std": 60.0}
TEXTS = {"source_size": 9, "target_size": 7}
# Odd sizes show how strides and padding meet.
MODELS = {
    "attention": {"width": 8},
    "encoder_decoder": {"width": 8, "layers": 2, "cell": "lstm"},
    "transformer": {"width": 8, "layers": 1, "num_heads": 2},
    "alexnet": {"input_shape": (67, 75, 3), "width": 0.0625, "groups": 2},
    "darknet_small": {"input_shape": (45, 38, 3), "width": 0.125},
    "googlenet": {"input_shape": (45, 38, 3), "width": 0.125},
    "lenet5": {},
    "mlp": {"input_shape": (8, 8, 1), "batch_norm": True},
    "mobilenet": {"input_shape": (45, 38, 3), "width": 0.25},
    "mobilenet_v2": {"input_shape": (45, 38, 3), "width": 0.35},
    "nin": {"input_shape": (27, 30, 3), "width": 0.25},
    "resnet20": {"input_shape": (19, 22, 3)},
    "resnet50": {"input_shape": (45, 38, 3), "width": 0.125},
    "vgg16": {"input_shape": (45, 38, 3), "width": 0.0625},
    "unet": {"input_shape": (None, None, 3), "filters": (4, 6, 8)},
    "unet_bilinear": {
        "input_shape": (19, 22, 3),
        "filters": (4, 6, 8),
        "upsampling": "bilinear",
        "normalization": "group",
    },
}
OPEN_SIZES = (19, 22)


def forward(name):
    """Return logits of random inputs by random weights: none Keras draws."""
    texts = name in models.names("sequences")
    arguments = (TEXTS if texts else PICTURES) | MODELS[name]
    if name in models.names():
        model = models.build(name, **arguments)
    else:
        model = models.UNet(**arguments)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if len(weight.shape) > 1:
            deviation = np.prod(weight.shape[:-1]) ** -0.5
            value = rng.normal(0, deviation, weight.shape)
        elif weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, weight.shape)
        else:
            value = rng.normal(0, 0.1, weight.shape)
        weight.assign(value.astype("float32"))
    if texts:
        x = {"source": rng.integers(1, 9, (2, 5)), "target": [[2, 5, 3]] * 2}
        x = {side: np.array(rows, "int32") for side, rows in x.items()}
        x["source"][1, 3:] = 0  # Padding.
    else:
        height, width, channels = model.input_shape[1:]
        size = OPEN_SIZES if height is None else (height, width)
        x = rng.integers(0, 256, (2, *size, channels)).astype("float32")
    return model.predict(x, verbose=0)


def check(name):
    with np.load(GOLDEN / f"{name}.npz") as file:
        expected = file["logits"]
    assert expected.std() > 0.01
    np.testing.assert_allclose(
        forward(name), expected, rtol=1e-4, atol=1e-4 * expected.std()
    )


@pytest.mark.parametrize("name", MODELS)
def test_forward_pass(name):
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    found = subprocess.run(
        [sys.executable, __file__, "check", *MODELS],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == [backend, *MODELS]


def main(mode, *names):
    import keras

    print(keras.backend.backend())
    for name in names or MODELS:
        if mode == "write":
            np.savez(GOLDEN / f"{name}.npz", logits=forward(name))
        else:
            check(name)
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
