"""GoogLeNet."""

import keras

from kerasnotes.layers import inception, normalization
from kerasnotes.models import network
from kerasnotes.models.pictures import convolution, side_heads
from kerasnotes.optimizers import initializers

_SMALLEST = 32

# Table 1 of the paper: 1×1, (reduction, 3×3), (reduction, 5×5), projection.
_MODULES = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
_SIDES = ("inception_4a_output", "inception_4d_output")


@keras.saving.register_keras_serializable("kerasnotes")
class GoogLeNet(network.Network):
    """GoogLeNet: nine inception modules, and an average before the logits.

    | layer | output for 224×224×3 | parameters |
    |---|---|---|
    | conv1, 7×7, stride 2; pool1; norm1 | 56×56×64 | 9,472 |
    | conv2_reduce, 1×1 | 56×56×64 | 4,160 |
    | conv2, 3×3; norm2; pool2 | 28×28×192 | 110,784 |
    | inception_3a, 3b | 28×28×480 | 552,432 |
    | pool3; inception_4a … 4e | 14×14×832 | 2,809,168 |
    | pool4; inception_5a, 5b | 7×7×1024 | 2,487,536 |
    | avg_pool | 1024 | 0 |
    | logits | 1000 | 1,025,000 |

    Every convolution has a bias and a ReLU; poolings are 3×3, stride 2; norm1
    and norm2 are local response normalisation. Padding is "same" throughout.

    It has no side heads: `with_side_heads` gives the model to train.

    Args:
        input_shape: height, width (at least 32) and channels.
        dropout: rate of the units that dropout drops of avg_pool.
        batch_norm: whether to normalise before each ReLU; in place of local
            response normalisation then.

    The other arguments are those that `Network` lists.

    Source: Szegedy et al., Going deeper with convolutions (2015), table 1
    and section 5.

    >>> model = GoogLeNet((32, 32, 3), 10, width=0.125)
    >>> model.output_shape, len(model.with_side_heads().outputs)
    ((None, 10), 3)
    """

    def __init__(
        self,
        input_shape=(224, 224, 3),
        classes=1000,
        include_top=True,
        pooling=None,
        dropout=0.4,
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
        layers = convolution.Convolution(
            initializer,
            kernel_regularizer,
            width,
            batch_norm,
            dtype=network.policy(dtype),
        )
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = _modules(_stem(x, layers), layers)
        x = convolution.mean_top(x, config, layers.dtype)
        blocks = ["conv1_relu", "conv2_relu"]
        blocks += [f"inception_{module}_output" for module in _MODULES]
        super().__init__(inputs, x, config, name, dtype, blocks)

    def with_side_heads(self):
        """Return this model with two heads more, on the same weights.

        They stand on inception_4a and 4d, the gradient's short ways to the
        first layers, and are for training alone.

        Raises:
            ValueError: the model has no head itself.
        """
        config = self._config
        if not config["include_top"]:
            raise ValueError(
                "Side heads need a model with a head. Received: "
                f"include_top={config['include_top']}"
            )
        layers = convolution.Convolution(
            config["initializer"],
            config["kernel_regularizer"],
            config["width"],
            config["batch_norm"],
            dtype=self.dtype_policy,
        )
        maps = [self.get_layer(name).output for name in _SIDES]
        return side_heads.WithSideHeads(
            self,
            [
                _side(x, layers, config["classes"], i)
                for i, x in enumerate(maps, start=1)
            ],
        )


def _stem(x, layers):
    """Return what the modules stand on."""

    def norm(x, name):
        if layers.batch_norm:
            return x
        return normalization.LocalResponseNormalization(
            dtype=layers.dtype, name=name
        )(x)

    x = layers(x, 64, 7, "conv1", strides=2)
    x = norm(_pool(x, layers, "pool1"), "norm1")
    x = layers(x, 64, 1, "conv2_reduce")
    x = layers(x, 192, 3, "conv2")
    return _pool(norm(x, "norm2"), layers, "pool2")


def _modules(x, layers):
    """Return what the nine inception modules make of `x`."""
    for name, filters in _MODULES.items():
        if name in ("4a", "5a"):
            x = _pool(x, layers, f"pool{int(name[0]) - 1}")
        x = inception.Inception(
            keras.tree.map_structure(layers.scaled, filters),
            batch_norm=layers.batch_norm,
            kernel_initializer=initializers.get(layers.initializer),
            kernel_regularizer=layers.kernel_regularizer,
            dtype=layers.dtype,
            name=f"inception_{name}",
        ).unroll(x)
    return x


def _pool(x, layers, name):
    return convolution.pool("max", 3, 2, "same", dtype=layers.dtype, name=name)(
        x
    )


def _side(x, layers, classes, number):
    """Return the logits of a side head on the maps `x`.

    Average pooling 5×5 of stride 3, 1×1 convolution to 128 channels, a dense
    layer of 1024, dropout of 0.7. Of maps smaller than 5×5 the
    pooling takes the whole.
    """
    name, dtype = f"side_{number}", layers.dtype
    size = [min(5, side) for side in x.shape[1:3]]
    x = convolution.pool("average", size, 3, dtype=dtype, name=f"{name}_pool")(
        x
    )
    x = layers(x, 128, 1, f"{name}_conv")
    x = network.flatten(x, dtype, f"{name}_flatten")
    x = layers.dense(x, 1024, f"{name}_dense", dropout=0.7)
    return network.dense(
        classes,
        f"{name}_logits",
        layers.initializer,
        layers.kernel_regularizer,
        dtype=dtype.variable_dtype,
    )(x)
