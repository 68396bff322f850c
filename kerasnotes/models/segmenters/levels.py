"""The layers of a U-Net's levels, added to a graph."""

import math

import keras

from kerasnotes.layers import cropping, upsampling
from kerasnotes.layers.block import CHANNELS_LAST, QUICK
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution
from kerasnotes.optimizers import initializers

_GROUPS = 8


class Levels:
    """Adds the layers of a U-Net to a graph.

    All have channels last, whatever `keras.config.image_data_format()` says.

    Args:
        config: the arguments of `models.UNet`.
        dtype: the policy of its layers.
    """

    def __init__(self, config, dtype):
        self.config = config
        self.dtype = dtype

    def twice(self, x, filters, name):
        """Return two 3×3 convolutions of `x`, each with its activation."""
        for i in (1, 2):
            x = self._convolution(x, filters, f"{name}_{i}")
        return x

    def _convolution(self, x, filters, name):
        kind = self.config["normalization"]
        layer = keras.layers.Conv2D(
            filters,
            3,
            padding=self.config["padding"],
            use_bias=kind is None,
            **self._kernel(name),
        )
        if kind is not None:
            x, layer = layer(x), self._normalization(filters, f"{name}_norm")
        return network.block(x, layer, self.config["activation"])

    def _normalization(self, filters, name):
        options = {"dtype": self.dtype, "name": name}
        if self.config["normalization"] == "group":
            groups = math.gcd(filters, _GROUPS)
            return keras.layers.GroupNormalization(groups, **options)
        # Sets of pixels' labels have few pictures: an epoch is a few steps.
        return keras.layers.BatchNormalization(momentum=QUICK, **options)

    def pool(self, x, name):
        """Return the largest of each 2×2 of `x`."""
        layer = convolution.pool(
            "max",
            2,
            padding=self.config["padding"],
            dtype=self.dtype,
            name=name,
        )
        return layer(x)

    def grow(self, x, factors, filters, name):
        """Return `x` with other channels, so many times as high and wide."""
        if self.config["upsampling"] == "transposed":
            layer = keras.layers.Conv2DTranspose(
                filters, factors, strides=factors, **self._kernel(name)
            )
            return layer(x)
        # It may come before interpolation as well as after, and is cheaper.
        x = keras.layers.Conv2D(filters, 1, **self._kernel(name))(x)
        layer = upsampling.BilinearUpsampling(
            factors, dtype=self.dtype, name=f"{name}_bilinear"
        )
        return layer(x)

    def fit(self, x, reference, name):
        """Return `x` in the size of `reference`: cut, or with zeros around."""
        if None not in reference.shape[1:3]:
            x = self._pad(x, reference, name)
        if None in x.shape[1:3] or x.shape[1:3] != reference.shape[1:3]:
            x = self.cut(x, reference, name)
        return x

    def _pad(self, x, reference, name):
        """Return `x` no smaller than `reference`."""
        pairs = zip(reference.shape[1:3], x.shape[1:3], strict=True)
        lacking = [max(size - small, 0) for size, small in pairs]
        if not any(lacking):
            return x
        layer = keras.layers.ZeroPadding2D(
            [(n // 2, n - n // 2) for n in lacking],
            dtype=self.dtype,
            name=f"{name}_pad",
            **CHANNELS_LAST,
        )
        return layer(x)

    def cut(self, x, reference, name):
        """Return the middle of `x` in the size of `reference`."""
        layer = cropping.CropLike(dtype=self.dtype, name=f"{name}_crop")
        return layer(x, reference)

    def join(self, bridge, x, name):
        """Return the channels of both."""
        layer = keras.layers.Concatenate(dtype=self.dtype, name=f"{name}_join")
        return layer([bridge, x])

    def drop(self, x):
        """Return `x` with dropout, where there is any."""
        rate = self.config["dropout"]
        if not rate:
            return x
        return keras.layers.Dropout(rate, dtype=self.dtype, name="drop")(x)

    def logits(self, x):
        """Return the scores of each pixel, in the type of the weights."""
        prior = self.config["prior"]

        def bias(shape, dtype=None):
            return keras.ops.log(keras.ops.convert_to_tensor(prior, dtype))

        layer = keras.layers.Conv2D(
            self.config["classes"],
            1,
            bias_initializer="zeros" if prior is None else bias,
            **self._kernel(network.HEAD) | {"dtype": self.dtype.variable_dtype},
        )
        return layer(x)

    def _kernel(self, name):
        """Return the arguments of a layer that has a kernel."""
        return {
            "kernel_initializer": initializers.get(self.config["initializer"]),
            "kernel_regularizer": self.config["kernel_regularizer"],
            "dtype": self.dtype,
            "name": name,
            **CHANNELS_LAST,
        }
