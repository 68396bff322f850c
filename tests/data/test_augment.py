"""The light warp, against SciPy's affine transform."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from kerasnotes import errors
from kerasnotes.data import augment

RNG = np.random.default_rng(0)


def warp(light, picture, numbers):
    batch = tf.constant(picture[None], tf.float32)
    return light(batch, tf.constant([numbers], tf.float32)).numpy()[0]


@pytest.mark.parametrize(
    ("fill", "mode"),
    [("constant", "grid-constant"), ("nearest", "nearest"),
     ("reflect", "reflect")],
)  # fmt: skip
def test_the_warp_is_the_equations(fill, mode):
    height, width = 12, 17
    picture = RNG.uniform(0, 255, (height, width, 3))
    light = augment.Light(shift=0.2, rotate=40, scale=0.3, fill=fill)
    for _ in range(5):
        draw = RNG.uniform(size=4)
        angle, scale, right, down = (2 * draw - 1) * (
            math.radians(40), 0.3, 0.2 * width, 0.2 * height,
        )  # fmt: skip
        # SciPy counts rows first, with y down the picture.
        turn = np.array(
            [
                [math.cos(angle), -math.sin(angle)],
                [math.sin(angle), math.cos(angle)],
            ]
        ) / (1 + scale)
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        offset = middle - turn @ (middle + [down, right])
        expected = np.stack(
            [
                ndimage.affine_transform(
                    picture[..., c], turn, offset, order=1, mode=mode
                )
                for c in range(3)
            ],
            axis=-1,
        )
        warped = warp(light, picture, draw)
        np.testing.assert_allclose(warped, expected, atol=0.05)


def test_a_shift_by_whole_pixels():
    picture = np.zeros((10, 10, 1))
    picture[4, 4] = 200
    light = augment.Light(shift=0.2, rotate=0, scale=0)
    moved = warp(light, picture, [0.3, 0.8, 0.75, 0.0])
    assert np.argwhere(moved[..., 0]).tolist() == [[2, 5]]


def test_the_border_of_grey_is_black_and_of_colour_reflects():
    light = augment.Light(shift=0.5, rotate=0, scale=0)
    grey = warp(light, np.full((8, 8, 1), 99.0), [0.5, 0.5, 1, 0.5])
    colour = warp(light, np.full((8, 8, 3), 99.0), [0.5, 0.5, 1, 0.5])
    assert not grey[:, :4].any() and (grey[:, 4:] == 99).all()
    assert (colour == 99).all()


def test_flags():
    assert augment.build("none") is None
    light = augment.build("light:shift=0,rotate=0,scale=0,fill=nearest")
    picture = RNG.uniform(0, 255, (6, 6, 1)).astype(np.float32)
    np.testing.assert_array_equal(warp(light, picture, [0.1] * 4), picture)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ligth", "did you mean 'light'"),
        ("light:turn=3", "unknown 'turn'"),
        ("light:shift=2", "`shift` lies between 0 and 1. Received: 2"),
        ("light:fill=blue", "`fill` is one of.*Received: 'blue'"),
        ("light:scale=big", "--augment"),
    ],
)
def test_flags_refused(text, message):
    with pytest.raises(errors.UserError, match=message):
        augment.build(text)
