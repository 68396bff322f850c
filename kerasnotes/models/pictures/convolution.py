"""What the convolutional networks share."""

import dataclasses
import typing

import keras

from kerasnotes.models import network
from kerasnotes.optimizers import initializers

_POOLINGS = {
    "avg": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
}


def check(input_shape, pooling, smallest):
    """Refuses what no such network takes.

    Args:
        input_shape: height, width and channels.
        pooling: of features: `avg`, `max` or None.
        smallest: the least height and width.

    Raises:
        ValueError: see above.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest:
        raise ValueError(
            "`input_shape` must be (height, width, channels), at least "
            f"{smallest}×{smallest}. Received: input_shape={input_shape}"
        )
    if pooling not in (None, *_POOLINGS):
        raise ValueError(
            f"`pooling` must be avg, max or None. Received: pooling={pooling!r}"
        )


@dataclasses.dataclass(frozen=True)
class Convolution:
    """Adds convolutions of one kind to a graph, each with its ReLU.

    Attributes:
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        width: multiplier of the filters.
        batch_norm: whether to normalise before each ReLU; no bias then.
    """

    initializer: typing.Any
    kernel_regularizer: typing.Any
    width: float = 1.0
    batch_norm: bool = False

    def __call__(self, x, filters, size, name, padding="same", **options):
        """Returns relu(W∗x + b).

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
            name=name,
            **options,
        )
        return network.block(x, layer, "relu", self.batch_norm)

    def scaled(self, channels, groups=1):
        """Returns the channels at this width, a multiple of `groups`.

        >>> Convolution("he", None, 0.5).scaled(48)
        24
        """
        return groups * max(1, round(channels * self.width / groups))

    def dense(self, x, units, name, keep_prob):
        """Returns relu(Wx + b) of a flat `x`, with dropout."""
        layer = network.dense(
            self.scaled(units), name, self.initializer, self.kernel_regularizer
        )
        return network.block(x, layer, "relu", keep_prob=keep_prob)


def pooled(x, pooling):
    """Returns the features that maps give: `avg`, `max` or as they are."""
    if pooling is None:
        return x
    return _POOLINGS[pooling](name=f"{pooling}_pool")(x)


def mean_top(x, arguments):
    """Returns logits of the mean of maps, or features.

    Args:
        x: the last maps.
        arguments: of the model: `include_top`, `pooling`, `keep_prob`,
            `classes`, `initializer`, `kernel_regularizer`.
    """
    if not arguments["include_top"]:
        return pooled(x, arguments["pooling"])
    (keep,) = network.per_layer(arguments["keep_prob"], 1)
    pool = keras.layers.GlobalAveragePooling2D(name="avg_pool")
    return _logits(network.block(x, pool, "linear", keep_prob=keep), arguments)


def dense_top(x, names, convolution, arguments):
    """Returns logits by way of dense layers of 4,096 units, or features.

    Args:
        x: the last maps.
        names: names of the dense layers.
        convolution: the model's `Convolution`.
        arguments: as in `mean_top`.
    """
    if not arguments["include_top"]:
        return pooled(x, arguments["pooling"])
    x = keras.layers.Flatten(name="flatten")(x)
    keeps = network.per_layer(arguments["keep_prob"], len(names))
    for name, keep in zip(names, keeps, strict=True):
        x = convolution.dense(x, 4096, name, keep)
    return _logits(x, arguments)


def _logits(x, arguments):
    wanted = ("classes", "initializer", "kernel_regularizer")
    return network.logits(x, *(arguments[key] for key in wanted))
