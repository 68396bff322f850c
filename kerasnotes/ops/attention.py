"""Attention: a mixture of values, weighted by how their keys fit a query."""

import keras
from keras import ops


def scaled_dot_product_attention(
    query, key, value, mask=None, return_attention_scores=False
):
    """Return `softmax(QKᵀ / √d) V`.

    A query with nothing to look at gives 0.

    Args:
        query: Q, `(..., T, d)`.
        key: K, `(..., S, d)`; or a list of tensors that make it up along S.
        value: V, `(..., S, v)`; likewise.
        mask: booleans that broadcast to `(..., T, S)`, true where a query may
            look; None for everywhere.
        return_attention_scores: whether to return the softmax too.

    Returns:
        A tensor `(..., T, v)`; or a tuple of it and the weights
        `(..., T, S)`, 0 where the mask is false.

    Source: Vaswani et al., Attention is all you need (2017), section 3.2.1.

    >>> query, key = keras.ops.ones((1, 2)), keras.ops.ones((3, 2))
    >>> value = keras.ops.array([[1.0], [3.0], [9.0]])
    >>> mask = keras.ops.array([[True, True, False]])
    >>> scaled_dot_product_attention(query, key, value, mask).numpy()
    array([[2.]], dtype=float32)
    """
    if not isinstance(key, (list, tuple)):
        if not return_attention_scores and _fuses(query, value):
            return _fused(query, key, value, mask)
        key, value = [key], [value]
    query = query * query.shape[-1] ** -0.5
    scores = [ops.matmul(query, ops.swapaxes(k, -1, -2)) for k in key]
    scores = ops.concatenate(scores, axis=-1) if scores[1:] else scores[0]
    weights = ops.cast(masked_softmax(scores, mask), scores.dtype)
    mixed = _mix(weights, value)
    return (mixed, weights) if return_attention_scores else mixed


def _mix(weights, values):
    """Return the sum of each part's weights with its values."""
    if len(values) == 1:
        return ops.matmul(weights, values[0])
    mixed, start = [], 0
    for part in values:
        stop = start + ops.shape(part)[-2]
        mixed.append(ops.matmul(weights[..., start:stop], part))
        start = stop
    return sum(mixed[1:], mixed[0])


def _fuses(query, value):
    """Return whether Keras may have one kernel for all of it."""
    # TensorFlow has none, and JAX none of float16 on a CPU.
    return (
        keras.config.backend() != "tensorflow"
        and len(query.shape) == 4
        and query.shape[-1] == value.shape[-1]
        and keras.backend.standardize_dtype(query.dtype) != "float16"
    )


def _fused(query, key, value, mask):
    """Return what `scaled_dot_product_attention` does, of 4 dimensions."""
    if mask is not None:
        mask = ops.reshape(mask, (1,) * (4 - len(mask.shape)) + mask.shape)
        some = ops.any(mask, axis=-1, keepdims=True)
    query, key, value = (ops.swapaxes(x, 1, 2) for x in (query, key, value))
    mixed = ops.dot_product_attention(query, key, value, mask=mask)
    mixed = ops.swapaxes(mixed, 1, 2)
    return mixed if mask is None else mixed * ops.cast(some, mixed.dtype)


def masked_softmax(scores, mask=None):
    """Return the softmax over the last axis, of the unmasked scores only.

    Args:
        scores: a tensor `(..., S)`.
        mask: booleans that broadcast to the shape of `scores`, true where a
            score counts; None if all count.

    Returns:
        A tensor like `scores`, in float32 at least: 0 where a score doesn't
        count. A row in which no score counts is 0 everywhere.

    >>> mask = keras.ops.array([[True, False], [False, False]])
    >>> masked_softmax(keras.ops.ones((2, 2)), mask).numpy()
    array([[1., 0.],
           [0., 0.]], dtype=float32)
    """
    # Half precision is too coarse for the sum of many exponentials.
    scores = ops.cast(
        scores, keras.backend.result_type(scores.dtype, "float32")
    )
    if mask is None:
        return ops.softmax(scores)
    there = ops.cast(mask, scores.dtype)
    return ops.softmax(scores + (there - 1) * 1e9) * there
