"""LeNet-5."""

import keras

from kerasnotes import errors
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution

_SMALLEST = 16


def _check_filters(filters):
    """Refuses numbers of filters that the two convolutions can't have."""
    if len(filters) != 2 or min(filters) < 1:
        raise errors.ArgumentError(
            "filters",
            "`filters` must be two numbers from 1 on, of conv_1 and conv_2. "
            f"Received: filters={filters}",
        )


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

    Args:
        input_shape: height, width (at least 16) and channels.
        filters: numbers of filters of conv_1 and conv_2.
        pooling: of pool_1 and pool_2: `average` or `max`.
        dropout: rate of the units that dropout drops of dense_1 and dense_2;
            one number, or one for each.

    The other arguments are those that `Network` lists; features are
    dense_2's `(batch, 84)`.

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
        filters=(6, 16),
        activation="tanh",
        pooling="average",
        dropout=0.0,
        input_dropout=0.0,
        batch_norm=False,
        initializer="glorot",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        convolution.check(input_shape, pooling, _SMALLEST, ("average", "max"))
        _check_filters(filters)
        config = {
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "filters": filters,
            "activation": activation,
            "pooling": pooling,
            "dropout": dropout,
            "input_dropout": input_dropout,
            "batch_norm": batch_norm,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        dtype = network.policy(dtype)
        layers = convolution.Convolution(
            initializer,
            kernel_regularizer,
            batch_norm=batch_norm,
            activation=activation,
            dtype=dtype,
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = network.drop_inputs(x, input_dropout, dtype)
        for i, count in enumerate(filters, start=1):
            x = layers(x, count, 5, f"conv_{i}", "valid")
            x = convolution.pool(pooling, 2, dtype=dtype, name=f"pool_{i}")(x)
        x = network.flatten(x, dtype)
        rates = network.per_layer(dropout, 2)
        for i, units in enumerate((120, 84)):
            x = layers.dense(
                x, units, f"dense_{i + 1}", rates[i], batch_norm=batch_norm
            )
        if include_top:
            x = network.logits(
                x, classes, initializer, kernel_regularizer, dtype
            )
        super().__init__(inputs, x, config, name, dtype)


@keras.saving.register_keras_serializable("kerasnotes")
class LeNet5Teaching(LeNet5):
    """LeNet-5 as the course teaches it: in colour, ReLU, max pooling.

    Its layers, of 32×32×3, have 456, 2,416, 48,120, 10,164 and 850
    parameters; with eight filters in conv_1, `filters=(8, 16)`, they have 608,
    3,216, 48,120, 10,164 and 850. The arguments are those of `LeNet5`.

    >>> LeNet5Teaching().count_params()
    62006
    """

    def __init__(
        self,
        input_shape=(32, 32, 3),
        classes=10,
        include_top=True,
        filters=(6, 16),
        activation="relu",
        pooling="max",
        dropout=0.0,
        input_dropout=0.0,
        batch_norm=False,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        super().__init__(
            input_shape,
            classes,
            include_top,
            filters,
            activation,
            pooling,
            dropout,
            input_dropout,
            batch_norm,
            initializer,
            kernel_regularizer,
            mean,
            std,
            name,
            dtype,
        )
