"""What the convolutional networks share: their layers, and their heads.

All of it has channels last, whatever `keras.config.image_data_format()` says.
"""

import dataclasses
import typing

import keras

from kerasnotes.layers.block import CHANNELS_LAST
from kerasnotes.models import network
from kerasnotes.optimizers import initializers

_GLOBAL_POOLINGS = {
    "avg": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
}
_POOLINGS = {
    "average": keras.layers.AveragePooling2D,
    "max": keras.layers.MaxPooling2D,
}


def check(input_shape, pooling, smallest, poolings=("avg", "max", None)):
    """Refuses what no such network takes.

    Args:
        input_shape: height, width and channels.
        pooling: the model's argument.
        smallest: the least height and width.
        poolings: what that argument may be.

    Raises:
        ValueError: see above.
    """
    network.check_sizes(input_shape)
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest:
        raise ValueError(
            "`input_shape` must be (height, width, channels), at least "
            f"{smallest}×{smallest}. Received: input_shape={input_shape}"
        )
    if pooling not in poolings:
        raise ValueError(
            f"`pooling` must be {' or '.join(map(str, poolings))}. Received: "
            f"pooling={pooling!r}"
        )


@dataclasses.dataclass(frozen=True)
class Convolution:
    """Adds convolutions of one kind to a graph, each with its ReLU.

    Attributes:
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        width: multiplier of the filters.
        batch_norm: whether to normalise before each ReLU; no bias then.
        activation: what to put in place of the ReLU.
        dtype: the dtype policy of its layers.
    """

    initializer: typing.Any
    kernel_regularizer: typing.Any
    width: float = 1.0
    batch_norm: bool = False
    activation: str = "relu"
    dtype: typing.Any = None

    def __call__(self, x, filters, size, name, padding="same", **options):
        """Return relu(W∗x + b).

        Args:
            x: a symbolic tensor.
            filters: the number of filters at width 1.
            size: the side of each.
            name: the layer's name.
            padding: `same` or `valid`.
            **options: of `keras.layers.Conv2D`.
        """
        layer = keras.layers.Conv2D(
            self.scaled(filters, options.get("groups", 1)),
            size,
            padding=padding,
            use_bias=not self.batch_norm,
            kernel_initializer=initializers.get(self.initializer),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype,
            name=name,
            **CHANNELS_LAST,
            **options,
        )
        return network.block(x, layer, self.activation, self.batch_norm)

    def scaled(self, channels, groups=1):
        """Return the channels at this width, a multiple of `groups`.

        >>> Convolution("he", None, 0.5).scaled(48)
        24
        """
        return groups * max(1, round(channels * self.width / groups))

    def dense(self, x, units, name, dropout, batch_norm=False):
        """Return relu(Wx + b) of a flat `x`, with dropout."""
        layer = network.dense(
            self.scaled(units),
            name,
            self.initializer,
            self.kernel_regularizer,
            use_bias=not batch_norm,
            dtype=self.dtype,
        )
        return network.block(x, layer, self.activation, batch_norm, dropout)


def pool(kind, size, strides=None, padding="valid", **options):
    """Return a pooling layer.

    Args:
        kind: `max` or `average`.
        size: the side of its windows.
        strides: the distance of two windows; by default their side.
        padding: `same` or `valid`.
        **options: the layer's name and dtype.
    """
    return _POOLINGS[kind](size, strides, padding, **CHANNELS_LAST, **options)


def mean_top(x, config, dtype=None):
    """Return logits of the mean of maps, or features.

    Args:
        x: the last maps.
        config: of the model: `include_top`, `pooling`, `dropout`,
            `classes`, `initializer`, `kernel_regularizer`.
        dtype: the model's dtype policy.
    """
    if not config["include_top"]:
        return _features(x, config["pooling"], dtype)
    (rate,) = network.per_layer(config["dropout"], 1)
    mean = keras.layers.GlobalAveragePooling2D(
        dtype=dtype, name="avg_pool", **CHANNELS_LAST
    )
    x = network.block(x, mean, "linear", dropout=rate)
    return _logits(x, config, dtype)


def dense_top(x, names, convolution, config):
    """Return logits by way of dense layers of 4,096 units, or features.

    Args:
        x: the last maps.
        names: names of the dense layers.
        convolution: the model's `Convolution`.
        config: as in `mean_top`.
    """
    dtype = convolution.dtype
    if not config["include_top"]:
        return _features(x, config["pooling"], dtype)
    x = network.flatten(x, dtype)
    rates = network.per_layer(config["dropout"], len(names))
    for name, rate in zip(names, rates, strict=True):
        x = convolution.dense(x, 4096, name, rate)
    return _logits(x, config, dtype)


def _features(x, pooling, dtype):
    """Return the features that maps give: `avg`, `max` or as they are."""
    if pooling is None:
        return x
    layer = _GLOBAL_POOLINGS[pooling](
        dtype=dtype, name=f"{pooling}_pool", **CHANNELS_LAST
    )
    return layer(x)


def _logits(x, config, dtype):
    return network.logits(
        x,
        config["classes"],
        config["initializer"],
        config["kernel_regularizer"],
        dtype,
    )
