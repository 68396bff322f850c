"""RoI align and pooling against plain loops and torchvision."""

import numpy as np
import pytest
from keras import ops

from kerasnotes.ops import roi_align, roi_pool

# Of 4×5 places, no two are equal.
SMALL = (7.0 * np.arange(20) % 20).reshape(1, 4, 5, 1).astype("float32")
BOXES = np.array(
    [
        [0, 0, 40, 32],  # the picture
        [4, 6, 27, 25],
        [12, 12, 12, 12],  # a point
        [-20, -9, 15, 12],  # over the border
        [30, 20, 10, 8],  # swapped
    ],
    "float32",
)[None]
# torchvision 0.29.1: roi_align(…, 2, 1 / 8, 2, aligned=True), roi_pool(…, 2,
# 1 / 8) of these maps and boxes.
ALIGNED = """
7.125 7.75 10.875 12.125
6.668212890625 9.849609375 12.520263671875 8.801025390625
2 2 2 2
0 1.449218988418579 0 5.2080078125
10.25 9.3125 12.046875 5.640625
"""
POOLED = """
17 18 19 18
17 16 19 19
4 4 4 4
0 14 0 17
13 13 13 13
"""


def data(seed=0, n=40):
    """Return maps of 11×13 places and boxes, some of them hard."""
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(2, 11, 13, 3)).astype("float32")
    first = rng.uniform(-40, 120, (2, n, 2))
    boxes = np.concatenate([first, first + rng.uniform(-10, 90, (2, n, 2))], -1)
    boxes[0, :4] = [
        *([0, 0, 0, 0], [-1, -1, -1, -1]),
        *([-500, -500, 600, 600], [4, 12, 20, 20]),
    ]
    return maps, boxes.astype("float32")


def interpolated(picture, y, x):
    """Return a map's value at a point between its places."""
    height, width, _ = picture.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    i, j = int(y), int(x)
    k, m = min(i + 1, height - 1), min(j + 1, width - 1)
    v, u = y - i, x - j
    above = (1 - u) * picture[i, j] + u * picture[i, m]
    below = (1 - u) * picture[k, j] + u * picture[k, m]
    return (1 - v) * above + v * below


def aligned(picture, box, size, strides, samples):
    """Return the answer for a box, point by point."""
    x1, y1, x2, y2 = box.astype("float64")
    answer = np.zeros((*size, picture.shape[-1]))
    points = np.ndindex(*size, samples, samples)
    for row, column, a, b in points:
        y = y1 + (y2 - y1) * (row + (a + 0.5) / samples) / size[0]
        x = x1 + (x2 - x1) * (column + (b + 0.5) / samples) / size[1]
        answer[row, column] += interpolated(
            picture, y / strides[0] - 0.5, x / strides[1] - 0.5
        )
    return answer / samples**2


def pooled(picture, box, size, strides):
    """Return the maxima for a box, place by place."""

    def nearest(x):
        return int(np.copysign(np.floor(abs(float(x)) + 0.5), x))

    height, width, channels = picture.shape
    x1, y1, x2, y2 = box
    top, bottom = nearest(y1 / strides[0]), nearest(y2 / strides[0])
    left, right = nearest(x1 / strides[1]), nearest(x2 / strides[1])
    rows, columns = max(bottom - top + 1, 1), max(right - left + 1, 1)
    answer = np.zeros((*size, channels))
    for p, q in np.ndindex(*size):
        values = [
            picture[i, j]
            for i in range(top + p * rows // size[0], top + 1 + rows)
            for j in range(left + q * columns // size[1], left + 1 + columns)
            if 0 <= i < height
            and 0 <= j < width
            and (i - top) * size[0] < (p + 1) * rows
            and (j - left) * size[1] < (q + 1) * columns
        ]
        if values:
            answer[p, q] = np.max(values, axis=0)
    return answer


def each(oracle, maps, boxes, *words):
    return [
        [oracle(picture, box, *words) for box in row]
        for picture, row in zip(maps, boxes, strict=True)
    ]


@pytest.mark.parametrize(
    "size, stride, samples",
    [((7, 7), 8, 2), ((3, 5), (8, 10), 1), ((2, 1), 16, 3), ((1, 1), 4.5, 2)],
)
def test_align_equals_the_loop(size, stride, samples):
    maps, boxes = data()
    answer = roi_align(maps, boxes, size, stride, samples)
    strides = stride if isinstance(stride, tuple) else (stride, stride)
    want = each(aligned, maps, boxes, size, strides, samples)
    np.testing.assert_allclose(ops.convert_to_numpy(answer), want, atol=2e-5)


@pytest.mark.parametrize(
    "size, stride", [((7, 7), 8), ((3, 5), (8, 10)), ((2, 1), 16), ((1, 1), 4)]
)
def test_pool_equals_the_loop(size, stride):
    maps, boxes = data()
    boxes = np.round(boxes)  # Halves of places too.
    answer = roi_pool(maps, boxes, size, stride)
    strides = stride if isinstance(stride, tuple) else (stride, stride)
    want = each(pooled, maps, boxes, size, strides)
    np.testing.assert_array_equal(ops.convert_to_numpy(answer), want)


def test_figures_of_torchvision():
    answer = roi_align(SMALL, BOXES, 2, 8)
    want = np.array(ALIGNED.split(), float).reshape(answer.shape)
    np.testing.assert_allclose(ops.convert_to_numpy(answer), want, atol=1e-5)
    answer = roi_pool(SMALL, BOXES, 2, 8)
    want = np.array(POOLED.split(), float).reshape(answer.shape)
    np.testing.assert_array_equal(ops.convert_to_numpy(answer), want)


@pytest.mark.parametrize("size", [(7, 7), (2, 3)])
def test_torchvision(size):
    torch = pytest.importorskip("torch")
    lib = pytest.importorskip("torchvision").ops
    maps, boxes = data(seed=3, n=100)
    inputs = torch.tensor(maps).permute(0, 3, 1, 2), list(torch.tensor(boxes))
    for answer, want in (
        (
            roi_align(maps, boxes, size, 8),
            lib.roi_align(*inputs, size, 1 / 8, 2, aligned=True),
        ),
        (
            roi_pool(maps, boxes, size, 8),
            lib.roi_pool(*inputs, size, 1 / 8),
        ),
    ):
        want = want.permute(0, 2, 3, 1).reshape(answer.shape).numpy()
        answer = ops.convert_to_numpy(answer)
        np.testing.assert_allclose(answer, want, atol=2e-5)


FUNCTIONS = [roi_align, roi_pool]
both = pytest.mark.parametrize("function", FUNCTIONS)


@both
def test_bins_that_torchvision_rounds_up(function):
    """57 places in 7 bins: 57 / 7 · 7 is above 57 in float32."""
    maps = np.zeros((1, 64, 1, 1), "float32")
    maps[0, 57:] = 1
    answer = function(maps, [[[0, 0, 0.4, 56]]], (7, 1), 1)
    assert float(ops.max(answer)) == 0


@both
def test_boxes_that_are_no_numbers_are_zeros(function):
    maps, boxes = data()
    want = ops.convert_to_numpy(function(maps, boxes, 3, 8))
    bad = boxes.copy()
    bad[1, :3] = [
        *([np.nan] * 4, [0, 0, np.inf, 9], [-np.inf, -np.inf, np.inf, np.inf]),
    ]
    answer = ops.convert_to_numpy(function(maps, bad, 3, 8))
    assert not answer[1, :3].any()
    np.testing.assert_array_equal(answer[1, 3:], want[1, 3:])
    np.testing.assert_array_equal(answer[0], want[0])


@both
@pytest.mark.parametrize("batch, n", [(0, 3), (1, 0), (1, 1), (0, 0)])
def test_few_or_none(function, batch, n):
    maps, boxes = data()
    answer = function(maps[:batch], boxes[:batch, :n], (2, 3), 8)
    assert tuple(answer.shape) == (batch, n, 2, 3, 3)


@both
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 1), (2, 2)])
def test_small_maps(function, shape):
    maps = np.random.default_rng(0).normal(size=(2, *shape, 2))
    _, boxes = data()
    oracle, words = (aligned, (2,)) if function is roi_align else (pooled, ())
    want = each(oracle, maps, boxes, (2, 3), (8, 8), *words)
    answer = function(maps, boxes, (2, 3), 8)
    np.testing.assert_allclose(ops.convert_to_numpy(answer), want, atol=1e-5)


@both
def test_half_precision_is_of_values_alone(function):
    """Pixels above 2048 are no halves; sums of values stay below 65,504."""
    maps = np.full((1, 40, 400, 1), 6e4, "float16")
    maps[0, :, 375:] = 0
    boxes = [[[2990, 8, 2999, 20], [3001, 8, 3009, 20]]]
    answer = function(maps, boxes, 1, 8)
    assert ops.convert_to_numpy(answer).dtype == "float16"
    answer = ops.convert_to_numpy(ops.reshape(answer, -1)).astype("float32")
    want = ops.reshape(function(maps.astype("float32"), boxes, 1, 8), -1)
    np.testing.assert_allclose(answer, ops.convert_to_numpy(want), rtol=1e-3)
    assert answer[0] > 3e4 > answer[1]


@both
def test_numbers_of_any_kind(function):
    want = ops.convert_to_numpy(function(SMALL, BOXES, 2, 8))
    answer = function(SMALL.astype(int), BOXES.astype(int), (2, 2), (8, 8))
    np.testing.assert_array_equal(ops.convert_to_numpy(answer), want)


def test_samples_must_be_some():
    with pytest.raises(
        ValueError, match="`samples` .* 1 or more. Received: samp"
    ):
        roi_align(SMALL, BOXES, 2, 8, samples=0)


@both
@pytest.mark.parametrize(
    "change, message",
    [
        ({"size": 0}, "`size` must be a positive .* Received: size=0"),
        ({"size": 2.5}, "`size` must be a positive number"),
        ({"size": (2, 0)}, "`size` must be a positive number"),
        ({"size": (2, 2, 2)}, "`size` must be a positive number"),
        ({"stride": 0}, "`stride` must be a positive number"),
        ({"stride": (8, -1)}, "`stride` must be a positive number"),
        ({"maps": np.ones((4, 4, 1))}, "`maps` must have the shape .*Rec"),
        ({"boxes": np.ones((3, 4))}, "`boxes` must have the shape .*Rec"),
        ({"boxes": np.ones((1, 3, 5))}, "`boxes` must have the shape"),
    ],
)
def test_refusals(function, change, message):
    arguments = {"maps": SMALL, "boxes": BOXES, "size": 2, "stride": 8}
    with pytest.raises(ValueError, match=message):
        function(**arguments | change)
