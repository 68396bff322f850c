"""A moved box is the tightest around what the picture shows of it."""

import numpy as np
import pytest
from scipy import interpolate

from kerasnotes.data.pictures.augmentation import warping
from kerasnotes.data.pictures.augmentation.warping import fields

RNG = np.random.default_rng(0)
SOURCE, TARGET = (60, 72), (48, 52)
FINE, COARSE = 16, 4
GEOMETRIES = {
    "mirror": warping.Geometry(mirror=True, flip=True),
    "turn": warping.Geometry(rotate=40, shear=15, scale=0.2, shift=0.2),
    "crop": warping.Geometry(mirror=True, crop=(0.3, 1)),
    "local": warping.Geometry(warp=0.03),
    "all": warping.Geometry(True, True, 0.2, 90, 10, 0.2, (0.3, 1), 0, 0.02),
}


def splines(places, side):
    """Return SciPy's B-splines at pixel coordinates, of norm 1."""
    knots = np.arange(-3.0, fields.CELLS + 4)
    cells = np.clip((places + 0.5) / side, 0, 1) * fields.CELLS
    matrix = interpolate.BSpline.design_matrix(cells, knots, 3).toarray()
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def fill(warps, index, box, fine, reach=0):
    """Fill a box on a grid finer than the pixels of a moved picture.

    Args:
        warps: the `Warps`.
        index: which of the batch.
        box: its edges before, `xyxy`.
        fine: places for each pixel.
        reach: how far the grid goes beyond the picture, pixels.

    Returns:
        The grid's places in pixels, counted from the edge, and which of
        them, `[rows, columns]`, are of the box.
    """
    steps = [
        (np.arange((n + 2 * reach) * fine) + 0.5) / fine - reach
        for n in warps.target_size
    ]
    y, x = np.meshgrid(*(places - 0.5 for places in steps), indexing="ij")
    if warps.fields is not None:
        rows, columns = (
            splines(places - 0.5, n)
            for places, n in zip(steps, warps.target_size, strict=True)
        )
        away = rows @ warps.fields[index] @ columns.T
        x, y = np.stack([x, y]) + min(warps.target_size) * away
    (a, b, c), (d, e, f) = warps.matrices[index]
    x, y = a * x + b * y + c + 0.5, d * x + e * y + f + 0.5
    left, top, right, bottom = box
    return steps, (x >= left) & (x <= right) & (y >= top) & (y <= bottom)


def around(steps, filled):
    """Return the box around what is filled."""
    rows, columns = (steps[i][filled.any(1 - i)] for i in (0, 1))
    half = (steps[0][1] - steps[0][0]) / 2
    return np.array([
        columns[0] - half, rows[0] - half, columns[-1] + half, rows[-1] + half,
    ])  # fmt: skip


@pytest.mark.parametrize("name", GEOMETRIES)
def test_boxes_are_those_of_filled_masks(name):
    geometry = GEOMETRIES[name]
    numbers = RNG.random((6, geometry.width))
    warps = geometry.sample(numbers, SOURCE, TARGET)
    corners = RNG.uniform([0, 0], [72, 60], (6, 3, 2, 2))
    boxes = np.sort(corners, 2).reshape(6, 3, 4)
    # One is the whole picture, of which a turn shows no corner.
    boxes[:, 0] = [0, 0, 72, 60]
    moved, shares = warps.boxes(boxes)
    partial = 0
    for index, box in np.ndindex(6, 3):
        steps, filled = fill(warps, index, boxes[index, box], FINE)
        _, coarse = fill(warps, index, boxes[index, box], COARSE)
        _, everywhere = fill(warps, index, boxes[index, box], COARSE, 40)
        if everywhere.sum() < 9 * COARSE**2:
            continue
        share = coarse.sum() / everywhere.sum()
        assert abs(shares[index, box] - share) < 0.03
        partial += 0.05 < share < 0.95
        if filled.sum() > FINE**2:
            difference = around(steps, filled) - moved[index, box]
            # Nothing sticks out; the grid ends before the point of a tip.
            assert (difference * [1, 1, -1, -1]).min() > -0.1
            assert np.abs(difference).max() < 0.4
    assert partial > 3


def test_a_crop_is_exact():
    warps = warping.Warps(
        np.array([[[-1.0, 0, 9], [0, 1, 2]]]), None, (10, 10), (6, 7)
    )
    boxes = [[[0, 0, 10, 10], [4, 3, 6, 5], [0, 2, 4, 4], [0, 0, 3, 2]]]
    moved, shares = warps.boxes(boxes)
    assert moved[0].tolist() == [
        [0, 0, 7, 6], [4, 1, 6, 3], [6, 0, 7, 2], [7, 0, 7, 0],
    ]  # fmt: skip
    assert shares[0].tolist() == [0.42, 1, 0.25, 0]


def test_a_box_beyond_the_borders_of_a_turned_picture():
    # Turned by 45 degrees, the square's corners lie outside.
    matrices = warping.compose([[0, 0, 10, 10]], (10, 10), rotate=45)
    warps = warping.Warps(matrices, None, (10, 10), (10, 10))
    boxes, shares = warps.boxes([[[0, 0, 10, 10], [-90, -90, 99, 99]]])
    np.testing.assert_allclose(boxes, [[[0, 0, 10, 10]] * 2], atol=1e-9)
    octagon = 2 * (np.sqrt(2) - 1)
    np.testing.assert_allclose(shares, [[octagon, 100 / 189**2]], rtol=1e-9)


@pytest.mark.parametrize("warp", [0.0, 0.02])
def test_pictures_without_boxes_and_boxes_without_area(warp):
    geometry = warping.Geometry(rotate=30, warp=warp)
    numbers = RNG.random((3, geometry.width))
    warps = geometry.sample(numbers, SOURCE, SOURCE)
    boxes, shares = warps.boxes(np.zeros((3, 0, 4)))
    assert (boxes.shape, shares.shape) == ((3, 0, 4), (3, 0))
    assert warps.boxes([[], [], []])[0].shape == (3, 0, 4)
    none = geometry.sample(numbers[:0], SOURCE, SOURCE)
    assert none.boxes(np.zeros((0, 2, 4)))[1].shape == (0, 2)
    flat = [[5, 5, 5, 9], [9, 5, 3, 8], [-1, -1, -1, -1], [np.nan] * 4]
    assert not warps.boxes([flat] * 3)[1].any()
    with pytest.raises(ValueError, match=r"`boxes` are \(3, 2, 4\)"):
        warps.boxes(np.zeros((2, 2, 4)))
