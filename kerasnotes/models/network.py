"""What the models share: the class around a graph, and its usual layers."""

import types

import keras

from kerasnotes import choices, errors, keras_private
from kerasnotes.layers import block as block_lib
from kerasnotes.layers import normalization, quantization
from kerasnotes.optimizers import initializers

HEAD = "logits"
"""The name of the layer that gives the scores."""


class Network(keras.Model):
    """A functional graph in a class, rebuilt from the class's arguments.

    A subclass builds its graph and hands it over with the arguments of its
    constructor. Models share these, each those that it has a use for:

    - `input_shape`: shape of an input without the batch. Of pictures it is
      (height, width, channels): channels are last, whatever
      `keras.config.image_data_format()` says.
    - `classes`: the number of classes.
    - `include_top`: whether the model ends in logits `(batch, classes)`, or
      in the features before them.
    - `pooling`: of features that are maps: `avg`, `max`, or None to leave
      them maps.
    - `activation`: of hidden layers, one of `choices.ACTIVATIONS`.
    - `dropout`: rate of the units that dropout drops, in [0, 1); one number,
      or one for each layer that has dropout. The notes' `keep_prob` is
      `1 - dropout`.
    - `input_dropout`: rate of the inputs that dropout drops, in [0, 1): a
      dropped one is the training set's mean where inputs are normalised.
    - `batch_norm`: whether to normalise before each activation.
    - `width`: multiplier of all channels.
    - `initializer`: what `kerasnotes.optimizers.initializers.get` takes.
    - `kernel_regularizer`: a Keras regulariser of the kernels.
    - `mean`, `std`: of the training set's inputs, a number or one for each
      channel: inputs are normalised by them inside the model.
    - `name`: the model's name.
    - `dtype`: the dtype policy of each layer, or its name; None for the
      global one. Inputs are normalised, and logits computed, in the type of
      the weights.

    They take pictures as float32 0–255 `(batch, *input_shape)`, and raise
    `ValueError` where an argument is none of these.

    Args:
        inputs: the graph's input.
        outputs: the graph's output.
        config: dictionary of the subclass's own arguments, but for its name
            and dtype.
        name: the model's name.
        dtype: the policy that the graph's layers have.
        blocks: names of the layers in which a block ends, from the input
            on, the head apart; by default every layer with weights is one.

    Attributes:
        blocks: these names, a tuple.
        fixed: names of those arguments that a subclass settles itself, and
            its constructor does not take.
    """

    fixed = ()

    def __init__(
        self, inputs, outputs, config, name=None, dtype=None, blocks=None
    ):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.dtype_policy = policy(dtype)
        # Keras would wrap a dictionary and track what is in it.
        self._config = types.MappingProxyType(config)
        if blocks is None:
            blocks = [
                layer.name
                for layer in self.layers
                if layer.trainable_weights and layer.name != HEAD
            ]
        self.blocks = tuple(blocks)

    def features(self, names=None):
        """Return a model of what the blocks give, on the same weights.

        Args:
            names: names of layers; by default the last block of each size
                of feature map: one for each stride.

        Returns:
            A `keras.Model` whose output is a dictionary of name to tensor.
        """
        if names is None:
            shapes = {n: self.get_layer(n).output.shape for n in self.blocks}
            maps = {n: shape for n, shape in shapes.items() if len(shape) == 4}
            names = {shape[1:3]: name for name, shape in maps.items()}.values()
        outputs = {name: self.get_layer(name).output for name in names}
        return keras.Model(self.input, outputs, name=f"{self.name}_features")

    def get_config(self):
        """Return the arguments of the constructor."""
        config = {
            key: keras.saving.serialize_keras_object(value)
            for key, value in self._config.items()
            if key not in self.fixed
        }
        modes = quantization.quantized(self)
        return {
            "name": self.name,
            "dtype": self.dtype_policy.name,
            **config,
            **({"quantized": modes} if modes else {}),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the model anew."""
        config = dict(config)
        modes = config.pop("quantized", ())
        model = cls(
            **{
                key: keras.saving.deserialize_keras_object(
                    value, custom_objects
                )
                for key, value in config.items()
            }
        )
        quantization.quantize(model, modes)
        return model


def policy(dtype):
    """Return a model's dtype policy, by default the global one.

    Args:
        dtype: a policy, its name, or None.

    >>> policy("mixed_bfloat16").compute_dtype
    'bfloat16'
    """
    if dtype is None:
        return keras.config.dtype_policy()
    return keras.dtype_policies.get(dtype)


def inputs(input_shape):
    """Return the symbolic input of a model, whose sizes are all known."""
    check_sizes(input_shape)
    return keras.Input(input_shape)


def check_sizes(input_shape):
    """Refuse sizes that are left open.

    Raises:
        ArgumentError: see above.
    """
    if None in input_shape:
        raise errors.ArgumentError(
            "input_shape",
            "`input_shape` must have known sizes: resize inputs to one, or "
            "build a model for each. Received: "
            f"input_shape={tuple(input_shape)}",
        )


def name_of(x):
    """Return the name of the layer that gave a symbolic tensor."""
    return keras_private.operation_of(x).name


def normalize(x, mean, std, dtype=None):
    """Return `(x - mean) / std`, or `x` where neither is given.

    It has no weights. A channel of standard deviation 0 is only shifted.

    Args:
        x: a symbolic tensor.
        mean: a number, or one per channel.
        std: like `mean`.
        dtype: the model's policy, in whose weights' type this is computed.
    """
    if mean is None and std is None:
        return x
    if mean is None or std is None:
        raise ValueError(
            f"`mean` and `std` go together. Received: mean={mean}, std={std}"
        )
    mean, std = (keras.ops.convert_to_numpy(v) for v in (mean, std))
    return normalization.Standardization(
        mean,
        std,
        dtype=policy(dtype).variable_dtype,
        name="normalization",
    )(x)


def drop_inputs(x, rate, dtype=None):
    """Return normalised inputs, of which dropout drops a share in training.

    Args:
        x: a symbolic tensor.
        rate: the share, in [0, 1); 0 leaves the layer out.
        dtype: the model's policy.
    """
    if not 0 <= rate < 1:
        raise errors.ArgumentError(
            "input_dropout",
            "`input_dropout` must be in [0, 1). Received: "
            f"input_dropout={rate}",
        )
    if not rate:
        return x
    return keras.layers.Dropout(rate, dtype=dtype, name="input_drop")(x)


def block(x, layer, activation, batch_norm=False, dropout=0.0):
    """Return layer → batch norm → activation → dropout of `x`.

    All have the layer's dtype policy.

    Args:
        x: a symbolic tensor.
        layer: a named layer; without a bias where batch norm follows.
        activation: one of `choices.ACTIVATIONS`.
        batch_norm: whether to normalise before the activation.
        dropout: rate of the units that dropout drops, in [0, 1).
    """
    if activation not in choices.ACTIVATIONS:
        raise errors.unknown("`activation`", activation, choices.ACTIVATIONS)
    if not 0 <= dropout < 1:
        raise errors.ArgumentError(
            "dropout",
            f"`dropout` must be in [0, 1). Received: dropout={dropout}",
        )
    x = layer(x)

    def named(suffix):
        return {"name": f"{layer.name}_{suffix}", "dtype": layer.dtype_policy}

    if batch_norm:
        x = keras.layers.BatchNormalization(
            momentum=block_lib.QUICK, **named("norm")
        )(x)
    if activation == "leaky_relu":
        x = keras.layers.LeakyReLU(negative_slope=0.01, **named(activation))(x)
    elif activation != "linear":
        x = keras.layers.Activation(activation, **named(activation))(x)
    if dropout:
        x = keras.layers.Dropout(dropout, **named("drop"))(x)
    return x


def per_layer(dropout, layers):
    """Return a rate for each layer, from one for all or one for each.

    >>> per_layer(0.2, 2)
    [0.2, 0.2]
    """
    rates = (
        [dropout] * layers
        if isinstance(dropout, (int, float))
        else list(dropout)
    )
    if len(rates) != layers:
        raise errors.ArgumentError(
            "dropout",
            f"`dropout` must be one number or {layers}, one per hidden "
            f"layer. Received: dropout={dropout}",
        )
    return rates


def flatten(x, dtype=None, name="flatten"):
    """Return `x` as one row an example, channels last."""
    return keras.layers.Flatten("channels_last", dtype=dtype, name=name)(x)


def dense(units, name, initializer, kernel_regularizer, **options):
    """Return a Dense layer with an initialiser of its own."""
    return keras.layers.Dense(
        units,
        kernel_initializer=initializers.get(initializer),
        kernel_regularizer=kernel_regularizer,
        name=name,
        **options,
    )


def logits(x, units, initializer, kernel_regularizer, dtype=None):
    """Return the scores of `x`, in the type of the policy's weights."""
    layer = dense(
        units,
        HEAD,
        initializer,
        kernel_regularizer,
        dtype=policy(dtype).variable_dtype,
    )
    return layer(x)
