"""Confident learning against cleanlab, and by hand."""

import numpy as np
import pytest
from cleanlab import count, filter, rank

from kerasnotes.diagnosis import label_errors


def injected(seed, classes=5, size=600, sharpness=6.0):
    """Returns noisy labels, probabilities, and which labels are flipped."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, size)
    logits = rng.normal(size=[size, classes])
    logits[np.arange(size), true] += sharpness
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flipped = rng.random(size) < 0.08
    labels = (true + flipped * rng.integers(1, classes, size)) % classes
    return labels, shares, flipped


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_cleanlab_on_injected_noise(seed):
    labels, shares, flipped = injected(seed)
    np.testing.assert_allclose(
        label_errors.thresholds(labels, shares),
        count.get_confident_thresholds(labels, shares),
        atol=1e-9,
    )
    np.testing.assert_array_equal(
        label_errors.confident_joint(labels, shares),
        count.compute_confident_joint(labels, shares, calibrate=False),
    )
    wrong = label_errors.wrong(labels, shares)
    np.testing.assert_array_equal(
        wrong,
        filter.find_label_issues(
            labels, shares, filter_by="confident_learning"
        ),
    )
    np.testing.assert_allclose(
        label_errors.quality(labels, shares),
        rank.get_label_quality_scores(
            labels, shares, method="normalized_margin"
        ),
        atol=1e-9,
    )
    # cleanlab rounds its calibrated counts to whole examples.
    joint = count.estimate_joint(labels, shares)
    noise = label_errors.noise(labels, shares)
    assert noise == pytest.approx(1 - np.trace(joint), abs=5 / len(labels))
    assert noise == pytest.approx(flipped.mean(), abs=0.01)
    assert (wrong & flipped).sum() > 0.9 * wrong.sum()


def test_a_class_without_labels_is_never_confident():
    labels, shares, _ = injected(0)
    labels = np.where(labels == 2, 1, labels)
    assert label_errors.thresholds(labels, shares)[2] == np.inf
    joint = label_errors.confident_joint(labels, shares)
    np.testing.assert_array_equal(joint[:, 2], 0)
    assert 0 < label_errors.noise(labels, shares) < 1


def test_of_several_confident_classes_the_likeliest_of_them():
    # Class 0 is the likeliest, but less so than is usual there.
    shares = np.array(
        [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.4, 0.35, 0.25]]
        + [[0.5, 0.3, 0.2], [0.5, 0.2, 0.3]]
    )
    labels = np.array([0, 0, 0, 1, 2])
    np.testing.assert_allclose(
        label_errors.thresholds(labels, shares), [2.2 / 3, 0.3, 0.3]
    )
    guess = label_errors.confident_classes(labels, shares)
    np.testing.assert_array_equal(guess, [0, 0, 1, 1, 2])
    # Off the diagonal, but what the model says is the label.
    assert not label_errors.wrong(labels, shares).any()


def test_float32_and_lists_give_the_same():
    labels, shares, _ = injected(1)
    shares = shares.astype(np.float32)
    np.testing.assert_array_equal(
        label_errors.wrong(labels, shares),
        label_errors.wrong(labels.tolist(), shares.tolist()),
    )


def test_equal_probabilities_are_confident_of_their_class():
    shares = np.tile([0.1, 0.9], [3, 1])
    guess = label_errors.confident_classes([1, 1, 1], shares)
    np.testing.assert_array_equal(guess, 1)


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
    with pytest.raises(ValueError, match="Received: "):
        label_errors.quality(labels, shares)
