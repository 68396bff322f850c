"""Residual blocks: what a stack of layers adds to its own input."""

import keras

from kerasnotes.layers import block, padding


def normalization(name, dtype=None):
    """Return the batch norm of residual networks.

    Its epsilon is that of `keras.applications`, its momentum torchvision's.

    Args:
        name: the layer's name.
        dtype: its dtype policy.
    """
    return keras.layers.BatchNormalization(
        momentum=block.QUICK, epsilon=1.001e-5, name=name, dtype=dtype
    )


# The side of each convolution's kernel, and its channels over `filters`.
_KINDS = {
    "basic": ((3, 1), (3, 1)),
    "bottleneck": ((1, 1), (3, 1), (1, 4)),
}
_VERSIONS = ("v1", "v1.5")


class _ResidualBlock(block.KernelBlock):
    """What the two blocks share; they say which shortcuts they know."""

    shortcuts = ()

    def __init__(
        self,
        filters,
        strides,
        kind,
        version,
        shortcut,
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(kernel_initializer, kernel_regularizer, **kwargs)
        _check("kind", kind, _KINDS)
        _check("version", version, _VERSIONS)
        _check("shortcut", shortcut, self.shortcuts)
        self.filters = filters
        self.strides = strides
        self.kind = kind
        self.version = version
        self.shortcut = shortcut
        self.use_bias = use_bias
        self.main = self._main()
        self.side = self._side()
        self.add = keras.layers.Add(**self.named("add"))
        self.out = self.activation("out")

    def convolution(self, name, filters, kernel_size, strides):
        """Return the convolution `name`: `1_conv`, `2_conv`, …"""
        return keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            # Same padding would set the kernel of a stride off the pixel
            # that the shortcut takes.
            padding="same" if strides == 1 else "valid",
            **block.CHANNELS_LAST,
            use_bias=self.use_bias,
            **self.kernel_arguments(),
            **self.named(name),
        )

    def normalization(self, name):
        """Return the normalisation `name`: `1_bn`, `2_bn`, …"""
        return normalization(**self.named(name))

    def activation(self, name):
        """Return the activation `name`: `1_relu`, …, `out`."""
        return keras.layers.Activation("relu", **self.named(name))

    @property
    def _channels(self):
        return self.filters * _KINDS[self.kind][-1][1]

    def _main(self):
        layers = []
        sizes = _KINDS[self.kind]
        strided = 2 if self.kind == "bottleneck" and self.version != "v1" else 1
        for i, (size, multiple) in enumerate(sizes, start=1):
            strides = self.strides if i == strided else 1
            if strides > 1 and size > 1:
                pad = keras.layers.ZeroPadding2D(
                    1, **block.CHANNELS_LAST, **self.named(f"{i}_pad")
                )
                layers.append(pad)
            layers += self._normalized(
                i, self.filters * multiple, size, strides
            )
            if i < len(sizes):
                layers.append(self.activation(f"{i}_relu"))
        return layers

    def _normalized(self, i, filters, size, strides):
        return [
            self.convolution(f"{i}_conv", filters, size, strides),
            self.normalization(f"{i}_bn"),
        ]

    def _side(self):
        if self.shortcut == "projection":
            return self._normalized(0, self._channels, 1, self.strides)
        if self.shortcut == "zero_pad":
            named = self.named("0_pad")
            channels = self._channels
            return [padding.ZeroPadChannels(channels, self.strides, **named)]
        return []

    def call(self, x):
        side = x
        for layer in self.main:
            x = layer(x)
        if self.shortcut == "none":
            return self.out(x)
        for layer in self.side:
            side = layer(side)
        if side.shape[-1] != x.shape[-1]:
            raise ValueError(
                f"`x` must have {x.shape[-1]} channels to be added to the "
                f"output. Received: x of shape {side.shape}"
            )
        return self.out(self.add([side, x]))

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kind": self.kind,
            "shortcut": self.shortcut,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class IdentityBlock(_ResidualBlock):
    """A residual block that keeps the shape: `g(F(x) + x)`, g the ReLU.

    `F` of a basic block is two 3×3 convolutions of `filters` channels; of a
    bottleneck 1×1, 3×3 and 1×1, the last of `4·filters`. Batch norm follows
    each, ReLU each but the last. Where F's weights are 0, what isn't negative
    passes unchanged.

    A subclass that replaces `convolution`, `normalization` or `activation`
    changes a layer; its `name` says which one is asked for.

    Args:
        filters: channels of the 3×3 convolutions.
        kind: `basic` or `bottleneck`.
        shortcut: `identity`, or `none` for the same layers without it.
        use_bias: whether convolutions have a bias, which batch norm makes
            idle.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.

    Call arguments:
        x: maps `(batch, height, width, channels)`, of `filters` channels, or
            `4·filters` for a bottleneck.

    Raises:
        ValueError: an argument is none of these, or `x` has other channels.

    Example:
    >>> class Separable(IdentityBlock):
    ...     def convolution(self, name, filters, kernel_size, strides):
    ...         if name != "2_conv":
    ...             return super().convolution(
    ...                 name, filters, kernel_size, strides
    ...             )
    ...         return keras.layers.SeparableConv2D(
    ...             filters, kernel_size, padding="same"
    ...         )
    ...
    >>> x = keras.ops.ones((2, 5, 5, 16))
    >>> [b(x).shape[-1] for b in (IdentityBlock(16), Separable(16))]
    [16, 16]

    Source: He et al., Deep residual learning for image recognition (2015),
    sections 3.2 and 4.1.
    """

    shortcuts = ("identity", "none")

    def __init__(self, filters, kind="basic", shortcut="identity", **kwargs):
        super().__init__(filters, 1, kind, "v1", shortcut, **kwargs)


@keras.saving.register_keras_serializable("kerasnotes")
class ConvolutionalBlock(_ResidualBlock):
    """A residual block that changes the shape: `g(F(x) + s(x))`.

    As `IdentityBlock`, but the input comes to the shape of `F(x)` by `s`: a
    1×1 convolution with batch norm, or zeros.

    Args:
        filters: channels of the 3×3 convolutions.
        strides: by how much it divides height and width.
        kind: `basic` or `bottleneck`.
        version: which convolution of a bottleneck has the stride: the first,
            1×1 (`v1`, the paper's), or the 3×3 (`v1.5`, which looks at every
            pixel). Of a basic block it is the first.
        shortcut: `projection`, `zero_pad` (see `ZeroPadChannels`), or
            `none` for the same layers without it.
        use_bias: whether convolutions have a bias.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.

    Call arguments:
        x: maps `(batch, height, width, channels)`.

    Raises:
        ValueError: an argument is none of these.

    Example:
    >>> block = ConvolutionalBlock(16, kind="bottleneck")
    >>> block(keras.ops.ones((2, 8, 8, 3))).shape[1:]
    TensorShape([4, 4, 64])

    Source: He et al., Deep residual learning for image recognition (2015),
    sections 3.3 and 4.1; Goyal et al., Accurate, large minibatch SGD (2017),
    section 5.1, for v1.5.
    """

    shortcuts = ("projection", "zero_pad", "none")

    def __init__(
        self,
        filters,
        strides=2,
        kind="basic",
        version="v1",
        shortcut="projection",
        **kwargs,
    ):
        super().__init__(filters, strides, kind, version, shortcut, **kwargs)

    def get_config(self):
        return {
            **super().get_config(),
            "strides": self.strides,
            "version": self.version,
        }


def _check(argument, value, known):
    if value not in known:
        raise ValueError(
            f"`{argument}` must be one of {', '.join(known)}. Received: "
            f"{argument}={value!r}"
        )
