"""Foregrounds over backgrounds, against Pillow and SciPy."""

import math

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from kerasnotes.data.pictures import synthesis

RNG = np.random.default_rng(0)


def draw(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def pillow_over(layer, background, place=(0, 0)):
    """Lays an RGBA array over an RGB one, by Pillow."""
    canvas = Image.fromarray(background).convert("RGBA")
    canvas.alpha_composite(Image.fromarray(layer), place)
    return np.asarray(canvas)[..., :3]


def tensors(layer):
    layer = tf.constant(layer[None], tf.float32)
    return layer[..., :3], layer[..., 3:] / 255


def test_over_is_pillows():
    layer, background = draw(20, 30, 4), draw(20, 30, 3)
    ours = synthesis.over(*tensors(layer), background.astype(np.float32))
    expected = pillow_over(layer, background)
    np.testing.assert_allclose(ours[0], expected, atol=1)


@pytest.mark.parametrize("corner", [(0, 0), (3, 5), (22, 11)])
def test_foregrounds_at_fixed_places_are_pillows(corner):
    layer, background = draw(9, 8, 4), draw(20, 30, 3)
    middle = [[corner[0] + 3.5, corner[1] + 4.0]]
    size = background.shape[:2]
    scale = [1 / min(20 / 9, 30 / 8)]
    placed = synthesis.place(*tensors(layer), size, middle, scale, [0.0])
    ours = synthesis.over(*placed, background.astype(np.float32))
    expected = pillow_over(layer, background, corner)
    np.testing.assert_allclose(ours[0], expected, atol=1)


def test_the_move_is_the_equations():
    layer = np.float32(RNG.uniform(0, 255, (12, 17, 4)))
    colours, alpha = tensors(layer)
    x, y, scale, angle = 11.0, 14.0, 0.8, 0.5
    ours, ours_alpha = synthesis.place(
        colours, alpha, (30, 24), [[x, y]], [scale], [angle]
    )
    zoom = scale * min(30 / 12, 24 / 17)
    # SciPy counts rows first, with y down the picture.
    turn = np.array(
        [
            [math.cos(angle), -math.sin(angle)],
            [math.sin(angle), math.cos(angle)],
        ]
    )
    turn /= zoom
    offset = np.array([5.5, 8.0]) - turn @ [y, x]

    def move(plane):
        return ndimage.affine_transform(
            plane, turn, offset, (30, 24), order=1, mode="grid-constant"
        )

    moved = move(alpha[0, ..., 0].numpy())
    np.testing.assert_allclose(ours_alpha[0, ..., 0], moved, atol=1e-4)
    seen = moved > 0.05
    for channel in range(3):
        weighted = move((colours * alpha)[0, ..., channel].numpy())
        np.testing.assert_allclose(
            ours[0, ..., channel].numpy()[seen],
            weighted[seen] / moved[seen],
            atol=0.1,
        )


def test_what_is_transparent_does_not_bleed():
    layer = np.zeros([9, 9, 4], np.uint8)
    layer[..., :3] = [0, 255, 0]  # Green, but it can't be seen.
    layer[3:6, 3:6] = [255, 0, 0, 255]
    placed = synthesis.place(
        *tensors(layer), (20, 20), [[9.0, 9.0]], [0.9], [0.3]
    )
    ours = synthesis.over(*placed, np.zeros([20, 20, 3], np.float32))
    assert ours[..., 0].numpy().max() == 255
    assert ours[..., 1].numpy().max() < 1e-3


def boxes(composite, count, shape, size):
    """Return least x, y and largest x, y of opaque foregrounds."""
    numbers = RNG.random((count, composite.width)).astype(np.float32)
    white = tf.ones([count, *shape, 1])
    pictures = composite(white, white, tf.zeros([count, *size, 1]), numbers)
    rows, columns = (pictures.numpy().max(axis) > 0.01 for axis in (2, 1))
    return np.array(
        [
            [np.argmax(c), np.argmax(r), *(n - np.argmax(s[::-1]) - 1
             for n, s in ((size[1], c), (size[0], r)))]
            for r, c in zip(rows[..., 0], columns[..., 0], strict=True)
        ]
    )  # fmt: skip


def test_random_places_reach_everywhere_and_stay_inside():
    found = boxes(synthesis.Over((0.5, 0.5), 0), 2000, (10, 10), (40, 60))
    # 20 pixels wide, and half a pixel of soft edge around.
    assert found[:, 0].min() <= 1 and found[:, 2].max() >= 58
    assert found[:, 1].min() <= 1 and found[:, 3].max() >= 38
    widths = found[:, 2] - found[:, 0] + 1
    assert widths.min() >= 19 and widths.max() <= 22
    middles = (found[:, 0] + found[:, 2]) / 2
    counts, _ = np.histogram(middles, 4, (9.5, 49.5))
    assert counts.min() > 400


def test_a_turned_foreground_shows_its_corners():
    composite = synthesis.Over((0.6, 0.6), 45)
    numbers = RNG.random((500, 4)).astype(np.float32)
    alpha = np.zeros([500, 9, 9, 1], np.float32)
    alpha[:, [0, 0, -1, -1], [0, -1, 0, -1]] = 1
    one = tf.ones_like(alpha)
    corners = composite(one, alpha, tf.zeros([500, 32, 32, 1]), numbers)
    areas = corners.numpy().sum((1, 2, 3))
    expected = 4 * (0.6 * 32 / 9) ** 2
    assert areas.min() > 0.6 * expected


def test_scales_are_uniform():
    found = boxes(synthesis.Over((0.2, 0.8), 0), 1000, (20, 20), (100, 100))
    widths = found[:, 2] - found[:, 0]
    counts, _ = np.histogram(widths, 3, (19, 81))
    assert widths.min() < 24 and widths.max() > 76 and counts.min() > 250


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": (0, 0.5)}, r"`scale`.*Received: \(0, 0.5\)"),
        ({"scale": (0.9, 0.5)}, "`scale`"),
        ({"scale": (0.5, 1.5)}, "`scale`"),
        ({"rotate": 200}, "`rotate`.*Received: 200"),
    ],
)
def test_arguments_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        synthesis.Over(**arguments)


@pytest.mark.parametrize("name", synthesis.TEXTURES)
def test_textures(name):
    texture = synthesis.TEXTURES[name]
    one = texture([300, 16, 24, 3], [1, 2]).numpy()
    assert one.min() >= 0 and one.max() <= 1
    assert one.mean() == pytest.approx(0.5, abs=0.03)
    # Neighbours are alike, pictures and channels are not.
    assert np.abs(np.diff(one, axis=2)).mean() < 0.11
    flat = one.reshape(300, -1, 3)
    assert np.abs(np.corrcoef(flat[:, 0].T) - np.eye(3)).max() < 0.2
    np.testing.assert_array_equal(one, texture([300, 16, 24, 3], [1, 2]))
    assert not np.array_equal(one, texture([300, 16, 24, 3], [1, 3]))


def test_a_gradient_runs_straight_between_two_colours():
    pictures = synthesis.gradient([20, 16, 16, 1], [0, 0]).numpy()[..., 0]
    for picture in pictures:
        for axis in (0, 1):
            steps = np.diff(picture, axis=axis)
            np.testing.assert_allclose(steps, steps.mean(), atol=1e-6)
