"""Fully connected networks."""

import keras

from kerasnotes.models import network


@keras.saving.register_keras_serializable("kerasnotes")
class MLP(network.Network):
    """A fully connected network of any depth.

    `A⁰ = flat((x - mean) / std)`, `Aˡ = g(Aˡ⁻¹Wˡ + bˡ)` for each hidden layer,
    `logits = Aᴸ⁻¹Wᴸ + bᴸ`. With a linear g it is one linear layer. With batch
    norm, `Aˡ = g(γ · norm(Aˡ⁻¹Wˡ) + β)`, where β does the work of the bias.

    Args:
        hidden: units of each hidden layer.
        activation: g: `relu`, `tanh`, `sigmoid`, `leaky_relu` (slope 0.01
            below zero) or `linear`.
        dropout: rate of the hidden units that dropout drops; one number,
            or one per hidden layer.

    The other arguments are those that `Network` lists; features are the last
    hidden layer's `(batch, hidden[-1])`.

    Call arguments:
        inputs: `(batch, *input_shape)`; pictures are float32 0–255.

    Sources: Rumelhart et al., Learning representations by back-propagating
    errors (1986); Srivastava et al., Dropout (2014), section 4; Ioffe and
    Szegedy, Batch normalization (2015), section 3.2.

    >>> MLP((8, 8, 1), hidden=(5,)).output_shape
    (None, 10)
    """

    def __init__(
        self,
        input_shape,
        classes=10,
        include_top=True,
        hidden=(128, 64),
        activation="relu",
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
        config = {
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "hidden": hidden,
            "activation": activation,
            "dropout": dropout,
            "input_dropout": input_dropout,
            "batch_norm": batch_norm,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        dtype = network.policy(dtype)
        inputs = network.inputs(input_shape)
        x = network.normalize(inputs, mean, std, dtype)
        x = network.drop_inputs(x, input_dropout, dtype)
        x = network.flatten(x, dtype)
        rates = network.per_layer(dropout, len(hidden))
        for i, (units, rate) in enumerate(
            zip(hidden, rates, strict=True), start=1
        ):
            layer = network.dense(
                units,
                f"hidden_{i}",
                initializer,
                kernel_regularizer,
                use_bias=not batch_norm,
                dtype=dtype,
            )
            x = network.block(x, layer, activation, batch_norm, rate)
        if include_top:
            x = network.logits(
                x, classes, initializer, kernel_regularizer, dtype
            )
        super().__init__(inputs, x, config, name, dtype)
