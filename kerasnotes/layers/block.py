"""What blocks of layers share."""

import keras


class Block(keras.layers.Layer):
    """Layers that work together: one layer, or a stretch of a graph.

    A subclass makes its inner layers in the constructor, names them after
    itself, hands them its `dtype_policy`, and uses them in `call`. Called, it
    is one layer. Unrolled, its inner layers become layers of the model
    around it, which can then be listed, tapped, folded and frozen one by one;
    the models of this package are built so.

    Example:
    >>> class Twice(Block):
    ...     def __init__(self, units, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.units = units
    ...         self.layers = [
    ...             keras.layers.Dense(
    ...                 units, name=f"{self.name}_{i}", dtype=self.dtype_policy
    ...             )
    ...             for i in (1, 2)
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
        # The call alone knows the shapes of the layers within.
        self.call(keras.KerasTensor(input_shape))

    def unroll(self, x):
        """Returns the output for a symbolic `x`, as layers of its graph."""
        return self.call(x)


def batch_norm(name, dtype=None, **arguments):
    """Returns a batch norm whose statistics are those of all replicas.

    Args:
        name: the layer's name.
        dtype: its dtype policy.
        **arguments: of `keras.layers.BatchNormalization`.
    """
    return keras.layers.BatchNormalization(
        # Only TensorFlow knows how, and only it has replicas here.
        synchronized=keras.backend.backend() == "tensorflow",
        name=name,
        dtype=dtype,
        **arguments,
    )
