"""VGG-16 and VGG-19."""

import keras

from kerasnotes.models import network
from kerasnotes.models.pictures import convolution

_SMALLEST = 32
_FILTERS = (64, 128, 256, 512, 512)
_DENSE = ("fc1", "fc2")


@keras.saving.register_keras_serializable("kerasnotes")
class VGG(network.Network):
    """VGG: 3×3 same convolutions in five blocks, 2×2 poolings, three dense.

    For 224×224×3 and 1,000 classes:

    | block | output | convolutions of VGG16 | of VGG19 |
    |---|---|---|---|
    | block1 | 112×112×64 | 2 | 2 |
    | block2 | 56×56×128 | 2 | 2 |
    | block3 | 28×28×256 | 3 | 4 |
    | block4 | 14×14×512 | 3 | 4 |
    | block5 | 7×7×512 | 3 | 4 |
    | fc1, fc2 | 4096 | | |
    | logits | 1000 | | |
    | parameters | | 138,357,544 | 143,667,240 |

    The layers are those of `keras.applications` by name and shape, but for
    the head, `logits`. 124 million parameters are in the dense layers.

    Args:
        depths: the number of convolutions of each block.
        input_shape: height, width (at least 32) and channels.
        dropout: rate of the units that dropout drops of fc1 and fc2; one
            number, or one for each.
        batch_norm: whether to normalise before the ReLU of each convolution.

    The other arguments are those that `Network` lists; features are
    block5_pool's.

    Source: Simonyan and Zisserman, Very deep convolutional networks for
    large-scale image recognition (2014), table 1, configurations D and E.

    >>> model = VGG((1, 1, 1, 1, 1), (32, 32, 3), include_top=False, width=0.1)
    >>> model.output_shape
    (None, 1, 1, 51)
    """

    def __init__(
        self,
        depths,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        dropout=0.5,
        batch_norm=False,
        width=1.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        convolution.check(input_shape, pooling, _SMALLEST)
        config = {
            "depths": depths,
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "pooling": pooling,
            "dropout": dropout,
            "batch_norm": batch_norm,
            "width": width,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        layers = convolution.Convolution(
            initializer,
            kernel_regularizer,
            width,
            batch_norm,
            dtype=network.policy(dtype),
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x, blocks = _trunk(x, depths, layers)
        x = convolution.dense_top(x, _DENSE, layers, config)
        if include_top:
            blocks += [f"{layer}_relu" for layer in _DENSE]
        super().__init__(inputs, x, config, name, dtype, blocks)


def _trunk(x, depths, layers):
    """Return the last block's maps, and the names of the blocks' ends."""
    ends = []
    for i, (depth, filters) in enumerate(
        zip(depths, _FILTERS, strict=True), start=1
    ):
        for j in range(depth):
            x = layers(x, filters, 3, f"block{i}_conv{j + 1}")
        ends.append(f"block{i}_pool")
        x = convolution.pool("max", 2, dtype=layers.dtype, name=ends[-1])(x)
    return x, ends


class _PublishedVGG(VGG):
    """What the two configurations share; each has its depths."""

    fixed = ("depths",)
    depths = ()

    def __init__(
        self,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        dropout=0.5,
        batch_norm=False,
        width=1.0,
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
            dropout,
            batch_norm,
            width,
            initializer,
            kernel_regularizer,
            mean,
            std,
            name,
            dtype,
        )


@keras.saving.register_keras_serializable("kerasnotes")
class VGG16(_PublishedVGG):
    """VGG-16, configuration D: 138,357,544 parameters.

    `VGG((2, 2, 3, 3, 3))`, and its arguments are those of `VGG`.

    >>> VGG16((32, 32, 3), include_top=False, width=0.125).output_shape
    (None, 1, 1, 64)
    """

    depths = (2, 2, 3, 3, 3)


@keras.saving.register_keras_serializable("kerasnotes")
class VGG19(_PublishedVGG):
    """VGG-19, configuration E: 143,667,240 parameters.

    `VGG((2, 2, 4, 4, 4))`, and its arguments are those of `VGG`.
    """

    depths = (2, 2, 4, 4, 4)
