"""AlexNet."""

import keras

from kerasnotes.layers import normalization
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution

_SMALLEST = 67
_DENSE = ("fc6", "fc7")


@keras.saving.register_keras_serializable("kerasnotes")
class AlexNet(network.Network):
    """AlexNet: five convolutions, three overlapping poolings, three dense.

    | layer | output for 227×227×3 | parameters | in two groups |
    |---|---|---|---|
    | conv1, 11×11, stride 4, valid | 55×55×96 | 34,944 | 34,944 |
    | norm1, pool1 | 27×27×96 | 0 | 0 |
    | conv2, 5×5 | 27×27×256 | 614,656 | 307,456 |
    | norm2, pool2 | 13×13×256 | 0 | 0 |
    | conv3, 3×3 | 13×13×384 | 885,120 | 885,120 |
    | conv4, 3×3 | 13×13×384 | 1,327,488 | 663,936 |
    | conv5, 3×3 | 13×13×256 | 884,992 | 442,624 |
    | pool5 | 6×6×256 | 0 | 0 |
    | fc6 | 4096 | 37,752,832 | 37,752,832 |
    | fc7 | 4096 | 16,781,312 | 16,781,312 |
    | logits | 1000 | 4,097,000 | 4,097,000 |

    ReLU after each but the last; local response normalisation after the ReLU;
    max pooling 3×3 with stride 2. The paper starts from `normal_0.01` and
    some biases of 1; here kernels start by He's rule and biases at 0, which
    needs no warming up.

    Args:
        input_shape: height, width (at least 67) and channels.
        groups: 2 as published, where conv2, conv4 and conv5 see half of the
            channels each (the halves lay on two GPUs); 1 for one tower.
        dropout: rate of the units that dropout drops of fc6 and fc7; one
            number, or one for each.

    The other arguments are those that `Network` lists; features are pool5's.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional
    neural networks (2012), section 3.

    >>> AlexNet((67, 67, 3), 10, width=0.125).blocks[-3:]
    ('pool5', 'fc6_relu', 'fc7_relu')
    """

    def __init__(
        self,
        input_shape=(227, 227, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        groups=1,
        dropout=0.5,
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
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "pooling": pooling,
            "groups": groups,
            "dropout": dropout,
            "width": width,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        layers = convolution.Convolution(
            initializer, kernel_regularizer, width, dtype=network.policy(dtype)
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = _trunk(x, layers, groups)
        blocks = ["pool1", "pool2", "conv3_relu", "conv4_relu", "pool5"]
        x = convolution.dense_top(x, _DENSE, layers, config)
        if include_top:
            blocks += [f"{layer}_relu" for layer in _DENSE]
        super().__init__(inputs, x, config, name, dtype, blocks)


def _trunk(x, layers, groups):
    """Return what pool5 makes of the normalised pictures."""
    dtype = layers.dtype

    def norm(x, name):
        return normalization.LocalResponseNormalization(dtype=dtype, name=name)(
            x
        )

    def pool(x, name):
        return convolution.pool("max", 3, 2, dtype=dtype, name=name)(x)

    x = layers(x, 96, 11, "conv1", "valid", strides=4)
    x = pool(norm(x, "norm1"), "pool1")
    x = layers(x, 256, 5, "conv2", groups=groups)
    x = pool(norm(x, "norm2"), "pool2")
    # The two towers' first and third layers see all channels.
    x = layers(x, 384, 3, "conv3")
    x = layers(x, 384, 3, "conv4", groups=groups)
    x = layers(x, 256, 3, "conv5", groups=groups)
    return pool(x, "pool5")
