import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.ops import pooling

RNG = np.random.default_rng(0)
# The notes' picture, and what its 2×2 windows send back.
PICTURE = [[1, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]
BACK = [[1.0, 2.0], [3.0, 4.0]]
# The axes, the window, its stride, the padding.
CASES = [
    ((7,), 3, 2, "valid"),
    ((5, 6), 2, None, "valid"),
    ((5, 6), 3, 1, "same"),
    ((6, 7), 3, 2, "same"),
    ((4, 5, 4), 2, 1, "valid"),
]


def by_hand(x, back, size, stride, padding):
    """Return both poolings and both gradients, one window at a time."""
    stride = stride or size
    pads = []
    for n in x.shape:
        count = -(-n // stride) if padding == "same" else 0
        total = max(0, (count - 1) * stride + size - n) if count else 0
        pads.append((total // 2, total - total // 2))
    wide = np.pad(x, pads, constant_values=np.nan)
    counts = [(n - size) // stride + 1 for n in wide.shape]
    largest, mean = np.empty(counts), np.empty(counts)
    to_largest, in_parts = np.zeros_like(wide), np.zeros_like(wide)
    for at in itertools.product(*map(range, counts)):
        place = tuple(slice(i * stride, i * stride + size) for i in at)
        window = wide[place]
        largest[at], mean[at] = np.nanmax(window), np.nanmean(window)
        first = np.unravel_index(np.nanargmax(window), window.shape)
        inside = ~np.isnan(window)
        to_largest[place][first] += back[at]
        in_parts[place] += back[at] / inside.sum() * inside
    cut = tuple(
        slice(a, a + n) for (a, _), n in zip(pads, x.shape, strict=True)
    )
    return largest, mean, to_largest[cut], in_parts[cut]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ties", [False, True])
def test_against_numpy_and_tensorflow(case, ties):
    shape, *window = case
    x = RNG.integers(0, 3, shape) if ties else RNG.permutation(np.prod(shape))
    x = tf.constant(x.reshape(shape), "float32")
    functions = [
        (pooling.max_pool, pooling.max_pool_gradient),
        (pooling.average_pool, pooling.average_pool_gradient),
    ]
    back = RNG.normal(size=pooling.max_pool(x, *window).shape)
    expected = by_hand(x.numpy(), back, *window)
    for i, (pool, gradient) in enumerate(functions):
        np.testing.assert_allclose(pool(x, *window), expected[i], rtol=1e-6)
        found = gradient(x, back, *window)
        np.testing.assert_allclose(found, expected[2 + i], atol=1e-6)
        if ties and len(shape) == 3:
            # Of a volume TensorFlow's goes to every one of the largest.
            continue
        with tf.GradientTape() as tape:
            tape.watch(x)
            answer = pool(x, *window)
        theirs = tape.gradient(answer, x, tf.constant(back, "float32"))
        np.testing.assert_allclose(found, theirs, atol=1e-6)


def test_the_notes_average():
    found = pooling.average_pool(PICTURE)
    assert np.array(found).tolist() == [[3.75, 1.25], [4, 2]]
    want = np.kron(BACK, np.full((2, 2), 0.25))
    found = pooling.average_pool_gradient(PICTURE, BACK)
    np.testing.assert_array_equal(found, want)


def test_the_notes_maximum():
    found = pooling.max_pool(PICTURE)
    assert np.array(found).tolist() == [[9, 2], [6, 3]]
    want = np.zeros((4, 4))
    want[[1, 0, 3, 2], [1, 2, 1, 3]] = [1, 2, 3, 4]
    found = pooling.max_pool_gradient(PICTURE, BACK)
    np.testing.assert_array_equal(found, want)


def test_of_equal_values_the_first_has_it():
    found = pooling.max_pool_gradient([[7, 7], [7, 7]], [[1.0]])
    assert np.array(found).tolist() == [[1, 0], [0, 0]]


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="`x` must have"):
        pooling.max_pool(1.0)
    with pytest.raises(ValueError, match="`kernel` must fit"):
        pooling.max_pool([1.0, 2.0], 3)
    with pytest.raises(ValueError, match="`gradient` must have shape"):
        pooling.max_pool_gradient(PICTURE, [[1.0]])
