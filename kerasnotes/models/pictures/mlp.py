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
        input_shape: shape of an input, without the batch.
        classes: the number of classes.
        include_top: whether to end in logits `(batch, classes)`, or in the
            last hidden layer's `(batch, hidden[-1])`.
        hidden: units of each hidden layer.
        activation: g: `relu`, `tanh`, `sigmoid`, `leaky_relu` (slope 0.01
            below zero) or `linear`.
        keep_prob: probability that dropout keeps a hidden unit; one number,
            or one per hidden layer.
        batch_norm: whether to normalise before each activation.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernels.
        mean: mean of the training set's inputs, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

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
        keep_prob=1.0,
        batch_norm=False,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        inputs = keras.Input(input_shape)
        x = keras.layers.Flatten()(network.normalize(inputs, mean, std))
        keep_probs = network.per_layer(keep_prob, len(hidden))
        for i, (units, keep) in enumerate(
            zip(hidden, keep_probs, strict=True), start=1
        ):
            layer = network.dense(
                units,
                f"hidden_{i}",
                initializer,
                kernel_regularizer,
                use_bias=not batch_norm,
            )
            x = network.block(x, layer, activation, batch_norm, keep)
        if include_top:
            x = network.logits(x, classes, initializer, kernel_regularizer)
        super().__init__(inputs, x, arguments, name)
