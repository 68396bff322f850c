"""Cutout, mixup and CutMix, against SciPy and NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kerasnotes.data.pictures.augmentation import blending, mixing
from kerasnotes.losses import Crossentropy

RNG = np.random.default_rng(0)


def uniform(*shape):
    return tf.constant(RNG.uniform(size=shape), tf.float32)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_of_the_beta_distribution(alpha):
    numbers = uniform(2000)
    wanted = stats.beta(alpha, alpha).ppf(numbers)
    away = abs(blending.beta(alpha, numbers).numpy() - wanted)
    # Only what is rarer than a knot is coarse.
    assert away.max() < 0.05 and away.mean() < 1e-4


def test_cutout_hides_a_square():
    images = RNG.integers(0, 256, (3, 8, 8, 2)).astype(np.uint8)
    numbers = tf.constant([[0.5, 0.5], [0.0, 0.0], [0.5, 1.0]])
    found = blending.cutout(tf.constant(images), 0.5, numbers).numpy()
    squares = (slice(2, 6), slice(2, 6)), (slice(0, 2),) * 2, (
        slice(2, 6), slice(6, 8),
    )  # fmt: skip
    for image, cut, square in zip(images, found, squares, strict=True):
        wanted = image.copy()
        wanted[square] = np.rint(image.mean((0, 1)))
        np.testing.assert_array_equal(cut, wanted)


def test_boxes_at_half_pixels_are_of_one_size():
    centres = (np.arange(2, 7) + 0.0)[:, None] / 9 * np.ones(2)
    centres = tf.constant(centres, tf.float32)
    inside = blending.boxes(centres, tf.fill([5], 3 / 9), 9, 9).numpy()
    assert inside.sum((1, 2, 3)).tolist() == [9] * 5


def test_boxes_of_cutmix_have_their_area():
    numbers = uniform(500, 4)
    kept = blending.draw_shares(numbers, 0.0, 1.0, 64, 48).numpy()
    assert set(np.unique(kept)) == {0.0, 1.0}
    inside = 1 - kept.mean((1, 2, 3))
    # Where the border cuts nothing off.
    sides = np.sqrt(1 - numbers[:, 0])
    edges = np.minimum(numbers[:, 1:3], 1 - numbers[:, 1:3]).min(1)
    whole = edges > sides / 2
    assert whole.sum() > 50 and (inside <= sides**2 + 0.03).all()
    np.testing.assert_allclose(inside[whole], sides[whole] ** 2, atol=0.03)


def test_both_share_the_batch():
    kept = blending.draw_shares(uniform(400, 4), 0.2, 1.0, 16, 16).numpy()
    even = kept.reshape(400, -1)
    mixed = (even == even[:, :1]).all(1) & (even[:, 0] < 1)
    assert 0.4 < mixed.mean() < 0.6
    assert even[mixed].min() >= 0.5


def test_the_loss_is_what_both_labels_make():
    labels = np.array([0, 2, 1, 2])
    weights = np.array([1, 3, 0.5, 0], np.float32)
    images = RNG.uniform(0, 255, (4, 4, 4, 1)).astype(np.float32)
    kept = blending.draw_shares(uniform(4, 4), 1.0, 1.0, 4, 4)
    x, y, w = blending.mix(
        images, tf.constant(labels), weights, kept, mixing.class_labels(3)
    )
    share = np.mean(kept, (1, 2, 3))
    np.testing.assert_allclose(
        x, kept * images + (1 - kept) * images[[1, 2, 3, 0]], rtol=1e-5
    )
    logits = RNG.normal(size=(4, 3)).astype(np.float32)
    loss = Crossentropy(reduction="none")
    own, next_one = loss(labels, logits), loss(labels[[1, 2, 3, 0]], logits)
    wanted = share * weights * own
    wanted += (1 - share) * weights[[1, 2, 3, 0]] * next_one
    np.testing.assert_allclose(w * loss(y, logits), wanted, rtol=1e-5)
