"""Colour maps, against TensorFlow's YIQ and NumPy's covariance."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import colour

RNG = np.random.default_rng(0)


def draws(count=7):
    return [
        tf.constant(RNG.uniform(low, high, count), tf.float32)
        for low, high in ((0.5, 1.5), (0.5, 1.5), (0, 2), (-90, 90))
    ]


def test_saturation_and_hue_turn_the_chroma():
    brightness, contrast, saturation, hue = draws()
    colours = RNG.uniform(0, 255, (7, 5, 3)).astype(np.float32)
    matrix, offset = colour.maps(brightness, contrast, saturation, hue, 3)
    found = np.einsum("bdc,bnc->bnd", matrix, colours) + offset[:, None]
    bright = colours * brightness.numpy()[:, None, None]
    bright = (bright - 127.5) * contrast.numpy()[:, None, None] + 127.5
    yiq = tf.image.rgb_to_yiq(bright).numpy()
    turned = yiq[..., 1] + 1j * yiq[..., 2]
    turned *= saturation.numpy()[:, None]
    turned *= np.exp(1j * np.radians(hue))[:, None]
    yiq = np.stack([yiq[..., 0], turned.real, turned.imag], -1)
    wanted = tf.image.yiq_to_rgb(yiq.astype(np.float32)).numpy()
    np.testing.assert_allclose(found, wanted, atol=0.2)


def test_grey_stays_grey():
    one = tf.ones([7])
    _, _, saturation, hue = draws()
    matrix, offset = colour.maps(one, one, saturation, hue, 3)
    np.testing.assert_allclose(np.sum(matrix, 2), 1, atol=1e-5)
    assert not offset.numpy().any()


def test_shifts_have_the_covariance_of_the_colours():
    pixels = RNG.normal(size=(500, 3)) @ RNG.normal(0, 30, (3, 3))
    covariance = np.cov(pixels.T)
    numbers = tf.constant(RNG.uniform(size=(200000, 3)), tf.float32)
    shifts = colour.pca_shift(numbers, covariance, 0.1)
    scale = np.sqrt(np.outer(*[np.diag(covariance)] * 2))
    np.testing.assert_allclose(
        np.cov(np.transpose(shifts)) / scale, 0.01 * covariance / scale,
        atol=2e-4,
    )  # fmt: skip
    assert np.isfinite(
        colour.pca_shift(tf.zeros([1, 3]), covariance, 0.1)
    ).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mixing", [False, True])
def test_bytes_are_mapped_and_cut_off(channels, mixing, monkeypatch):
    images = RNG.integers(0, 256, (6, 9, 8, channels)).astype(np.uint8)
    matrix = RNG.uniform(0.5, 1.5, (6, 1, 1)) * np.eye(channels)
    offset = np.repeat(RNG.uniform(-60, 60, (6, 1)), channels, 1)
    if mixing:
        matrix = matrix + RNG.uniform(-0.2, 0.2, matrix.shape)
        offset = offset + RNG.uniform(-9, 9, offset.shape)
    matrix, offset = matrix.astype(np.float32), offset.astype(np.float32)
    exact = np.einsum("bdc,bhwc->bhwd", matrix, images.astype(float))
    exact = np.clip(exact + offset[:, None, None], 0, 255)
    given = tf.constant(images), tf.constant(matrix), tf.constant(offset)
    for backend in (colour.cv2, None):
        monkeypatch.setattr(colour, "cv2", backend)
        mapped = tf.function(colour.apply)(*given).numpy()
        assert mapped.dtype == np.uint8 and mapped.shape == images.shape
        most = 1.01 if mixing and backend else 0.51
        np.testing.assert_allclose(mapped, exact, atol=most)
