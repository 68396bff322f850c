"""LeNet-5."""

import keras

from kerasnotes.models import network
from kerasnotes.optimizers import initializers

_SMALLEST = 16


@keras.saving.register_keras_serializable("kerasnotes")
class LeNet5(network.Network):
    """LeNet-5: two convolutions, two poolings, three dense layers.

    | layer | output for 32×32×1 | parameters |
    |---|---|---|
    | conv_1, 5×5, valid | 28×28×6 | 156 |
    | pool_1, 2×2 | 14×14×6 | 0 |
    | conv_2, 5×5, valid | 10×10×16 | 2,416 |
    | pool_2, 2×2 | 5×5×16 | 0 |
    | dense_1 | 120 | 48,120 |
    | dense_2 | 84 | 10,164 |
    | logits | 10 | 850 |

    Of the paper it keeps the shape, the tanh and the average pooling; its
    partly connected second convolution, scaled tanh and radial output are
    those of the course's table: full, plain and softmax.

    `LeNet5Teaching` is the course's variant: 32×32×3 (456 parameters in
    conv_1), ReLU, max pooling.

    Args:
        input_shape: height, width (at least 16) and channels.
        classes: the number of classes.
        include_top: whether to end in logits `(batch, classes)`, or in
            dense_2's `(batch, 84)`.
        activation: `relu`, `tanh`, `sigmoid`, `leaky_relu` or `linear`.
        pooling: `average` or `max`.
        keep_prob: probability that dropout keeps a unit of dense_1 and
            dense_2; one number, or one for each.
        batch_norm: whether to normalise before each activation.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        mean: mean of the training set's pictures, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

    Call arguments:
        inputs: pictures `(batch, *input_shape)`, float32 0–255.

    Raises:
        ValueError: the pictures are too small, or no pictures.

    Source: LeCun et al., Gradient-based learning applied to document
    recognition (1998), section II.B.

    >>> LeNet5().count_params()
    61706
    """

    def __init__(
        self,
        input_shape=(32, 32, 1),
        classes=10,
        include_top=True,
        activation="tanh",
        pooling="average",
        keep_prob=1.0,
        batch_norm=False,
        initializer="glorot",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        _check(input_shape, pooling)
        common = {
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "use_bias": not batch_norm,
        }
        inputs = keras.Input(input_shape)
        x = network.normalize(inputs, mean, std)
        for i, filters in enumerate((6, 16), start=1):
            x = network.block(
                x, _conv(filters, f"conv_{i}", **common), activation, batch_norm
            )
            x = _pool(pooling, f"pool_{i}")(x)
        x = keras.layers.Flatten()(x)
        for i, (units, keep) in enumerate(
            zip((120, 84), network.per_layer(keep_prob, 2), strict=True),
            start=1,
        ):
            layer = network.dense(units, f"dense_{i}", **common)
            x = network.block(x, layer, activation, batch_norm, keep)
        if include_top:
            x = network.logits(x, classes, initializer, kernel_regularizer)
        super().__init__(inputs, x, arguments, name)


LeNet5Teaching = network.variant(
    "LeNet5Teaching",
    "LeNet-5 as the course teaches it: in colour, ReLU, max pooling.",
    LeNet5,
    input_shape=(32, 32, 3),
    activation="relu",
    pooling="max",
    initializer="he",
)


def _check(input_shape, pooling):
    if len(input_shape) != 3 or min(input_shape[:2]) < _SMALLEST:
        raise ValueError(
            "`input_shape` must be (height, width, channels), at least "
            f"{_SMALLEST}×{_SMALLEST}. Received: input_shape={input_shape}"
        )
    if pooling not in ("average", "max"):
        raise ValueError(
            f"`pooling` must be average or max. Received: pooling={pooling!r}"
        )


def _conv(filters, name, initializer, kernel_regularizer, use_bias):
    return keras.layers.Conv2D(
        filters,
        5,
        use_bias=use_bias,
        kernel_initializer=initializers.get(initializer),
        kernel_regularizer=kernel_regularizer,
        name=name,
    )


def _pool(kind, name):
    if kind == "max":
        return keras.layers.MaxPooling2D(2, name=name)
    return keras.layers.AveragePooling2D(2, name=name)
