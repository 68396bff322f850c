"""What pooling computes, and where its gradient goes.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
learning (2016), sections 1.2 and 3.
"""

import numpy as np
from keras import ops

from kerasnotes.ops import convolution


def max_pool(x, pool_size=2, stride=None, padding="valid"):
    """Return the largest value of each window.

    `a_i = max_j x_(s·i + j - p)`, with i and j one number for each axis.
    Layers pool each channel by itself.

    Args:
        x: an array of 1, 2 or 3 axes: a signal, a picture, a volume.
        pool_size: f, the window's length along each axis.
        stride: s, the same along each axis; None for f.
        padding: "valid" or "same"; what it adds is no value to choose from.

    Returns:
        A tensor of as many axes, each of `output_size`.

    Raises:
        ValueError: the axes are more than 3, or the window doesn't fit.

    >>> max_pool([[1.0, 3.0, 2.0, 1.0], [2.0, 9.0, 1.0, 1.0]]).numpy()
    array([[9., 2.]], dtype=float32)
    """
    return _pooled(ops.max_pool, x, pool_size, stride, padding)


def average_pool(x, pool_size=2, stride=None, padding="valid"):
    """Return the mean of each window.

    `a_i = 1/n Σ_j x_(s·i + j - p)`, over the n values of the window that lie
    in x: zeros of the padding don't count.

    Args:
        x: as in `max_pool`, like the others.
        pool_size: the window's length along each axis.
        stride: the same along each axis; None for `pool_size`.
        padding: "valid" or "same".

    Returns:
        A tensor of as many axes, each of `output_size`.

    >>> average_pool([[1.0, 3.0, 2.0, 1.0], [2.0, 9.0, 1.0, 1.0]]).numpy()
    array([[3.75, 1.25]], dtype=float32)
    """
    return _pooled(ops.average_pool, x, pool_size, stride, padding)


def max_pool_gradient(x, gradient, pool_size=2, stride=None, padding="valid"):
    """Return where the gradient of `max_pool` goes: to each window's maximum.

    All of `∂J/∂a_i` goes to the value that was the largest, nothing to the
    others; of equal ones to the first, row by row, as in layers of pictures.
    A value that is the largest of several windows has their sum.

    Args:
        x: as in `max_pool`, like those below.
        gradient: `∂J/∂a`, of the shape of `max_pool`'s answer.
        pool_size: the window's length along each axis.
        stride: the same along each axis; None for `pool_size`.
        padding: "valid" or "same".

    Returns:
        `∂J/∂x`, a tensor of the shape of x.

    >>> max_pool_gradient([[1.0, 3.0], [2.0, 3.0]], [[5.0]]).numpy()
    array([[0., 5.],
           [0., 0.]], dtype=float32)
    """
    x = _array(x)
    places, inside = _windows(x.shape, pool_size, stride, padding)
    values = ops.take(ops.reshape(x, [-1]), places)
    values = ops.where(inside, values, -np.inf)
    first = ops.one_hot(
        ops.argmax(values, axis=-1), places.shape[-1], dtype=x.dtype
    )
    return _returned(x, gradient, places, first)


def average_pool_gradient(
    x, gradient, pool_size=2, stride=None, padding="valid"
):
    """Return where the gradient of `average_pool` goes: in equal parts.

    Each of a window's n values has `1/n ∂J/∂a_i`, whatever it is; a value of
    several windows has their sum.

    Args:
        x: as in `max_pool_gradient`, like the others.
        gradient: `∂J/∂a`, of the shape of `average_pool`'s answer.
        pool_size: the window's length along each axis.
        stride: the same along each axis; None for `pool_size`.
        padding: "valid" or "same".

    Returns:
        `∂J/∂x`, a tensor of the shape of x.

    >>> average_pool_gradient([[1.0, 3.0], [2.0, 3.0]], [[5.0]]).numpy()
    array([[1.25, 1.25],
           [1.25, 1.25]], dtype=float32)
    """
    x = _array(x)
    places, inside = _windows(x.shape, pool_size, stride, padding)
    parts = inside / inside.sum(axis=-1, keepdims=True)
    return _returned(x, gradient, places, ops.cast(parts, x.dtype))


def _array(x):
    x = convolution.floating(ops.convert_to_tensor(x))
    if not 1 <= len(x.shape) <= 3:
        raise ValueError(
            f"`x` must have 1, 2 or 3 axes. Received: shape {tuple(x.shape)}"
        )
    return x


def _pooled(function, x, pool_size, stride, padding):
    x, stride = _array(x), stride or pool_size
    for size in x.shape:
        # It refuses what doesn't fit.
        convolution.output_size(size, pool_size, stride, padding)
    pooled = function(
        x[None, ..., None], pool_size, stride, padding, "channels_last"
    )
    return pooled[0, ..., 0]


def _windows(shape, pool_size, stride, padding):
    """Return the places of each window's values, and whether they are in x.

    Args:
        shape: of x.
        pool_size: the window's length along each axis.
        stride: the same along each axis; None for `pool_size`.
        padding: "valid" or "same".

    Returns:
        Indices into the flat x and booleans, both `(*output, values)`.
    """
    stride, axes = stride or pool_size, []
    for size in shape:
        count = convolution.output_size(size, pool_size, stride, padding)
        before, _ = convolution.pad_widths(size, pool_size, stride, padding)
        first = stride * np.arange(count) - before
        axes.append(first[:, None] + np.arange(pool_size))
    count, values = [len(a) for a in axes], pool_size ** len(axes)
    # (windows, values) of each axis: windows of all axes first.
    grid = np.indices([*count, *[pool_size] * len(axes)])
    at = [
        axis[grid[i], grid[i + len(axes)]].reshape(*count, values)
        for i, axis in enumerate(axes)
    ]
    inside = np.logical_and.reduce(
        [(a >= 0) & (a < size) for a, size in zip(at, shape, strict=True)]
    )
    return np.ravel_multi_index(at, shape, mode="clip"), inside


def _returned(x, gradient, places, parts):
    """Return the sum of each window's gradient in its parts."""
    gradient = ops.cast(ops.convert_to_tensor(gradient), x.dtype)
    if tuple(gradient.shape) != places.shape[:-1]:
        raise ValueError(
            f"`gradient` must have shape {places.shape[:-1]}. Received: "
            f"shape {tuple(gradient.shape)}"
        )
    flat = ops.segment_sum(
        ops.reshape(gradient[..., None] * parts, [-1]),
        ops.convert_to_tensor(places.reshape(-1), "int32"),
        num_segments=int(np.prod(x.shape)),
    )
    return ops.reshape(flat, x.shape)
