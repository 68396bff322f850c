"""Dense and ragged tensors alike, as dense ones and back."""

import tensorflow as tf


class Padded:
    """A tensor as a dense one, padded where it is ragged.

    Args:
        name: what an error calls it.
        values: a tensor or ragged tensor, the batch first.
        inner: the sizes of its last axes.

    Attributes:
        dense: the dense tensor.
        lengths: the ragged axes' lengths, from the second axis on; none
            where it is dense.

    Raises:
        ValueError: its last axes are of other sizes.

    >>> boxes = tf.ragged.constant([[[0, 0, 1, 1]], []])
    >>> padded = Padded("boxes", boxes, [4])
    >>> padded.dense.numpy().tolist()
    [[[0, 0, 1, 1]], [[0, 0, 0, 0]]]
    >>> padded.like(padded.dense, tf.float32).to_list()
    [[[0.0, 0.0, 1.0, 1.0]], []]
    """

    def __init__(self, name, values, inner):
        self.lengths = ()
        if not isinstance(values, tf.RaggedTensor):
            values = tf.convert_to_tensor(values)
        outer = (values.shape.rank or 0) - len(inner)
        if outer < 1 or not values.shape[outer:].is_compatible_with(inner):
            raise ValueError(
                f"`{name}` end in axes of {tuple(inner)}, the batch first. "
                f"Received: {values.shape}"
            )
        if isinstance(values, tf.RaggedTensor):
            lengths = values.nested_row_lengths()
            sizes = dict(enumerate(inner, outer))
            checks = [
                tf.debugging.assert_equal(
                    length,
                    tf.cast(sizes[axis], length.dtype),
                    f"`{name}` end in axes of {tuple(inner)}",
                )
                for axis, length in enumerate(lengths, 1)
                if axis >= outer
            ]
            with tf.control_dependencies([c for c in checks if c is not None]):
                values = values.to_tensor(shape=[None] * outer + list(inner))
            self.lengths = lengths[: outer - 1]
        self.dense = values

    def like(self, values, dtype, shape=None):
        """Return values as ragged as these were.

        Args:
            values: a dense tensor whose first axes are those of `dense`.
            dtype: what to cast them to.
            shape: their static shape, where they don't know it.
        """
        if shape is not None:
            values.set_shape(shape)
        values = tf.cast(values, dtype)
        if not self.lengths:
            return values
        return tf.RaggedTensor.from_tensor(values, lengths=self.lengths)


def real(dtype):
    """Return the type of moved coordinates: a float's own, or float32."""
    return dtype if dtype.is_floating else tf.float32
