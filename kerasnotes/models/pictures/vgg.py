"""VGG-16 and VGG-19."""

import keras

from kerasnotes.models import network
from kerasnotes.models.pictures import convolution as pieces

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
        classes: the number of classes.
        include_top: whether to end in logits `(batch, classes)`, or in
            block5_pool's features.
        pooling: of features: `avg`, `max`, or None for maps.
        keep_prob: probability that dropout keeps a unit of fc1 and fc2; one
            number, or one for each.
        batch_norm: whether to normalise before the ReLU of each convolution.
        width: multiplier of all channels.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        mean: mean of the training set's pictures, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

    Call arguments:
        inputs: pictures `(batch, *input_shape)`, float32 0–255.

    Raises:
        ValueError: the pictures are too small, or no pictures, or an
            argument is none of the above.

    Source: Simonyan and Zisserman, Very deep convolutional networks for
    large-scale image recognition (2014), table 1, configurations D and E.

    >>> VGG16((32, 32, 3), include_top=False, width=0.125).output_shape
    (None, 1, 1, 64)
    """

    def __init__(
        self,
        depths,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        keep_prob=0.5,
        batch_norm=False,
        width=1.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        pieces.check(input_shape, pooling, _SMALLEST)
        convolution = pieces.Convolution(
            initializer, kernel_regularizer, width, batch_norm
        )
        inputs = keras.Input(input_shape)
        x = network.normalize(inputs, mean, std)
        blocks = []
        for i, (depth, filters) in enumerate(
            zip(depths, _FILTERS, strict=True), start=1
        ):
            for j in range(depth):
                x = convolution(x, filters, 3, f"block{i}_conv{j + 1}")
            blocks.append(f"block{i}_pool")
            x = keras.layers.MaxPooling2D(2, name=blocks[-1])(x)
        x = pieces.dense_top(x, _DENSE, convolution, arguments)
        if include_top:
            blocks += [f"{layer}_relu" for layer in _DENSE]
        super().__init__(inputs, x, arguments, name, blocks)


VGG16 = network.variant(
    "VGG16",
    "VGG-16, configuration D: 138,357,544 parameters.",
    VGG,
    (2, 2, 3, 3, 3),
)
VGG19 = network.variant(
    "VGG19",
    "VGG-19, configuration E: 143,667,240 parameters.",
    VGG,
    (2, 2, 4, 4, 4),
)
