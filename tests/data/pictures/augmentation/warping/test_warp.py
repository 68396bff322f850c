"""Pictures and masks: what moves, moves as SciPy says, on either backend."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import interpolate, ndimage

from kerasnotes.data.pictures.augmentation import warping
from kerasnotes.data.pictures.augmentation.warping import fields

RNG = np.random.default_rng(0)
BOTH = pytest.mark.parametrize("by", ["opencv", "tensorflow"])
ALL = warping.Geometry(
    mirror=True, flip=True, rotate=30, shear=10, scale=0.2, warp=0.02
)
MODES = [
    ("constant", "grid-constant"),
    ("nearest", "nearest"),
    ("reflect", "reflect"),
]


@pytest.fixture(autouse=True)
def _installed(request):
    if "opencv" in request.node.name:
        pytest.importorskip("cv2")


def smooth_noise(height, width, channels):
    """Return noise over which the grey levels change slowly."""
    noise = RNG.random((height, width, channels))
    noise = ndimage.gaussian_filter(noise, 3, axes=(0, 1))
    low, high = noise.min(), noise.max()
    return np.rint(255 * (noise - low) / (high - low)).astype(np.uint8)


def affine(matrix, source, target, fill="constant"):
    matrix = np.array([matrix], float)
    return warping.Warps(matrix, None, source, target, fill)


@BOTH
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1, 0, 0], [0, 1, 0]], lambda x: x),
        ([[-1, 0, 8], [0, 1, 0]], lambda x: x[:, ::-1]),
        ([[1, 0, 0], [0, -1, 6]], lambda x: x[::-1]),
        ([[0, 1, 0], [-1, 0, 6]], lambda x: np.rot90(x, -1)),
        ([[1, 0, 3], [0, 1, 2]], lambda x: x[2:7, 3:7]),
        ([[-1, 0, 5], [0, 1, -1]], lambda x: np.pad(
            x[:5, 5::-1], [(1, 0), (0, 0), (0, 0)])),
    ],
)  # fmt: skip
def test_whole_pixels_are_exact(by, channels, matrix, expected):
    picture = RNG.integers(1, 256, (7, 9, channels), dtype=np.uint8)
    expected = expected(picture)
    warps = affine(matrix, (7, 9), expected.shape[:2])
    warped = warps.pictures(picture[None], by)
    np.testing.assert_array_equal(warped[0], expected)
    mask = picture[..., 0].astype(np.int64)
    np.testing.assert_array_equal(warps.masks(mask[None])[0], expected[..., 0])


@BOTH
@pytest.mark.parametrize(("fill", "mode"), MODES)
def test_a_warp_is_scipys(by, fill, mode):
    # OpenCV 4 rounds coordinates; TensorFlow's rounding is all there is.
    picture = smooth_noise(30, 40, 3)
    if by == "tensorflow":
        picture = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    matrix = np.array([[0.9, 0.4, -9], [-0.5, 1.1, 6]])
    warped = affine(matrix, (30, 40), (32, 36), fill).pictures(
        picture[None], by
    )[0]
    expected = np.stack(
        [
            ndimage.affine_transform(
                picture[..., c].astype(float),
                matrix[::-1, 1::-1],
                matrix[::-1, 2],
                (32, 36),
                order=1,
                mode=mode,
            )
            for c in range(3)
        ],
        -1,
    )
    within = 1.6 if by == "opencv" else 0.51
    if by == "opencv" and fill == "constant":
        # The picture's edge is a step: 1/32 of it, twice.
        within = 17
    assert np.abs(warped - expected).max() < within


@pytest.mark.parametrize(("fill", "mode"), MODES)
def test_masks_take_the_nearest_pixel(fill, mode):
    mask = RNG.integers(0, 9, (30, 40))
    matrix = np.array([[0.9, 0.4, -9.03], [-0.5, 1.1, 6.07]])
    warps = affine(matrix, (30, 40), (32, 36), fill)
    expected = ndimage.affine_transform(
        mask, matrix[::-1, 1::-1], matrix[::-1, 2], (32, 36), order=0,
        mode=mode, cval=7,
    )  # fmt: skip
    warped = warps.masks(mask[None], outside=7)[0]
    np.testing.assert_array_equal(warped, expected)
    assert warped.dtype == mask.dtype


@pytest.mark.parametrize("fill", ["constant", "nearest", "reflect"])
def test_a_shift_by_half_a_pixel_loses_none(fill):
    mask = np.arange(9)[None, None]
    warps = affine([[1, 0, 0.5], [0, 1, 0]], (1, 9), (1, 8), fill)
    assert warps.masks(mask)[0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    back = affine([[-1, 0, 7.5], [0, 1, 0]], (1, 9), (1, 8), fill)
    assert back.masks(mask)[0, 0].tolist() == [8, 7, 6, 5, 4, 3, 2, 1]
    before = affine([[1, 0, -0.5], [0, 1, 0]], (1, 9), (1, 9), fill)
    assert before.masks(mask)[0, 0].tolist() == list(range(9))


@pytest.mark.parametrize(("rotate", "turns"), [(90, -1), (-90, 1), (180, 2)])
def test_a_turn_by_ninety_degrees_loses_no_pixel(rotate, turns):
    mask = np.arange(1, 41).reshape(5, 8)
    matrices = warping.compose([[0, 0, 8, 5]], (5, 8), rotate=rotate)
    warps = warping.Warps(matrices, None, (5, 8), (5, 8), "constant")
    turned = warps.masks(mask[None])[0]
    if turns == 2:
        np.testing.assert_array_equal(turned, np.rot90(mask, 2))
        return
    # Its middle lies half a pixel off: one row or column of the turned
    # picture, at most, goes over the border.
    shown = turned[turned > 0]
    assert len(shown) == len(np.unique(shown)) == 25
    rows, columns = np.nonzero(np.isin(mask, shown))
    assert np.ptp(rows) == np.ptp(columns) == 4
    part = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    y, x = np.nonzero(turned)
    np.testing.assert_array_equal(
        turned[y.min() : y.max() + 1, x.min() : x.max() + 1],
        np.rot90(part, turns),
    )


def test_masks_of_several_channels():
    masks = RNG.random((1, 30, 40, 3)).astype(np.float32)
    warps = affine([[0.9, 0.4, -9.03], [-0.5, 1.1, 6.07]], (30, 40), (32, 36))
    warped = warps.masks(masks)
    assert warped.dtype == np.float32
    for c in range(3):
        np.testing.assert_array_equal(
            warped[..., c], warps.masks(masks[..., c])
        )


def spline_displacements(controls, size):
    """Return the field by SciPy's own B-splines, `[2, height, width]`."""
    knots = np.arange(-3.0, fields.CELLS + 4)
    rows, columns = (
        interpolate.BSpline.design_matrix(
            (np.arange(n) + 0.5) / n * fields.CELLS, knots, 3
        ).toarray()
        for n in size
    )
    norm = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(
        columns, axis=1
    )
    return min(size) * rows @ controls @ columns.T / norm


@BOTH
def test_local_warps_are_scipys(by):
    size = (40, 60)
    picture = smooth_noise(*size, 3)
    numbers = RNG.random((1, ALL.width))
    warps = ALL.sample(numbers, size, size)
    moved = spline_displacements(warps.fields[0], size)
    points = np.mgrid[:40, :60][::-1] + moved
    matrix = warps.matrices[0]
    at = np.einsum("ij,jyx->iyx", matrix[:, :2], points)
    at += matrix[:, 2, None, None]
    warped = warps.pictures(picture[None], by)[0]
    for c in range(3):
        expected = ndimage.map_coordinates(
            picture[..., c].astype(float), at[::-1], order=1, mode="reflect"
        )
        assert np.abs(warped[..., c] - expected).max() < 1.6
    mask = RNG.integers(0, 9, size)
    named = warping.Warps(matrix[None], warps.fields, size, size, "reflect")
    expected = ndimage.map_coordinates(mask, at[::-1], order=0, mode="reflect")
    np.testing.assert_array_equal(named.masks(mask[None])[0], expected)


def test_fields_are_as_wide_as_asked_and_never_fold():
    drawn = fields.draw(RNG.random(400), fields.MOST)
    dense = fields.dense(drawn, (20, 20)) / 20
    np.testing.assert_allclose(dense.std((0, 1)), fields.MOST, rtol=0.1)
    # The widest draws, in chance signs: neighbours keep their order.
    signs = RNG.choice([-1, 1], drawn.shape) * np.sqrt(3) * fields.MOST
    for controls in (drawn, signs):
        moved = fields.dense(controls, (90, 90))
        xx, xy = 1 + np.diff(moved[:, 0], axis=2), np.diff(moved[:, 0], axis=1)
        yx, yy = np.diff(moved[:, 1], axis=2), 1 + np.diff(moved[:, 1], axis=1)
        folds = xx[:, 1:] * yy[:, :, 1:] - xy[:, :, 1:] * yx[:, 1:]
        assert folds.min() > 0


def test_backends_agree_in_a_parallel_map():
    pytest.importorskip("cv2")
    pictures = np.stack([smooth_noise(40, 44, 3) for _ in range(12)])
    numbers = RNG.random((12, ALL.width)).astype(np.float32)

    def run(by, calls):
        data = tf.data.Dataset.from_tensor_slices((pictures, numbers)).batch(3)
        data = data.map(
            lambda x, n: warping.apply(x, n, ALL, (32, 36), by),
            num_parallel_calls=calls,
        )
        assert data.element_spec.shape.as_list() == [None, 32, 36, 3]
        return np.concatenate([x.numpy() for x in data])

    by_opencv, by_tensorflow = run("opencv", 4), run("tensorflow", 4)
    assert np.abs(by_opencv.astype(int) - by_tensorflow).max() <= 2
    np.testing.assert_array_equal(by_opencv, run("opencv", 1))
    # A warp that is worked out within a map needs TensorFlow inside NumPy.
    warps = ALL.sample(numbers, (40, 44), (32, 36))
    inside = tf.data.Dataset.from_tensors(pictures).map(
        lambda x: tf.numpy_function(
            lambda x: warps.pictures(x, "tensorflow"), [x], tf.uint8
        )
    )
    np.testing.assert_array_equal(next(iter(inside)), by_tensorflow)


def test_the_border_of_grey_is_black_and_of_colour_reflects():
    warps = affine([[1, 0, -4], [0, 1, 0]], (8, 8), (8, 8), "auto")
    grey = warps.pictures(np.full((1, 8, 8, 1), 99, np.uint8))[0]
    colour = warps.pictures(np.full((1, 8, 8, 3), 99, np.uint8))[0]
    assert not grey[:, :4].any() and (grey[:, 4:] == 99).all()
    assert (colour == 99).all()


def test_refused():
    warps = affine([[1, 0, 0], [0, 1, 0]], (8, 8), (8, 8), "auto")
    with pytest.raises(ValueError, match=r"`images` are \(1, 8, 8, 3\)"):
        warps.pictures(np.zeros((1, 8, 9, 3), np.uint8))
    with pytest.raises(ValueError, match="`images` are uint8.*float64"):
        warps.pictures(np.zeros((1, 8, 8, 3)))
    with pytest.raises(ValueError, match="masks need a `fill`.*'auto'"):
        warps.masks(np.zeros((1, 8, 8), np.int32))
