import cv2
import numpy as np
from matplotlib import colors

from kerasnotes.data.pictures.proposals import colours

RGB = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
RGB[0, :5] = [[0, 0, 0], [255, 255, 255], [9, 9, 9], [255, 0, 1], [4, 4, 9]]


def test_hsv_is_matplotlibs():
    expected = colors.rgb_to_hsv(RGB / 255) * 255
    np.testing.assert_allclose(colours.hsv(RGB), expected, atol=1e-9)


def test_lab_has_the_primaries_of_srgb():
    """Those of Lindbloom's calculator, D65."""
    light, a, b = np.moveaxis(colours.lab(255 * np.eye(3)[None])[0], -1, 0)
    np.testing.assert_allclose(
        light / 2.55, [53.241, 87.735, 32.297], atol=0.01
    )
    np.testing.assert_allclose(a - 128, [80.092, -86.183, 79.188], atol=0.02)
    np.testing.assert_allclose(b - 128, [67.203, 83.179, -107.860], atol=0.02)


def test_lab_is_opencvs():
    light, a, b = np.moveaxis(
        cv2.cvtColor(np.float32(RGB / 255), cv2.COLOR_RGB2Lab), -1, 0
    )
    expected = np.stack([light * 2.55, a + 128, b + 128], -1)
    # OpenCV looks cube roots up, of few steps.
    np.testing.assert_allclose(colours.lab(RGB), expected, atol=0.6)
    assert colours.lab(RGB).min() >= 0
    assert colours.lab(RGB).max() <= 255.0001
