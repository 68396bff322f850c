"""Depthwise convolutions: a kernel for each channel, then 1×1 mixes them."""

import re

import keras

from kerasnotes.layers import block


class _DepthwiseBlock(block.Block):
    """A row of layers that starts to exist with the input's channels."""

    def __init__(
        self,
        filters,
        strides,
        kernel_size,
        kernel_initializer,
        kernel_regularizer,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.kernel_size = kernel_size
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        self.row = self._row(input_shape[-1])
        shape = input_shape
        for layer in self.row:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def unroll(self, x):
        self.row = self._row(x.shape[-1])
        return self.call(x)

    def call(self, x):
        y = x
        for layer in self.row:
            y = layer(y)
        return y

    def _depthwise(self, name):
        return keras.layers.DepthwiseConv2D(
            self.kernel_size,
            self.strides,
            padding="same",
            use_bias=False,
            depthwise_initializer=self.kernel_initializer.clone(),
            **self._named(name),
        )

    def _pointwise(self, filters, name):
        return keras.layers.Conv2D(
            filters,
            1,
            use_bias=False,
            # An unseeded initialiser repeats its values.
            kernel_initializer=self.kernel_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            **self._named(name),
        )

    def _norm(self, name):
        return block.batch_norm(**self._named(name))

    def _relu(self, name):
        return keras.layers.ReLU(6.0, **self._named(name))

    def _named(self, name):
        return {"name": name, "dtype": self.dtype_policy}

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "kernel_size": self.kernel_size,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
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
    `_bn` and `_relu` after it.

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

    def __init__(
        self,
        filters,
        strides=1,
        kernel_size=3,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(
            filters,
            strides,
            kernel_size,
            kernel_initializer,
            kernel_regularizer,
            **kwargs,
        )

    def _row(self, channels):
        def name(part):
            return re.sub(r"(_\d+)?$", rf"_{part}\1", self.name, count=1)

        dw, pw = name("dw"), name("pw")
        return [
            self._depthwise(dw),
            self._norm(f"{dw}_bn"),
            self._relu(f"{dw}_relu"),
            self._pointwise(self.filters, pw),
            self._norm(f"{pw}_bn"),
            self._relu(f"{pw}_relu"),
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
    after it, and `block_1_add`.

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

    def __init__(
        self,
        filters,
        strides=1,
        expansion=6,
        kernel_size=3,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(
            filters,
            strides,
            kernel_size,
            kernel_initializer,
            kernel_regularizer,
            **kwargs,
        )
        self.expansion = expansion
        self.add = keras.layers.Add(**self._named(f"{self.name}_add"))

    def _row(self, channels):
        expand, depthwise, project = (
            f"{self.name}_{part}" for part in ("expand", "depthwise", "project")
        )
        wide = [
            self._pointwise(self.expansion * channels, expand),
            self._norm(f"{expand}_BN"),
            self._relu(f"{expand}_relu"),
        ]
        return [
            *(wide if self.expansion > 1 else []),
            self._depthwise(depthwise),
            self._norm(f"{depthwise}_BN"),
            self._relu(f"{depthwise}_relu"),
            self._pointwise(self.filters, project),
            self._norm(f"{project}_BN"),
        ]

    def call(self, x):
        y = super().call(x)
        if self.strides == 1 and x.shape[-1] == self.filters:
            return self.add([x, y])
        return y

    def get_config(self):
        return {**super().get_config(), "expansion": self.expansion}
