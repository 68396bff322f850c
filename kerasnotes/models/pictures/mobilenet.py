"""MobileNets: networks of depthwise convolutions."""

import keras

from kerasnotes.layers import block, depthwise
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution
from kerasnotes.optimizers import initializers

_SMALLEST = 32

# Filters and strides of each depthwise separable block.
_V1 = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *[(512, 1)] * 5,
    *((1024, 2), (1024, 1)),
)

# Expansion, filters, number of blocks and the first one's strides.
_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class _MobileNet(network.Network):
    """What the versions share: arguments, stem and top.

    They say what `_trunk` makes of normalised pictures: the outputs of all
    their blocks.
    """

    def __init__(
        self,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        width=1.0,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        convolution.check(input_shape, pooling, _SMALLEST)
        config = {
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "pooling": pooling,
            "width": width,
            "dropout": dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        dtype = network.policy(dtype)
        options = {
            "kernel_initializer": initializers.get(initializer),
            "kernel_regularizer": kernel_regularizer,
            "dtype": dtype,
        }
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        ends = self._trunk(x, width, options)
        x = convolution.mean_top(ends[-1], config, dtype)
        blocks = [network.name_of(end) for end in ends]
        super().__init__(inputs, x, config, name, dtype, blocks)


@keras.saving.register_keras_serializable("kerasnotes")
class MobileNet(_MobileNet):
    """MobileNet: depthwise separable convolutions, one after the other.

    A 3×3 convolution of 32 channels, thirteen `layers.DepthwiseSeparable` of
    64 to 1,024, the mean over the map, a dense layer. Height and width are
    halved five times. For 224×224×3 and 1,000 classes it has 4,253,864
    parameters.

    Layers are those of `keras.applications` by name, and their outputs too
    where height and width are multiples of 32.

    Args:
        input_shape: height, width (at least 32) and channels.
        width: multiplier of the channels, rounded down.
        dropout: rate of the units that dropout before the logits drops.
        kernel_regularizer: a Keras regulariser of the kernels, but not of the
            depthwise ones.

    The other arguments are those that `Network` lists.

    Source: Howard et al., MobileNets: efficient convolutional neural networks
    for mobile vision applications (2017), table 1 and section 3.3.

    >>> MobileNet((32, 32, 1), classes=10, width=0.25).blocks[:2]
    ('conv1_relu', 'conv_pw_1_relu')
    """

    def _trunk(self, x, width, options):
        def channels(filters):
            return max(1, int(filters * width))

        names = ("conv1", "conv1_bn", "conv1_relu")
        ends = [_convolution(x, channels(32), 3, names, options)]
        for i, (filters, strides) in enumerate(_V1, start=1):
            separable = depthwise.DepthwiseSeparable(
                channels(filters), strides, name=f"conv_{i}", **options
            )
            ends.append(separable.unroll(ends[-1]))
        return ends


@keras.saving.register_keras_serializable("kerasnotes")
class MobileNetV2(_MobileNet):
    """MobileNetV2: inverted residuals, narrow between and wide inside.

    A 3×3 convolution of 32 channels, seventeen `layers.InvertedResidual` of
    16 to 320, a 1×1 convolution to 1,280 channels, the mean over the map, a
    dense layer. Height and width are halved five times. For 224×224×3 and
    1,000 classes it has 3,538,984 parameters.

    Layers are those of `keras.applications` by name and output.

    Args:
        input_shape: height, width (at least 32) and channels.
        width: multiplier of the channels, which are then rounded to
            multiples of 8; that of the last convolution is at least 1.
        dropout: rate of the units that dropout before the logits drops.
        kernel_regularizer: a Keras regulariser of the kernels, but not of the
            depthwise ones.

    The other arguments are those that `Network` lists.

    Source: Sandler et al., MobileNetV2: inverted residuals and linear
    bottlenecks (2018), table 2 and section 4.

    >>> MobileNetV2((32, 32, 1), classes=10, width=0.35).blocks[:3]
    ('Conv1_relu', 'expanded_conv_project_BN', 'block_1_project_BN')
    """

    def _trunk(self, x, width, options):
        names = ("Conv1", "bn_Conv1", "Conv1_relu")
        ends = [_convolution(x, _eights(32 * width), 3, names, options)]
        for expansion, filters, repeats, strides in _V2:
            for i in range(repeats):
                number = len(ends) - 1
                inverted = depthwise.InvertedResidual(
                    _eights(int(filters * width)),
                    1 if i else strides,
                    expansion,
                    name=f"block_{number}" if number else "expanded_conv",
                    **options,
                )
                ends.append(inverted.unroll(ends[-1]))
        last = _eights(1280 * max(width, 1))
        names = ("Conv_1", "Conv_1_bn", "out_relu")
        return [*ends, _convolution(ends[-1], last, 1, names, options)]


def _convolution(x, filters, kernel_size, names, options):
    """Return convolution, batch norm and ReLU of `x`; a 3×3 halves it."""
    kernel, norm, relu = names
    dtype = options["dtype"]
    initializer = block.new_initializer(options["kernel_initializer"])
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=2 if kernel_size > 1 else 1,
        padding="same",
        use_bias=False,
        name=kernel,
        **block.CHANNELS_LAST,
        **options | {"kernel_initializer": initializer},
    )(x)
    x = keras.layers.BatchNormalization(
        momentum=block.QUICK, dtype=dtype, name=norm
    )(x)
    return keras.layers.ReLU(6.0, dtype=dtype, name=relu)(x)


def _eights(channels):
    """Round to a multiple of 8, no more than a tenth down."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8
