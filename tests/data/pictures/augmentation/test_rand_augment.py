"""RandAugment: what is drawn, and what tones do, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import rand_augment as lib

RNG = np.random.default_rng(0)


def drawn(rand, name, sign=1.0, count=1):
    place = (lib.OPERATIONS.index(name) + 0.5) / len(lib.OPERATIONS)
    numbers = [[place] * rand.ops + [0.9 if sign > 0 else 0.1] * rand.ops]
    return rand.draw(tf.constant(numbers * count, tf.float32))


def test_each_operation_comes_as_often_as_any_other():
    rand = lib.RandAugment(2, 9.0)
    numbers = tf.constant(RNG.uniform(size=(7000, rand.width)), tf.float32)
    found = rand.draw(numbers)
    counts = np.bincount(np.ravel(found.which), minlength=14)
    assert len(counts) == 14 and abs(counts - 1000).max() < 130
    turned = found.levels["rotate"].numpy()
    assert set(np.unique(turned)) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    np.testing.assert_allclose(turned.mean(), 0, atol=0.02)


def test_factors_are_pillows_ranges():
    rand = lib.RandAugment(1, 10.0)
    for sign, factor in ((1, 1.9), (-1, 0.1)):
        found = drawn(rand, "contrast", sign).factors
        assert {k: round(float(v[0]), 4) for k, v in found.items()} == {
            "brightness": 1.0, "contrast": factor, "saturation": 1.0,
        }  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
def test_tones(channels):
    images = RNG.integers(40, 180, (2, 128, 128, channels)).astype(np.uint8)
    rand = lib.RandAugment(1, 5.0)

    def tones(name, sign=1.0):
        found = drawn(rand, name, sign, 2)
        return rand.tones(tf.constant(images), found).numpy()

    np.testing.assert_array_equal(tones("rotate"), images)
    np.testing.assert_array_equal(tones("posterize"), images & 0b11111100)
    np.testing.assert_array_equal(
        tones("solarize"), np.where(images < 128, images, 255 - images)
    )
    wide = tones("autocontrast")
    assert (wide.min((1, 2)) == 0).all() and (wide.max((1, 2)) == 255).all()
    flat = np.sort(tones("equalize").reshape(2, -1, channels), 1) / 255
    assert abs(flat - np.linspace(0, 1, 128**2)[:, None]).max() < 0.05
    rough, blurred = (
        tones("sharpness", sign).astype(float) for sign in (1, -1)
    )
    assert rough.std() > images.std() > blurred.std()


def test_operations_follow_each_other():
    rand = lib.RandAugment(2, 5.0)
    images = RNG.integers(0, 256, (1, 4, 4, 1)).astype(np.uint8)
    found = drawn(rand, "solarize")
    # Inverted above 128, what lies below stays, also the second time.
    np.testing.assert_array_equal(
        rand.tones(tf.constant(images), found),
        np.where(images < 128, images, 255 - images),
    )
