"""What is drawn lies in its ranges; the matrix is what Pillow does in turn."""

import math

import numpy as np
import pytest
from PIL import Image

from kerasnotes.data.pictures.augmentation import warping

RNG = np.random.default_rng(0)


def smooth(height, width):
    """Return a picture without fine detail, uint8 `[height, width, 1]`."""
    y, x = np.mgrid[:height, :width]
    waves = np.sin(x / 9) * np.cos(y / 7) + np.sin((x + 2 * y) / 11)
    return np.rint(127 + 60 * waves).astype(np.uint8)[..., None]


def test_composed_is_one_after_another():
    side, window = 96, (20.0, 31.0, 110.0, 84.0)
    rotate, scale, shear, shift = 25.0, 1.15, (9.0, -6.0), (5.0, -8.0)
    picture = smooth(150, 170)
    matrix = warping.compose(
        [window], (side, side), -1, 1, rotate, scale, shear, shift
    )
    # Pillow in turn, on a picture of 16 bits and four times the size.
    fine, much = 4, 4 * side
    left, top, width, height = window
    image = Image.fromarray(picture[..., 0].astype(np.float32))
    box = (left, top, left + width, top + height)
    image = image.resize((much, much), Image.Resampling.BICUBIC, box)
    image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    along_x, along_y = (math.tan(math.radians(a)) for a in shear)
    # Pillow's matrices also go from output to input, counted from edges.
    for forward in (
        [[1, along_x], [along_y, 1]],
        [[scale, 0], [0, scale]],
    ):
        back = np.linalg.inv(forward)
        offset = (np.eye(2) - back) @ [much / 2, much / 2]
        image = image.transform(
            image.size,
            Image.Transform.AFFINE,
            np.concatenate([back, offset[:, None]], 1).ravel().tolist(),
            Image.Resampling.BICUBIC,
        )
    image = image.rotate(
        -rotate,
        Image.Resampling.BICUBIC,
        translate=[fine * t for t in shift],
    )
    expected = np.array(image.resize((side, side), Image.Resampling.BOX))
    warps = warping.Warps(matrix, None, (150, 170), (side, side), "constant")
    warped = warps.pictures(picture[None])[0, ..., 0]
    inside = slice(26, -26)
    difference = np.abs(warped - expected)[inside, inside]
    assert difference.max() < 3
    assert np.ptp(expected[inside, inside]) > 150


def test_nothing_drawn_is_nothing_done():
    numbers = RNG.random((5, warping.Geometry.width))
    matrices = warping.Geometry().sample(numbers, (7, 9), (7, 9)).matrices
    np.testing.assert_array_equal(matrices, [[[1, 0, 0], [0, 1, 0]]] * 5)


def test_ranges():
    geometry = warping.Geometry(rotate=30, scale=0.2, shift=0.1)
    numbers = RNG.random((4000, geometry.width))
    warps = geometry.sample(numbers, (41, 61), (41, 61))
    linear = warps.matrices[:, :, :2]
    scale = 1 / np.sqrt(np.linalg.det(linear))
    angle = np.degrees(np.arctan2(linear[:, 0, 1], linear[:, 0, 0]))
    middle, inside = warps.points(np.tile([30.0, 20.0], (4000, 1, 1)))
    shift = middle[:, 0] - [30, 20]
    for drawn, low, high in (
        (scale, 0.8, 1.2),
        (angle, -30, 30),
        (shift[:, 0], -6.1, 6.1),
        (shift[:, 1], -4.1, 4.1),
    ):
        quartiles = np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1])
        expected = np.linspace(low, high, 5)
        np.testing.assert_allclose(quartiles, expected, atol=(high - low) / 40)
        assert low <= drawn.min() and drawn.max() <= high


def test_windows_of_whole_pixels_lie_everywhere_alike():
    geometry = warping.Geometry(pad=2)
    numbers = RNG.random((3000, geometry.width))
    matrices = geometry.sample(numbers, (9, 8), (8, 8)).matrices
    np.testing.assert_array_equal(matrices[0, :, :2], np.eye(2))
    for axis, places in ((0, range(-2, 3)), (1, range(-2, 4))):
        found, counts = np.unique(matrices[:, axis, 2], return_counts=True)
        assert found.tolist() == list(places)
        assert counts.min() > 0.8 * len(numbers) / len(places)


def test_random_resized_windows():
    geometry = warping.Geometry(crop=(0.2, 0.9))
    numbers = RNG.random((2000, geometry.width))
    matrices = geometry.sample(numbers, (60, 80), (32, 32)).matrices
    zoom = matrices[:, [0, 1], [0, 1]]
    share = np.prod(32 * zoom, 1) / (60 * 80)
    np.testing.assert_allclose(
        np.quantile(share, [0, 0.5, 1]), [0.2, 0.55, 0.9], atol=0.03
    )
    aspect = zoom[:, 0] / zoom[:, 1]
    assert aspect.min() > 0.7499
    # As in a wide picture there is room for wide windows only.
    assert (aspect <= np.maximum(4 / 3, share * 80 / 60) + 1e-9).all()
    first = matrices[:, :, 2] + 0.5 - zoom / 2
    last = first + 32 * zoom
    assert (first > -1e-9).all() and (last < [80 + 1e-9, 60 + 1e-9]).all()
    assert first.min() < 0.5 and (last.max(0) > [79.5, 59.5]).all()


def test_a_picture_alone_is_the_picture_in_its_batch():
    geometry = warping.Geometry(True, True, 0.1, 20, 10, 0.2, (0.3, 1), 0, 0.02)
    numbers = RNG.random((4, geometry.width)).astype(np.float32)
    batch = geometry.sample(numbers, (40, 40), (32, 32))
    alone = geometry.sample(numbers[2:3], (40, 40), (32, 32))
    np.testing.assert_array_equal(batch.matrices[2:3], alone.matrices)
    np.testing.assert_array_equal(batch.fields[2:3], alone.fields)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shift": 2}, "`shift` lies between 0 and 1. Received: 2"),
        ({"warp": 0.1}, "`warp` lies between 0 and 0.03. Received: 0.1"),
        ({"fill": "blue"}, "`fill` is one of auto, .*Received: 'blue'"),
        ({"crop": (0.5, 1.5)}, r"`crop` is.*Received: \(0.5, 1.5\)"),
        ({"crop": (0.5, 1), "pad": 2}, "without `pad`.*pad=2"),
    ],
)
def test_arguments_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        warping.Geometry(**arguments)


def test_a_target_larger_than_the_picture_is_refused():
    geometry = warping.Geometry(pad=1)
    numbers = np.zeros((1, geometry.width))
    with pytest.raises(ValueError, match=r"`target_size`.*\(12, 8\)"):
        geometry.sample(numbers, (8, 8), (12, 8))
