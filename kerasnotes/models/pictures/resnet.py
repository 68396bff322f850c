"""Residual networks."""

import keras

from kerasnotes.layers import residual
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
        classes: the number of classes.
        include_top: whether to end in logits `(batch, classes)`, or in
            features.
        pooling: of features: `avg`, `max`, or None for maps.
        filters: `filters` of the first stage's blocks.
        kind: of blocks, `basic` or `bottleneck`.
        small: whether the stem is one 3×3 convolution, rather than one of
            7×7 and stride 2, then 3×3 max pooling of stride 2.
        use_bias: whether convolutions have a bias.
        shortcut: where a block changes the shape, `projection` or
            `zero_pad`; `none` leaves out all shortcuts.
        version: `v1` or `v1.5`, see `layers.ConvolutionalBlock`.
        width: multiplier of all channels.
        keep_prob: probability that dropout before the logits keeps a unit.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        mean: mean of the training set's pictures, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

    A subclass may name other classes for its blocks in `identity_block` and
    `convolutional_block`.

    Call arguments:
        inputs: pictures `(batch, *input_shape)`, float32 0–255.

    Raises:
        ValueError: the pictures are too small, or no pictures, or an
            argument is none of the above.

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
        keep_prob=1.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        halvings = len(depths) + (-1 if small else 1)
        convolution.check(input_shape, pooling, smallest=2**halvings)
        layer = {
            "use_bias": use_bias,
            "kernel_initializer": initializers.get(initializer),
            "kernel_regularizer": kernel_regularizer,
        }
        inputs = keras.Input(input_shape)
        x = network.normalize(inputs, mean, std)
        x = _stem(x, max(1, round(filters * width)), small, layer)
        blocks = ["conv1_relu"]
        for i, depth in enumerate(depths):
            for j in range(depth):
                strides = 2 if i and not j else 1
                x = self._block(
                    x,
                    strides,
                    shortcut,
                    version,
                    filters=max(1, round(filters * 2**i * width)),
                    kind=kind,
                    name=f"conv{i + 2}_block{j + 1}",
                    **layer,
                )
                blocks.append(network.name_of(x))
        x = convolution.mean_top(x, arguments)
        super().__init__(inputs, x, arguments, name, blocks)

    def _block(self, x, strides, shortcut, version, filters, kind, **options):
        same = filters * (4 if kind == "bottleneck" else 1) == x.shape[-1]
        if strides == 1 and same:
            shortcut = "none" if shortcut == "none" else "identity"
            made = self.identity_block(
                filters, kind=kind, shortcut=shortcut, **options
            )
        else:
            made = self.convolutional_block(
                filters,
                strides,
                kind=kind,
                version=version,
                shortcut=shortcut,
                **options,
            )
        return made.unroll(x)


def _variant(layers, depths, **more):
    name, about = f"ResNet{layers}", f"ResNet-{layers} for large pictures."
    return network.variant(name, about, ResNet, depths, **more)


_BOTTLENECK = {"kind": "bottleneck", "use_bias": True}
ResNet18 = _variant(18, (2, 2, 2, 2))
ResNet34 = _variant(34, (3, 4, 6, 3))
ResNet50 = _variant(50, (3, 4, 6, 3), **_BOTTLENECK)
ResNet101 = _variant(101, (3, 4, 23, 3), **_BOTTLENECK)
ResNet152 = _variant(152, (3, 8, 36, 3), **_BOTTLENECK)


def _stem(x, filters, small, layer):
    size, strides, padding = (3, 1, 1) if small else (7, 2, 3)
    x = keras.layers.ZeroPadding2D(padding, name="conv1_pad")(x)
    conv = keras.layers.Conv2D(
        filters, size, strides, name="conv1_conv", **layer
    )
    x = conv(x)
    x = residual.normalization("conv1_bn")(x)
    x = keras.layers.Activation("relu", name="conv1_relu")(x)
    if small:
        return x
    x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return keras.layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
