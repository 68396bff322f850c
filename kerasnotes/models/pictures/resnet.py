"""Residual networks."""

import keras

from kerasnotes.layers import block, residual
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution
from kerasnotes.optimizers import initializers


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet(network.Network):
    """A residual network: a stem, stages of residual blocks, a dense head.

    The first block of each stage but the first halves height and width and
    doubles the channels. The table's are for 224×224×3 and 1,000 classes;
    `resnet_small` has those for 32×32.

    | model | depths | kind | parameters |
    |---|---|---|---|
    | ResNet18 | 2, 2, 2, 2 | basic | 11,699,112 |
    | ResNet34 | 3, 4, 6, 3 | basic | 21,814,696 |
    | ResNet50 | 3, 4, 6, 3 | bottleneck | 25,636,712 |
    | ResNet101 | 3, 4, 23, 3 | bottleneck | 44,707,176 |
    | ResNet152 | 3, 8, 36, 3 | bottleneck | 60,419,944 |

    Layers of the last three are those of `keras.applications` by name, shape
    and number; the first two are torchvision's in shape and number.

    Args:
        depths: the number of blocks of each stage.
        input_shape: height, width and channels; height and width at least
            the network's stride: 32, or 4 for the small.
        filters: `filters` of the first stage's blocks.
        kind: of blocks, `basic` or `bottleneck`.
        small: whether the stem is one 3×3 convolution, rather than one of
            7×7 and stride 2, then 3×3 max pooling of stride 2.
        use_bias: whether convolutions have a bias.
        shortcut: where a block changes the shape, `projection` or
            `zero_pad`; `none` leaves out all shortcuts.
        version: `v1` or `v1.5`, see `layers.ConvolutionalBlock`.
        dropout: rate of the units that dropout before the logits drops.

    The other arguments are those that `Network` lists. A subclass may name
    other classes for its blocks in `identity_block` and
    `convolutional_block`.

    Source: He et al., Deep residual learning for image recognition (2015),
    table 1 and section 4.2.

    >>> model = ResNet((1, 1), filters=4, small=True, input_shape=(8, 8, 1))
    >>> model.blocks
    ('conv1_relu', 'conv2_block1_out', 'conv3_block1_out')
    """

    identity_block = residual.IdentityBlock
    convolutional_block = residual.ConvolutionalBlock

    def __init__(
        self,
        depths,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        filters=64,
        kind="basic",
        small=False,
        use_bias=False,
        shortcut="projection",
        version="v1",
        width=1.0,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        halvings = len(depths) + (-1 if small else 1)
        convolution.check(input_shape, pooling, smallest=2**halvings)
        config = {
            "depths": depths,
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "pooling": pooling,
            "filters": filters,
            "kind": kind,
            "small": small,
            "use_bias": use_bias,
            "shortcut": shortcut,
            "version": version,
            "width": width,
            "dropout": dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        dtype = network.policy(dtype)
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x, blocks = self._trunk(x, config, dtype)
        x = convolution.mean_top(x, config, dtype)
        super().__init__(inputs, x, config, name, dtype, blocks)

    def _trunk(self, x, config, dtype):
        """Return the last maps, and the names of the blocks' last layers."""
        layer = {
            "use_bias": config["use_bias"],
            "kernel_initializer": initializers.get(config["initializer"]),
            "kernel_regularizer": config["kernel_regularizer"],
            "dtype": dtype,
        }
        filters, width = config["filters"], config["width"]
        x = _stem(x, max(1, round(filters * width)), config["small"], layer)
        blocks = ["conv1_relu"]
        for i, depth in enumerate(config["depths"]):
            for j in range(depth):
                step = self._block(
                    x.shape[-1],
                    max(1, round(filters * 2**i * width)),
                    2 if i and not j else 1,
                    config,
                    name=f"conv{i + 2}_block{j + 1}",
                    **layer,
                )
                x = step.unroll(x)
                blocks.append(network.name_of(x))
        return x, blocks

    def _block(self, channels, filters, strides, config, **options):
        """Return the block from so many channels on."""
        kind, shortcut = config["kind"], config["shortcut"]
        same = filters * (4 if kind == "bottleneck" else 1) == channels
        if strides == 1 and same:
            shortcut = "none" if shortcut == "none" else "identity"
            return self.identity_block(
                filters, kind=kind, shortcut=shortcut, **options
            )
        return self.convolutional_block(
            filters,
            strides,
            kind=kind,
            version=config["version"],
            shortcut=shortcut,
            **options,
        )


def _stem(x, filters, small, layer):
    """Return what the first block reads."""
    dtype, last = layer["dtype"], block.CHANNELS_LAST

    def pad(x, width, name):
        return keras.layers.ZeroPadding2D(
            width, dtype=dtype, name=name, **last
        )(x)

    size, strides, padding = (3, 1, 1) if small else (7, 2, 3)
    x = pad(x, padding, "conv1_pad")
    x = keras.layers.Conv2D(
        filters, size, strides, name="conv1_conv", **last, **layer
    )(x)
    x = residual.normalization("conv1_bn", dtype)(x)
    x = keras.layers.Activation("relu", dtype=dtype, name="conv1_relu")(x)
    if small:
        return x
    x = pad(x, 1, "pool1_pad")
    return convolution.pool("max", 3, 2, dtype=dtype, name="pool1_pool")(x)


class _LargeResNet(ResNet):
    """What the published networks for 224×224 share; each has its depths."""

    fixed = ("depths", "filters", "kind", "small", "use_bias")
    depths = ()
    kind = "basic"

    def __init__(
        self,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        shortcut="projection",
        version="v1",
        width=1.0,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        super().__init__(
            self.depths,
            input_shape,
            classes,
            include_top,
            pooling,
            kind=self.kind,
            # Idle beside batch norm, but in the published weights.
            use_bias=self.kind == "bottleneck",
            shortcut=shortcut,
            version=version,
            width=width,
            dropout=dropout,
            initializer=initializer,
            kernel_regularizer=kernel_regularizer,
            mean=mean,
            std=std,
            name=name,
            dtype=dtype,
        )


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet18(_LargeResNet):
    """ResNet-18 for large pictures: 11,699,112 parameters.

    `ResNet((2, 2, 2, 2))`, and its arguments are those of `ResNet`.
    """

    depths = (2, 2, 2, 2)


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet34(_LargeResNet):
    """ResNet-34 for large pictures: 21,814,696 parameters.

    `ResNet((3, 4, 6, 3))`, and its arguments are those of `ResNet`.
    """

    depths = (3, 4, 6, 3)


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet50(_LargeResNet):
    """ResNet-50 for large pictures: 25,636,712 parameters.

    `ResNet((3, 4, 6, 3), kind="bottleneck", use_bias=True)`, and its
    arguments are those of `ResNet`.
    """

    depths = (3, 4, 6, 3)
    kind = "bottleneck"


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet101(_LargeResNet):
    """ResNet-101 for large pictures: 44,707,176 parameters.

    `ResNet((3, 4, 23, 3), kind="bottleneck", use_bias=True)`, and its
    arguments are those of `ResNet`.
    """

    depths = (3, 4, 23, 3)
    kind = "bottleneck"


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet152(_LargeResNet):
    """ResNet-152 for large pictures: 60,419,944 parameters.

    `ResNet((3, 8, 36, 3), kind="bottleneck", use_bias=True)`, and its
    arguments are those of `ResNet`.
    """

    depths = (3, 8, 36, 3)
    kind = "bottleneck"
