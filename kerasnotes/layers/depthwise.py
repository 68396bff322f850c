"""Depthwise convolutions: a kernel for each channel, then 1×1 mixes them."""

import re

import keras

from kerasnotes.layers import block


class _DepthwiseBlock(block.KernelBlock):
    """A row of layers that starts to exist with the input's channels."""

    def __init__(
        self,
        filters,
        strides=1,
        kernel_size=3,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(kernel_initializer, kernel_regularizer, **kwargs)
        self.filters = filters
        self.strides = strides
        self.kernel_size = kernel_size

    def build(self, input_shape):
        block.check_channels("inputs", input_shape)
        self.row = self._row(input_shape[-1])
        super().build(input_shape)

    def unroll(self, x):
        self.row = self._row(x.shape[-1])
        return self.call(x)

    def call(self, x):
        y = x
        for layer in self.row:
            y = layer(y)
        return y

    def depthwise(self, name, channels):
        """Return the depthwise convolution of so many channels."""
        initializer = self.kernel_arguments()["kernel_initializer"]
        if isinstance(initializer, keras.initializers.VarianceScaling):
            # Keras counts all channels as inputs of each kernel; the variance
            # would be so small that early running averages hide it.
            mean = (channels + 1) / 2
            excess = {"fan_in": channels, "fan_avg": mean, "fan_out": 1}
            initializer.scale *= excess[initializer.mode]
        return keras.layers.DepthwiseConv2D(
            self.kernel_size,
            self.strides,
            padding="same",
            **block.CHANNELS_LAST,
            use_bias=False,
            depthwise_initializer=initializer,
            **self.named(name),
        )

    def pointwise(self, name, filters):
        """Return a 1×1 convolution."""
        return keras.layers.Conv2D(
            filters,
            1,
            **block.CHANNELS_LAST,
            use_bias=False,
            **self.kernel_arguments(),
            **self.named(name),
        )

    def normalization(self, name):
        """Return the normalisation `name`."""
        return keras.layers.BatchNormalization(
            momentum=block.QUICK, **self.named(name)
        )

    def activation(self, name):
        """Return the activation `name`."""
        return keras.layers.ReLU(6.0, **self.named(name))

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "kernel_size": self.kernel_size,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class DepthwiseSeparable(_DepthwiseBlock):
    """A convolution in two: in each channel, then across the channels.

    A depthwise `f×f` convolution, which has one kernel for each channel, and
    a 1×1 convolution to `n_c` channels; batch norm and `min(max(x, 0), 6)`
    follow each. For an output of `h×w` from `c` channels they multiply
    `h·w·f²·c + h·w·c·n_c` times, and a plain convolution `h·w·f²·c·n_c` times:
    the share is `1/n_c + 1/f²`.

    A block named `conv_1` has layers `conv_dw_1` and `conv_pw_1`, each with
    `_bn` and `_relu` after it. A subclass that replaces `depthwise`,
    `pointwise`, `normalization` or `activation` changes a layer; its `name`
    (`dw`, `dw_bn`, …) says which one is asked for.

    Args:
        filters: `n_c`, the output's channels.
        strides: by how much it divides height and width.
        kernel_size: `f`.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes; of the 1×1
            kernels, since the depthwise ones are few.

    Call arguments:
        x: maps `(batch, height, width, channels)`.

    Example:
    >>> separable = DepthwiseSeparable(5)
    >>> separable(keras.ops.ones((1, 4, 4, 3))).shape[1:]
    TensorShape([4, 4, 5])
    >>> [w.name for w in separable.trainable_weights if w.name == "kernel"]
    ['kernel', 'kernel']

    Source: Howard et al., MobileNets (2017), sections 3.1 and 3.2.
    """

    def named(self, name):
        """Return the name and type of an inner layer, its number moved."""
        part, *more = name.split("_")
        part = re.sub(r"(_\d+)?$", rf"_{part}\1", self.name, count=1)
        return super().named(name) | {"name": "_".join([part, *more])}

    def _row(self, channels):
        return [
            self.depthwise("dw", channels),
            self.normalization("dw_bn"),
            self.activation("dw_relu"),
            self.pointwise("pw", self.filters),
            self.normalization("pw_bn"),
            self.activation("pw_relu"),
        ]


@keras.saving.register_keras_serializable("kerasnotes")
class InvertedResidual(_DepthwiseBlock):
    """A residual block that is wide inside and narrow at its ends.

    A 1×1 convolution to `expansion` times the channels, a depthwise `f×f`
    convolution, and a 1×1 convolution to `n_c` channels; batch norm follows
    each, `min(max(x, 0), 6)` the first two: the narrow ends are linear, since
    ReLU would lose what lies in few channels. Where the shape stays, the
    input is added.

    A block named `block_1` has layers `block_1_expand`, `block_1_depthwise`
    and `block_1_project`, each with `_BN` and the first two with `_relu`
    after it, and `block_1_add`. A subclass changes a layer as one of
    `DepthwiseSeparable` does (`expand`, `expand_BN`, …).

    Args:
        filters: `n_c`, the output's channels.
        strides: by how much it divides height and width.
        expansion: how many times wider it is inside; 1 leaves the first
            convolution out.
        kernel_size: `f`.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes; of the 1×1
            kernels.

    Call arguments:
        x: maps `(batch, height, width, channels)`.

    Example:
    >>> InvertedResidual(4, strides=2)(keras.ops.ones((1, 8, 8, 3))).shape[1:]
    TensorShape([4, 4, 4])

    Source: Sandler et al., MobileNetV2: inverted residuals and linear
    bottlenecks (2018), section 3.
    """

    def __init__(self, filters, strides=1, expansion=6, **kwargs):
        super().__init__(filters, strides, **kwargs)
        self.expansion = expansion
        self.add = keras.layers.Add(**self.named("add"))

    def _row(self, channels):
        inside = self.expansion * channels
        wide = [
            self.pointwise("expand", inside),
            self.normalization("expand_BN"),
            self.activation("expand_relu"),
        ]
        return [
            *(wide if self.expansion > 1 else []),
            self.depthwise("depthwise", inside),
            self.normalization("depthwise_BN"),
            self.activation("depthwise_relu"),
            self.pointwise("project", self.filters),
            self.normalization("project_BN"),
        ]

    def call(self, x):
        y = super().call(x)
        if self.strides == 1 and x.shape[-1] == self.filters:
            return self.add([x, y])
        return y

    def get_config(self):
        return {**super().get_config(), "expansion": self.expansion}
