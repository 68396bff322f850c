"""What detectors say of a region: its class, and where the object is."""

import math

import keras

from kerasnotes import errors
from kerasnotes.models import network

BLOCKS = ("hidden_1_relu", "hidden_2_relu")
"""The layers in which the head's blocks end."""


def answer(x, boxes, layers, config):
    """Return regions beside what is said of them.

    Two hidden layers with batch norm, the same for all regions, then logits
    of background and classes and four deltas for each class: `(batch, n, 4 +
    1 + classes + 4 · classes)`, the region first.

    Args:
        x: what is seen of each region, `(batch, n, …)`.
        boxes: the regions, `xyxy` in pixels, `(batch, n, 4)`.
        layers: the model's `convolution.Convolution`.
        config: of the model: `classes`, `hidden`, `dropout` and
            `kernel_regularizer`.
    """
    dtype, classes = layers.dtype.variable_dtype, config["classes"]
    x = keras.layers.Reshape(
        (-1, math.prod(x.shape[2:])), dtype=layers.dtype, name="flat_regions"
    )(x)
    for i in (1, 2):
        x = layers.dense(
            *(x, config["hidden"], f"hidden_{i}", config["dropout"]),
            batch_norm=True,
        )

    def dense(units, deviation, name):
        return keras.layers.Dense(
            units,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=deviation
            ),
            kernel_regularizer=config["kernel_regularizer"],
            dtype=dtype,
            name=name,
        )(x)

    # The paper's deviations: all classes are equally likely at first.
    parts = [
        boxes,
        dense(1 + classes, 0.01, network.HEAD),
        dense(4 * classes, 0.001, "deltas"),
    ]
    return keras.layers.Concatenate(dtype=dtype, name="regions")(parts)


def again(model, x, boxes):
    """Return what the head of a model says of other regions.

    Args:
        model: the model, whose layers these are.
        x: what is seen of each region, `(batch, m, …)`.
        boxes: the regions, `(batch, m, 4)`.
    """
    named = {layer.name: layer for layer in model.layers}
    x = named["flat_regions"](x)
    for i in (1, 2):
        for suffix in ("", "_norm", "_relu", "_drop"):
            layer = named.get(f"hidden_{i}{suffix}")
            x = x if layer is None else layer(x)
    parts = [boxes, named[network.HEAD](x), named["deltas"](x)]
    return named["regions"](parts)


def check(**numbers):
    """Refuses numbers of regions, units or classes below 1."""
    for name, value in numbers.items():
        if value < 1:
            raise errors.ArgumentError(
                name, f"`{name}` must be 1 or more. Received: {value}"
            )
