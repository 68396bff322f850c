"""Network in network."""

import keras

from kerasnotes.models import network
from kerasnotes.models.pictures import convolution

_SMALLEST = 7

# Of each stage, the side of its first filters and the channels of its layers.
_STAGES = ((5, (192, 160, 96)), (5, (192, 192, 192)), (3, (192, 192)))


@keras.saving.register_keras_serializable("kerasnotes")
class NetworkInNetwork(network.Network):
    """Network in network: a small dense network at every position.

    A stage is a convolution and then 1×1 convolutions: to all channels of a
    position they are a dense layer, the same at every position. Its head has
    no dense layer on a flattened map: one map per class, averaged.

    | layer | output for 32×32×3 | parameters |
    |---|---|---|
    | mlpconv1_conv, 5×5 | 32×32×192 | 14,592 |
    | mlpconv1_1x1_1, mlpconv1_1x1_2 | 32×32×96 | 46,336 |
    | pool1, max 3×3, stride 2 | 15×15×96 | 0 |
    | mlpconv2_conv, 5×5 | 15×15×192 | 460,992 |
    | mlpconv2_1x1_1, mlpconv2_1x1_2 | 15×15×192 | 74,112 |
    | pool2, average 3×3, stride 2 | 7×7×192 | 0 |
    | mlpconv3_conv, 3×3 | 7×7×192 | 331,968 |
    | mlpconv3_1x1_1 | 7×7×192 | 37,056 |
    | avg_pool | 192 | 0 |
    | logits | 10 | 1,930 |

    The class maps' 1×1 convolution and their average may change places, for
    both are linear, so the head is `logits` on the average. (The authors have
    a ReLU between the two; then no score is below 0.) Poolings have no
    padding, of which averages are not the same in every backend; the authors'
    round sizes up, to 16×16 and 8×8.

    Args:
        input_shape: height, width (at least 7) and channels.
        dropout: rate of what dropout drops of pool1 and pool2; one number,
            or one for each.

    The other arguments are those that `Network` lists; features are the last
    stage's.

    Source: Lin et al., Network in network (2013), sections 3 and 4.2; the
    sizes are those of the authors' CIFAR-10 network.

    >>> NetworkInNetwork().count_params()
    966986
    """

    def __init__(
        self,
        input_shape=(32, 32, 3),
        classes=10,
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
        dtype = network.policy(dtype)
        layers = convolution.Convolution(
            initializer, kernel_regularizer, width, batch_norm, dtype=dtype
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = _trunk(x, layers, network.per_layer(dropout, 2))
        x = convolution.mean_top(x, config | {"dropout": 0.0}, dtype)
        blocks = ["pool1", "pool2", "mlpconv3_1x1_1_relu"]
        super().__init__(inputs, x, config, name, dtype, blocks)


def _trunk(x, layers, rates):
    """Return the last stage's maps of the normalised pictures."""
    poolings = ("max", "average")
    for i, (size, (first, *rest)) in enumerate(_STAGES, start=1):
        x = layers(x, first, size, f"mlpconv{i}_conv")
        for j, filters in enumerate(rest, start=1):
            x = layers(x, filters, 1, f"mlpconv{i}_1x1_{j}")
        if i <= len(poolings):
            pool = convolution.pool(
                poolings[i - 1], 3, 2, dtype=layers.dtype, name=f"pool{i}"
            )
            x = network.block(x, pool, "linear", dropout=rates[i - 1])
    return x
