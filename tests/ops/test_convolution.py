import numpy as np
import pytest
from keras import ops
from scipy import signal

from kerasnotes.ops import convolution

RNG = np.random.default_rng(0)
PICTURE = [
    [3, 0, 1, 2, 7, 4],
    [1, 5, 8, 9, 3, 1],
    [2, 7, 2, 5, 1, 3],
    [0, 1, 3, 1, 7, 8],
    [4, 2, 1, 6, 2, 8],
    [2, 4, 5, 2, 3, 9],
]
SHAPES = [((9,), (4,)), ((7, 8), (3, 5)), ((5, 6, 7), (3, 1, 3))]


def test_the_notes_example():
    found = convolution.cross_correlation(PICTURE, convolution.edge_filter())
    assert np.array(found).tolist() == [
        [-5, -4, 0, 8],
        [-10, -2, 2, 3],
        [0, -2, -4, -7],
        [-3, -2, -3, -16],
    ]


def test_the_notes_strided_example():
    picture = [
        [2, 3, 7, 4, 6, 2, 9],
        [6, 6, 9, 8, 7, 4, 3],
        [3, 4, 8, 3, 8, 9, 7],
        [7, 8, 3, 6, 6, 3, 4],
        [4, 2, 1, 8, 3, 4, 6],
        [3, 2, 4, 1, 9, 8, 3],
        [0, 1, 3, 9, 2, 1, 4],
    ]
    kernel = [[3, 4, 4], [1, 0, 2], [-1, 0, 3]]
    found = convolution.cross_correlation(picture, kernel, stride=2)
    assert np.array(found).tolist() == [
        [91, 100, 88],
        [69, 91, 117],
        [44, 72, 74],
    ]


def test_the_notes_horizontal_edges():
    picture = np.kron([[10, 0], [0, 10]], np.ones([3, 3]))
    flat = convolution.edge_filter("prewitt", "horizontal")
    found = convolution.cross_correlation(picture, flat)
    assert np.array(found).tolist() == [
        [0, 0, 0, 0],
        [30, 10, -10, -30],
        [30, 10, -10, -30],
        [0, 0, 0, 0],
    ]


def test_true_convolution_flips_as_in_the_notes():
    kernel = [[3, 4, 5], [1, 0, 2], [-1, 9, 7]]
    flipped = [[7, 9, -1], [2, 0, 1], [5, 4, 3]]
    np.testing.assert_array_equal(
        convolution.true_convolution(PICTURE, kernel),
        convolution.cross_correlation(PICTURE, flipped),
    )
    # One 1 in a field of zeros shows the kernel itself, or its mirror image.
    one = np.pad([[1.0]], 2)
    found = convolution.true_convolution(one, kernel)
    assert np.array(found).tolist() == kernel
    found = convolution.cross_correlation(one, kernel)
    assert np.array(found).tolist() == flipped


def test_true_convolution_alone_is_associative():
    a, b, c = RNG.integers(-9, 9, (3, 3, 3)).astype("float32")

    def sides(operation):
        """Return (a · b) · c and a · (b · c), each in full."""
        return [
            np.array(operation(operation(a, b, padding=2), c, padding=2)),
            np.array(operation(a, operation(b, c, padding=2), padding=4)),
        ]

    left, right = sides(convolution.true_convolution)
    np.testing.assert_array_equal(left, right)
    left, right = sides(convolution.cross_correlation)
    assert left.shape == right.shape and (left != right).any()


@pytest.mark.parametrize(("size", "kernel"), SHAPES)
@pytest.mark.parametrize(
    ("ours", "scipys"),
    [
        (convolution.cross_correlation, signal.correlate),
        (convolution.true_convolution, signal.convolve),
    ],
)
def test_equals_scipy(size, kernel, ours, scipys):
    x, k = RNG.normal(size=size), RNG.normal(size=kernel)
    valid = scipys(x, k, "valid")
    np.testing.assert_allclose(ours(x, k), valid, rtol=1e-4, atol=1e-5)
    every_other = valid[(slice(None, None, 2),) * len(size)]
    found = ours(x, k, stride=2)
    np.testing.assert_allclose(found, every_other, rtol=1e-4, atol=1e-5)
    more = max(kernel) - 1
    wide = scipys(np.pad(x, more), k, "valid")
    found = ours(x, k, padding=more)
    np.testing.assert_allclose(found, wide, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["correlate", "convolve"])
def test_same_padding_keeps_the_size(name):
    x, k = RNG.normal(size=(6, 7)), RNG.normal(size=(3, 5))
    ours = {
        "correlate": convolution.cross_correlation,
        "convolve": convolution.true_convolution,
    }[name](x, k, padding="same")
    want = getattr(signal, name)(x, k, "same")
    np.testing.assert_allclose(ours, want, rtol=1e-4, atol=1e-5)


def test_filters_find_their_edges():
    left = np.tile([1.0, 1, 1, 0, 0, 0], (6, 1))
    for kind, most in (("prewitt", 3), ("sobel", 4), ("scharr", 16)):
        upright = convolution.edge_filter(kind)
        found = np.array(convolution.cross_correlation(left, upright))
        assert found.max() == most and (found >= 0).all()
        flat = convolution.edge_filter(kind, "horizontal")
        assert not np.array(convolution.cross_correlation(left, flat)).any()
        found = np.array(convolution.cross_correlation(left.T, flat))
        assert found.max() == most


@pytest.mark.parametrize("size", [5, 6, 7, 11])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_and_padding_are_those_of_keras(size, kernel, padding):
    x = RNG.normal(size=(1, size, 1)).astype("float32")
    w = RNG.normal(size=(kernel, 1, 1)).astype("float32")
    for strides, dilation in ((1, 1), (2, 1), (3, 1), (1, 2)):
        if padding == "valid" and dilation * (kernel - 1) >= size:
            continue
        given = size, kernel, strides, padding, dilation
        want = ops.conv(x, w, strides, padding, dilation_rate=dilation)
        assert convolution.output_size(*given) == want.shape[1]
        pad = [(0, 0), convolution.pad_widths(*given), (0, 0)]
        found = ops.conv(
            np.pad(x, pad), w, strides, "valid", dilation_rate=dilation
        )
        np.testing.assert_allclose(found, want, atol=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        {"size": 2, "kernel": 3},
        {"size": 4, "kernel": 3, "dilation": 2},
        {"size": 4, "kernel": 3, "stride": 0},
        {"size": 4, "kernel": 3, "padding": "full"},
        {"size": 4, "kernel": 3, "padding": -1},
    ],
)
def test_refuses_what_does_not_fit(given):
    with pytest.raises(ValueError, match="Received: "):
        convolution.output_size(**given)


def test_refuses_other_axes_and_filters():
    with pytest.raises(ValueError, match="`x` and `kernel`"):
        convolution.cross_correlation([1.0], [[1.0]])
    with pytest.raises(ValueError, match="`kind`"):
        convolution.edge_filter("canny")
