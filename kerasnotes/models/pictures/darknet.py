"""A small residual network of detectors, for processors without a GPU."""

import keras

from kerasnotes.models import network
from kerasnotes.models.pictures import convolution

_STEM = 16
# Of each stage, the filters and the number of residual blocks.
_STAGES = ((32, 1), (64, 2), (128, 2), (256, 1))


@keras.saving.register_keras_serializable("kerasnotes")
class DarknetSmall(network.Network):
    """Darknet-53's blocks, fewer and narrower, after a stem of stride 2.

    Each stage halves height and width by a 3×3 convolution of stride 2 and
    doubles the channels; then come residual blocks, `x + f(x)`, with f a 1×1
    convolution to half of the channels and a 3×3 one back to all. Batch norm
    and an activation follow every convolution.

    | layers | output for 96×96×3 | parameters |
    |---|---|---|
    | conv1, 3×3, stride 2 | 48×48×16 | 496 |
    | conv2, 1 block | 24×24×32 | 10,048 |
    | conv3, 2 blocks | 12×12×64 | 60,416 |
    | conv4, 2 blocks | 6×6×128 | 239,616 |
    | conv5, 1 block | 3×3×256 | 625,152 |
    | avg_pool | 256 | 0 |
    | logits | 10 | 2,570 |

    Its maps have strides 2, 4, 8, 16 and 32, or those up to `stages`.

    Args:
        input_shape: height, width and channels; height and width at least
            the network's stride.
        stages: how many of the four there are: with three, the network ends
            at stride 16.

    The other arguments are those that `Network` lists.

    Source: the blocks are those of Redmon and Farhadi, YOLOv3 (2018), table
    1; the numbers are this package's own.

    >>> DarknetSmall((96, 96, 3)).count_params()
    938298
    """

    def __init__(
        self,
        input_shape=(224, 224, 3),
        classes=10,
        include_top=True,
        pooling=None,
        stages=4,
        activation="relu",
        dropout=0.0,
        width=1.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        if stages not in range(1, len(_STAGES) + 1):
            raise ValueError(
                f"`stages` must be from 1 to {len(_STAGES)}. Received: "
                f"stages={stages}"
            )
        convolution.check(input_shape, pooling, 2 ** (stages + 1))
        config = {
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "pooling": pooling,
            "stages": stages,
            "activation": activation,
            "dropout": dropout,
            "width": width,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        dtype = network.policy(dtype)
        layers = convolution.Convolution(
            *(initializer, kernel_regularizer, width, True, activation),
            dtype=dtype,
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = layers(x, _STEM, 3, "conv1", strides=2)
        blocks = [network.name_of(x)]
        for i, (filters, depth) in enumerate(_STAGES[:stages], start=2):
            x = layers(x, filters, 3, f"conv{i}", strides=2)
            for j in range(1, depth + 1):
                x = _block(x, filters, layers, f"conv{i}_block{j}")
                blocks.append(network.name_of(x))
        x = convolution.mean_top(x, config, dtype)
        super().__init__(inputs, x, config, name, dtype, blocks)


def _block(x, filters, layers, name):
    """Return x and what two convolutions add to it."""
    y = layers(x, filters / 2, 1, f"{name}_1")
    y = layers(y, filters, 3, f"{name}_2")
    return keras.layers.Add(dtype=layers.dtype, name=f"{name}_out")([x, y])
