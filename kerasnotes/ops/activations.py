"""Activation functions that Keras lacks."""

from keras import ops


def hardmax(x, axis=-1):
    """One at the first maximum along `axis`, zero elsewhere.

    `hardmax(z)_i = 1 if i = min(argmax_j z_j) else 0`: what softmax tends to
    as its input is scaled up. It has no useful gradient.

    Args:
        x: a tensor of any shape.
        axis: the axis of the classes, of known size.

    Returns:
        A tensor of the shape and type of `x`.

    >>> hardmax([[5.0, 2.0, -1.0, 3.0]]).numpy()
    array([[1., 0., 0., 0.]], dtype=float32)
    """
    x = ops.convert_to_tensor(x)
    return ops.one_hot(
        ops.argmax(x, axis), x.shape[axis], axis=axis, dtype=x.dtype
    )
