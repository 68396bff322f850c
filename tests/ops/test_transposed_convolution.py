"""Against a loop, Keras' operation, and the gradient of convolution."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import (
    cross_correlation,
    output_size,
    transposed_convolution,
    transposed_size,
)

RNG = np.random.default_rng(0)
# Of x and of the kernel.
SHAPES = [((5,), (3,)), ((3, 4), (2, 5)), ((2, 3, 2), (3, 1, 4))]
WINDOWS = list(itertools.product((1, 2, 3), ("valid", "same", 1)))


def loop(x, kernel, stride, padding):
    """Paste the kernel at each value of x, and cut the ends off."""
    axes = list(zip(x.shape, kernel.shape, strict=True))
    # Room for what no kernel reaches.
    z = np.zeros([stride * n + k for n, k in axes])
    for at in np.ndindex(x.shape):
        place = tuple(
            slice(stride * i, stride * i + k)
            for i, k in zip(at, kernel.shape, strict=True)
        )
        z[place] += x[at] * kernel
    cuts = []
    for n, k in axes:
        if padding == "same":
            first = max(k - stride, 0) // 2
            cuts.append(slice(first, first + stride * n))
        elif padding == "valid":
            cuts.append(slice(0, stride * (n - 1) + max(k, stride)))
        else:
            cuts.append(slice(padding, stride * (n - 1) + k - padding))
    return z[tuple(cuts)]


@pytest.mark.parametrize(("size", "kernel"), SHAPES)
@pytest.mark.parametrize(("stride", "padding"), WINDOWS)
def test_against_a_loop(size, kernel, stride, padding):
    x = RNG.normal(size=[n + 1 for n in size])
    k = RNG.normal(size=kernel)
    z = transposed_convolution(x, k, stride, padding)
    want = loop(x, k, stride, padding)
    assert want.size and tuple(z.shape) == want.shape
    np.testing.assert_allclose(z, want, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() == "torch",
    reason="Keras' own differs there, as it warns",
)
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_and_values_are_those_of_keras(kernel, stride, padding):
    for size, more in itertools.product((1, 4), (None, 0, 1)):
        if more is not None and (padding == "same" or more >= stride):
            continue
        x = RNG.normal(size=(size, size + 1)).astype("float32")
        k = RNG.normal(size=(kernel, kernel)).astype("float32")
        want = ops.conv_transpose(
            x[None, ..., None], k[..., None, None], stride, padding, more
        )
        z = transposed_convolution(x, k, stride, padding, more)
        np.testing.assert_allclose(z, want[0, ..., 0], atol=1e-5)
        assert z.shape[0] == transposed_size(
            size, kernel, stride, padding, more
        )


def pairs(size, kernel, stride, padding):
    """Yield x and its transposed, of each size that a convolution undoes."""
    for more in range(stride) if padding != "same" else (None,):
        x = RNG.normal(size=size).astype("float32")
        k = RNG.normal(size=kernel).astype("float32")
        yield x, k, transposed_convolution(x, k, stride, padding, more)


@pytest.mark.parametrize(("size", "kernel"), SHAPES)
@pytest.mark.parametrize(("stride", "padding"), WINDOWS)
def test_it_is_the_adjoint_of_convolution(size, kernel, stride, padding):
    """`⟨conv(z), x⟩ = ⟨z, transposed(x)⟩` for every z and x."""
    size = tuple(n + 2 for n in size)
    for x, k, back in pairs(size, kernel, stride, padding):
        z = RNG.normal(size=back.shape).astype("float32")
        answer = np.array(cross_correlation(z, k, stride, padding))
        assert answer.shape == x.shape
        products = float((answer * x).sum()), float((z * np.array(back)).sum())
        assert products[1] == pytest.approx(products[0], rel=1e-4, abs=1e-4)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's gradient"
)
@pytest.mark.parametrize(("size", "kernel"), SHAPES[:2])
@pytest.mark.parametrize(("stride", "padding"), WINDOWS)
def test_it_is_the_gradient_of_convolution(size, kernel, stride, padding):
    import tensorflow as tf

    size = tuple(n + 2 for n in size)
    for x, k, back in pairs(size, kernel, stride, padding):
        z = tf.zeros(back.shape)
        with tf.GradientTape() as tape:
            tape.watch(z)
            answer = cross_correlation(z, k, stride, padding)
        want = tape.gradient(answer, z, tf.constant(x))
        np.testing.assert_allclose(back, want, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", ["valid", "same", 0, 2])
def test_a_convolution_gives_the_size_again(stride, kernel, padding):
    for size in (4, 5, 9):
        for more in range(stride) if padding != "same" else (None,):
            if padding == 2 and kernel < 3:
                continue
            grown = transposed_size(size, kernel, stride, padding, more)
            assert output_size(grown, kernel, stride, padding) == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "`size`, `kernel`, `stride`"),
        ((4, 3, 0), "`size`, `kernel`, `stride`"),
        ((4, 3, 1, "full"), "`padding` must be 'valid', 'same'"),
        ((1, 3, 1, 2), "`padding` must leave a place"),
        ((4, 3, 2, "valid", 2), "`output_padding` must be from 0"),
        ((4, 3, 2, "same", 1), "`output_padding` must be None"),
    ],
)
def test_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        transposed_size(*arguments)


def test_refuses_other_axes():
    with pytest.raises(ValueError, match="`x` and `kernel`"):
        transposed_convolution([1.0], [[1.0]])
