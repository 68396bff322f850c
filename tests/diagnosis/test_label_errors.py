"""Labels that are probably wrong, by hand and on injected noise."""

import numpy as np
import pytest
from cleanlab import count

from kerasnotes.diagnosis import label_errors


def injected(seed, classes=5, size=600, sharpness=6.0):
    """Return noisy labels, probabilities, and which labels are flipped."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, size)
    logits = rng.normal(size=[size, classes])
    logits[np.arange(size), true] += sharpness
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flipped = rng.random(size) < 0.08
    labels = (true + flipped * rng.integers(1, classes, size)) % classes
    return labels, shares, flipped


@pytest.mark.parametrize("seed", range(5))
def test_injected_noise_is_named_first(seed):
    labels, shares, flipped = injected(seed)
    wrong = label_errors.wrong(labels, shares)
    assert (wrong & flipped).sum() > 0.9 * wrong.sum()
    assert wrong.mean() == pytest.approx(flipped.mean(), abs=0.01)
    quality = label_errors.quality(labels, shares)
    rows = np.arange(len(labels))
    suggested = label_errors.suggested(labels, shares)
    assert (suggested != labels).all()
    margin = shares[rows, labels] - shares[rows, suggested]
    np.testing.assert_allclose(quality, (margin + 1) / 2, atol=1e-9)
    first = np.argsort(quality)[: flipped.sum()]
    assert flipped[first].mean() > 0.9


def test_a_class_without_labels_is_never_confident():
    labels, shares, flipped = injected(0)
    labels = np.where(labels == 2, 1, labels)
    joint = count.compute_confident_joint(labels, shares, calibrate=False)
    # cleanlab counts one example more for the class itself.
    np.testing.assert_array_equal(joint[:, 2], [0, 0, 1, 0, 0])
    # What was labelled 2, and is of it, names no other class with confidence.
    assert label_errors.wrong(labels, shares).sum() <= flipped.sum()


def test_of_several_confident_classes_the_likeliest_of_them():
    # Class 0 is the likeliest, but less so than is usual there.
    shares = np.array(
        [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.4, 0.35, 0.25]]
        + [[0.5, 0.3, 0.2], [0.5, 0.2, 0.3]]
    )
    labels = np.array([0, 0, 0, 1, 2])
    np.testing.assert_allclose(
        count.get_confident_thresholds(labels, shares), [2.2 / 3, 0.3, 0.3]
    )
    joint = count.compute_confident_joint(labels, shares, calibrate=False)
    np.testing.assert_array_equal(joint, [[2, 1, 0], [0, 1, 0], [0, 0, 1]])
    # Off the diagonal, but what the model says is the label.
    assert not label_errors.wrong(labels, shares).any()


def test_float32_and_lists_give_the_same():
    labels, shares, _ = injected(1)
    shares = shares.astype(np.float32)
    np.testing.assert_array_equal(
        label_errors.wrong(labels, shares),
        label_errors.wrong(labels.tolist(), shares.tolist()),
    )
    np.testing.assert_array_equal(
        label_errors.quality(labels, shares),
        label_errors.quality(labels.tolist(), shares.tolist()),
    )


def test_equal_probabilities_are_confident_of_their_class():
    # Rounding may lift the mean of the first three above each of them.
    shares = np.tile([0.1, 0.9], [4, 1])
    joint = count.compute_confident_joint([1, 1, 1, 0], shares, calibrate=False)
    np.testing.assert_array_equal(joint[1], [0, 3])
    wrong = label_errors.wrong([1, 1, 1, 0], shares)
    np.testing.assert_array_equal(wrong, [False, False, False, True])


@pytest.mark.parametrize(
    ("labels", "shares"),
    [
        ([0, 1], [[1.0, 0.0]]),
        ([0], [1.0, 0.0]),
        ([2], [[1.0, 0.0]]),
        ([-1], [[1.0, 0.0]]),
    ],
)
def test_refuses_what_does_not_fit(labels, shares):
    for function in (label_errors.wrong, label_errors.quality):
        with pytest.raises(ValueError):
            function(labels, shares)
