"""What the models share: the class around a graph, and its usual pieces."""

import functools
import math
import types

import keras

from kerasnotes import errors, keras_private
from kerasnotes.models import xla
from kerasnotes.optimizers import initializers

HEAD = "logits"
"""The name of the layer that gives the scores."""

ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "linear")


class Network(keras.Model):
    """A functional graph in a class, rebuilt from the class's arguments.

    A subclass builds its graph and hands it over with the arguments of its
    constructor. It reloads in the precision in which it was made.

    Args:
        inputs: the graph's input.
        outputs: the graph's output.
        arguments: dictionary of the subclass's own arguments.
        name: the model's name.
        blocks: names of the layers in which a block ends, from the input
            on, the head apart; by default every layer with weights is one.

    Attributes:
        blocks: these names, a tuple.
    """

    def __init__(self, inputs, outputs, arguments, name=None, blocks=None):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        # Keras would wrap a dictionary and track what is in it.
        self._arguments = types.MappingProxyType(arguments)
        if blocks is None:
            blocks = [
                layer.name
                for layer in self.layers
                if layer.trainable_weights and layer.name != HEAD
            ]
        self.blocks = tuple(blocks)

    def features(self, names=None):
        """Returns a model of what the blocks give, on the same weights.

        Args:
            names: names of layers; by default the last block of each size
                of feature map: one for each stride.

        Returns:
            A `keras.Model` whose output is a dictionary of name to tensor.
        """
        if names is None:
            maps = [n for n in self.blocks if len(self._at(n).shape) == 4]
            last = {self._at(name).shape[1:3]: name for name in maps}
            names = list(last.values())
        outputs = {name: self._at(name) for name in names}
        return keras.Model(self.input, outputs, name=f"{self.name}_features")

    def _at(self, name):
        return self.get_layer(name).output

    def xla_speed(self, kind):
        """Returns what XLA speeds a step by on a `"CPU"` or `"GPU"`, or None.

        It was measured; see `kerasnotes.models.xla.speed`.
        """
        return xla.speed(self.name, math.prod(self.input_shape[1:]), kind)

    def get_config(self):
        """Returns the arguments of the constructor, and the precision."""
        arguments = {
            key: keras.saving.serialize_keras_object(value)
            for key, value in self._arguments.items()
        }
        return {
            "name": self.name,
            "dtype": self.dtype_policy.name,
            **arguments,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds the model anew, in the precision of `config["dtype"]`."""
        arguments = {
            key: keras.saving.deserialize_keras_object(value, custom_objects)
            for key, value in config.items()
        }
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(arguments.pop("dtype", policy))
        try:
            return cls(**arguments)
        finally:
            keras.config.set_dtype_policy(policy)


def variant(name, about, model, *given, **defaults):
    """Returns a model's class with other defaults, under a name of its own.

    Args:
        name: the variant's name.
        about: a line that says what it is.
        model: a `Network`'s class.
        *given: the constructor's first arguments, given for good.
        **defaults: defaults of others.

    >>> from kerasnotes import models
    >>> print(models.VGG16.__doc__)
    VGG-16, configuration D: 138,357,544 parameters.
    <BLANKLINE>
    `VGG((2, 2, 3, 3, 3))`, and its other arguments are those of `VGG`.
    """
    made = functools.partial(model, *given, **defaults)
    told = [*map(repr, given), *(f"{k}={v!r}" for k, v in defaults.items())]
    base = model.__name__
    made.__name__ = name
    made.__doc__ = (
        f"{about}\n\n`{base}({', '.join(told)})`, and its other arguments are "
        f"those of `{base}`."
    )
    return made


def arguments(names):
    """Returns what a constructor was given.

    Args:
        names: its `locals()`, before it makes others.
    """
    left_out = ("self", "name", "__class__")
    return {k: v for k, v in names.items() if k not in left_out}


def name_of(x):
    """Returns the name of the layer that gave a symbolic tensor."""
    return keras_private.operation_of(x).name


def normalize(x, mean, std):
    """Returns `(x - mean) / std`, or `x` where neither is given.

    It has no weights. A channel of standard deviation 0 is only shifted.

    Args:
        x: a symbolic tensor.
        mean: a number, or one per channel.
        std: like `mean`.
    """
    if mean is None and std is None:
        return x
    if mean is None or std is None:
        raise ValueError(
            f"`mean` and `std` go together. Received: mean={mean}, std={std}"
        )
    mean, std = (keras.ops.convert_to_numpy(v).reshape(-1) for v in (mean, std))
    std = [s or 1.0 for s in std.tolist()]
    return keras.layers.Normalization(
        mean=mean.tolist(),
        variance=[s**2 for s in std],
        dtype=weight_type(),
        name="normalization",
    )(x)


def weight_type():
    """Returns the type of weights: where half precision is too coarse."""
    return keras.config.dtype_policy().variable_dtype


def block(x, layer, activation, batch_norm=False, keep_prob=1.0):
    """Returns layer → batch norm → activation → dropout of `x`.

    Args:
        x: a symbolic tensor.
        layer: a named layer; without a bias where batch norm follows.
        activation: one of `ACTIVATIONS`.
        batch_norm: whether to normalise before the activation.
        keep_prob: probability that dropout keeps a unit, in (0, 1].
    """
    if activation not in ACTIVATIONS:
        raise errors.unknown("`activation`", activation, ACTIVATIONS)
    if not 0 < keep_prob <= 1:
        raise ValueError(
            f"`keep_prob` must be in (0, 1]. Received: keep_prob={keep_prob}"
        )
    x = layer(x)
    if batch_norm:
        x = keras.layers.BatchNormalization(name=f"{layer.name}_norm")(x)
    name = f"{layer.name}_{activation}"
    if activation == "leaky_relu":
        x = keras.layers.LeakyReLU(negative_slope=0.01, name=name)(x)
    elif activation != "linear":
        x = keras.layers.Activation(activation, name=name)(x)
    if keep_prob < 1:
        x = keras.layers.Dropout(1 - keep_prob, name=f"{layer.name}_drop")(x)
    return x


def per_layer(keep_prob, layers):
    """Returns a keep_prob for each layer, from one for all or one for each.

    >>> per_layer(0.8, 2)
    [0.8, 0.8]
    """
    probabilities = (
        [keep_prob] * layers
        if isinstance(keep_prob, (int, float))
        else list(keep_prob)
    )
    if len(probabilities) != layers:
        raise ValueError(
            f"`keep_prob` must be one number or {layers}, one per hidden "
            f"layer. Received: keep_prob={keep_prob}"
        )
    return probabilities


def dense(units, name, initializer, kernel_regularizer, **options):
    """Returns a Dense layer with an initialiser of its own."""
    return keras.layers.Dense(
        units,
        kernel_initializer=initializers.get(initializer),
        kernel_regularizer=kernel_regularizer,
        name=name,
        **options,
    )


def logits(x, units, initializer, kernel_regularizer):
    """Returns the scores of `x`, in the type of weights."""
    layer = dense(
        units, HEAD, initializer, kernel_regularizer, dtype=weight_type()
    )
    return layer(x)
