"""What a policy does to a batch, against SciPy and NumPy."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from kerasnotes.data.pictures.augmentation import colour, named, warping
from kerasnotes.data.pictures.augmentation.policy import Policy

RNG = np.random.default_rng(0)


def smooth(count, height, width, channels):
    """Pictures whose neighbours differ little, so that a slip shows."""
    noise = RNG.uniform(0, 255, (count, height, width, channels))
    blurred = ndimage.gaussian_filter(noise, (0, 3, 3, 0), mode="reflect")
    spread = blurred - blurred.min()
    return (255 * spread / spread.max()).astype(np.uint8)


def call(policy, pictures, numbers, size=None):
    batch, numbers = tf.constant(pictures), tf.constant(numbers, tf.float32)
    return policy(batch, numbers, size)[0].numpy()


def uniforms(policy, count):
    return RNG.uniform(size=(count, policy.width)).astype(np.float32)


@pytest.mark.parametrize(
    ("fill", "mode"),
    [("constant", "grid-constant"), ("nearest", "nearest"),
     ("reflect", "reflect")],
)  # fmt: skip
def test_light_is_its_equation(fill, mode):
    height, width = 20, 27
    light = named.build(f"light:shift=0.2,rotate=40,scale=0.3,fill={fill}")
    pictures = smooth(4, height, width, 3)
    numbers = uniforms(light, 4)
    warped = call(light, pictures, numbers)
    for picture, found, draw in zip(pictures, warped, numbers, strict=True):
        angle, scale, right, down = (2 * draw[[6, 7, 10, 11]] - 1) * (
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
        for c in range(3):
            wanted = ndimage.affine_transform(
                picture[..., c].astype(float), turn, offset, order=1, mode=mode
            )
            # A border of black is a steep one, which 1/32 pixel crosses.
            steep = 9 if fill == "constant" else 2.5
            np.testing.assert_allclose(found[..., c], wanted, atol=steep)


def test_the_border_of_grey_is_black_and_of_colour_reflects():
    policy = Policy(shift=0.5)
    right = np.full((1, policy.width), 0.5)
    right[0, 10] = 1
    grey = call(policy, np.full((1, 8, 8, 1), 99, np.uint8), right)[0]
    assert not grey[:, :4].any() and (grey[:, 4:] == 99).all()
    reflected = call(policy, np.full((1, 8, 8, 3), 99, np.uint8), right)
    assert (reflected == 99).all()


def test_colours_are_the_equation():
    policy = Policy(brightness=0.4, contrast=0.5)
    pictures, numbers = smooth(6, 5, 4, 3), uniforms(policy, 6)
    brightness, contrast = (
        (1 + size * (2 * numbers[:, i] - 1))[:, None, None, None]
        for i, size in enumerate((0.4, 0.5))
    )
    wanted = contrast * (brightness * pictures - 127.5) + 127.5
    found = call(policy, pictures, numbers)
    np.testing.assert_allclose(found, np.clip(wanted, 0, 255), atol=0.51)


def test_without_opencv_it_is_the_same(monkeypatch):
    policy = named.build("strong:ops=2,warp=0.01,cutout=0,pca=0")
    plain = dataclasses.replace(policy, ops=0)
    for given in (policy, plain):
        pictures, numbers = smooth(8, 24, 24, 3), uniforms(given, 8)
        found = call(given, pictures, numbers, (16, 16)).astype(int)
        with monkeypatch.context() as patch:
            patch.setattr(colour, "cv2", None)
            patch.setattr(warping.warp, "backend", lambda: "tensorflow")
            other = call(given, pictures, numbers, (16, 16)).astype(int)
        away = np.abs(found - other)
        # Tones such as solarize make much of one level.
        assert np.percentile(away, 95 if given.ops else 100) <= 6


@pytest.mark.parametrize(
    ("column", "operation", "own", "both"),
    [(6, 1, {"rotate": 10}, {"rotate": 70}),
     # Two shears of 16.7° more are as many as don't fold the picture.
     (8, 2, {"shear": 30}, {"shear": 40})],
)  # fmt: skip
def test_rand_augments_geometry_joins_the_one_warp(
    column, operation, own, both
):
    policy, alone = Policy(**own, ops=2, magnitude=10), Policy(**both)
    numbers = np.full((1, policy.width), 0.5)
    numbers[0, column] = 1
    # The same of 14 operations twice, in the same direction.
    numbers[0, -4:] = [(operation + 0.5) / 14] * 2 + [0.9] * 2
    wanted = np.full((1, alone.width), 0.5)
    wanted[0, column] = 1
    pictures = smooth(1, 20, 20, 1)
    np.testing.assert_array_equal(
        call(policy, pictures, numbers), call(alone, pictures, wanted)
    )


def test_pca_needs_the_training_set():
    policy = Policy(pca=0.1)
    pictures, numbers = smooth(1, 4, 4, 3), np.full((1, policy.width), 0.9)
    with pytest.raises(ValueError, match="`pca`.*`fitted`"):
        call(policy, pictures, numbers)
    fitted = policy.fitted(np.diag([400.0, 900.0, 1600.0]))
    found = call(fitted, pictures, numbers).astype(int) - pictures
    away = 0.1 * 1.2816 * np.array([20, 30, 40])
    inside = (pictures > 10) & (pictures < 245)
    away = np.broadcast_to(away, found.shape)
    np.testing.assert_allclose(np.abs(found)[inside], away[inside], atol=0.6)


def test_windows_are_cut_from_the_canvas():
    policy = Policy(crop=0.25)
    picture = np.arange(24, dtype=np.uint8)[None, None, :, None] * 10
    pictures = np.broadcast_to(picture, (1, 24, 24, 1)).copy()
    numbers = np.full((1, policy.width), 0.5)
    numbers[0, 4] = 0  # The least area: a window of half the side.
    found = call(policy, pictures, numbers, (12, 12))
    np.testing.assert_array_equal(found, pictures[:, 6:18, 6:18])


def test_a_canvas_alone_is_cut_at_random():
    policy = Policy(canvas=1.5)
    picture = np.arange(24, dtype=np.uint8)[None, None, :, None] * 10
    pictures = np.broadcast_to(picture, (1, 24, 24, 1)).copy()
    numbers = np.zeros((1, policy.width))
    found = call(policy, pictures, numbers, (16, 16))
    np.testing.assert_array_equal(found, pictures[:, :16, :16])
