"""What blocks of layers share."""

import keras

CHANNELS_LAST = {"data_format": "channels_last"}
"""What inner layers of maps are told: blocks have channels last, whatever
`keras.config.image_data_format()` says."""


def new_initializer(initializer):
    """Return an initialiser for one more weight.

    An unseeded one of Keras' repeats its values; functions stand as they are.

    Args:
        initializer: what `keras.initializers.get` returned.
    """
    if isinstance(initializer, keras.initializers.Initializer):
        return initializer.clone()
    return initializer


def check_channels(argument, shape):
    """Refuse an input whose last size is left open.

    Args:
        argument: name of the argument of the call.
        shape: its shape.

    Raises:
        ValueError: see above.
    """
    if shape[-1] is None:
        raise ValueError(
            f"`{argument}` must have a known last size, on which the weights "
            f"depend. Received: {argument} of shape {tuple(shape)}"
        )


class Block(keras.layers.Layer):
    """Layers that work together: one layer, or a stretch of a graph.

    A subclass makes its inner layers in the constructor, each with what
    `named` gives, and uses them in `call`. Called, it is one layer. Unrolled,
    its inner layers become layers of the model around it, which can then be
    listed, tapped, folded and frozen one by one; the models of this package
    are built so.

    Example:
    >>> class Twice(Block):
    ...     def __init__(self, units, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.layers = [
    ...             keras.layers.Dense(units, **self.named(i)) for i in (1, 2)
    ...         ]
    ...
    ...     def call(self, x):
    ...         for layer in self.layers:
    ...             x = layer(x)
    ...         return x
    ...
    >>> inputs = keras.Input([3])
    >>> block = Twice(2, name="a")
    >>> [layer.name for layer in keras.Model(inputs, block(inputs)).layers[1:]]
    ['a']
    >>> flat = keras.Model(inputs, Twice(2, name="b").unroll(inputs))
    >>> [layer.name for layer in flat.layers[1:]]
    ['b_1', 'b_2']
    """

    def build(self, input_shape):
        check_channels("inputs", input_shape)
        # The call alone knows the shapes of the layers within.
        self.call(keras.KerasTensor(input_shape))

    def unroll(self, x):
        """Return the output for a symbolic `x`, as layers of its graph."""
        return self.call(x)

    def named(self, name):
        """Return the name and type of an inner layer, after the block's."""
        return {"name": f"{self.name}_{name}", "dtype": self.dtype_policy}


class KernelBlock(Block):
    """A block of maps whose kernels start, and are held small, in one way.

    Maps are `(batch, height, width, channels)`: channels last, whatever
    `keras.config.image_data_format()` says.

    Args:
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.
        **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, kernel_initializer, kernel_regularizer, **kwargs):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def kernel_arguments(self):
        """Return the arguments of an inner layer that has a kernel."""
        return {
            "kernel_initializer": new_initializer(self.kernel_initializer),
            "kernel_regularizer": self.kernel_regularizer,
        }

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


QUICK = 0.9
"""A momentum for deep networks, torchvision's: after an epoch of a small set
Keras' 0.99 would leave their averages near the start."""
