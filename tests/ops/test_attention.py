import keras
import numpy as np
import pytest

from kerasnotes import ops

MASK = np.array([[1, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], bool)


def example(dtype="float32", scale=1.0):
    rng = np.random.default_rng(0)
    shapes = (2, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 7)
    return [(rng.normal(size=s) * scale).astype(dtype) for s in shapes]


def expected(query, keys, values, mask=None):
    """Return the equation's output and weights, in float64."""
    query, keys, values = (
        np.asarray(x, "float64") for x in (query, keys, values)
    )
    scores = query @ keys.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    largest = scores.max(-1, keepdims=True)
    weights = np.exp(scores - largest) * mask
    total = weights.sum(-1, keepdims=True)
    weights = weights / np.where(total > 0, total, 1)
    return weights @ values, weights


@pytest.mark.parametrize("mask", [None, MASK, MASK[None, None]])
def test_against_numpy(mask):
    x = example()
    output, weights = expected(*x, mask)
    found = ops.scaled_dot_product_attention(
        *x, mask, return_attention_scores=True
    )
    np.testing.assert_allclose(found[0], output, atol=1e-5)
    np.testing.assert_allclose(found[1], weights, atol=1e-6)
    alone = ops.scaled_dot_product_attention(*x, mask)
    np.testing.assert_allclose(alone, output, atol=1e-5)


def test_what_is_masked_counts_nothing():
    query, keys, values = example()
    output, weights = ops.scaled_dot_product_attention(
        query, keys, values, MASK, return_attention_scores=True
    )
    weights = np.asarray(weights)
    assert not weights[..., ~MASK].any()
    assert not np.asarray(output)[:, :, 2].any()
    np.testing.assert_allclose(weights[:, :, :2].sum(-1), 1, atol=1e-6)


def test_keys_and_values_in_parts():
    query, keys, values = example()
    parts = [[x[:, :, :2], x[:, :, 2:]] for x in (keys, values)]
    found = ops.scaled_dot_product_attention(query, *parts, MASK)
    want, _ = expected(query, keys, values, MASK)
    np.testing.assert_allclose(found, want, atol=1e-5)


def test_three_dimensions():
    x = [v[:, 0] for v in example()]
    found = ops.scaled_dot_product_attention(*x, MASK)
    np.testing.assert_allclose(found, expected(*x, MASK)[0], atol=1e-5)


@pytest.mark.parametrize("return_attention_scores", [False, True])
def test_half_precision_does_not_overflow(return_attention_scores):
    """`QKᵀ` alone would: 40 · 40 · 64 is more than float16 holds."""
    query, keys = (np.full((1, 1, n, 64), 40, "float16") for n in (3, 5))
    values = example("float16")[2][:1, :1]
    found = ops.scaled_dot_product_attention(
        query, keys, values, MASK, return_attention_scores
    )
    found = found[0] if return_attention_scores else found
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    want = MASK @ values / np.maximum(MASK.sum(-1, keepdims=True), 1)
    found = keras.ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, want, atol=2e-3)


def test_masked_softmax_of_large_scores():
    scores = np.array([[1e4, -1e4, 2e4], [3.0, 3.0, 9.0]], "float32")
    mask = np.array([[1, 1, 0], [1, 1, 0]], bool)
    found = ops.masked_softmax(scores, mask)
    np.testing.assert_allclose(found, [[1, 0, 0], [0.5, 0.5, 0]])
