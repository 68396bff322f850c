import numpy as np
import pytest
import scipy.stats
import sklearn.calibration
import sklearn.metrics
from scipy.special import softmax

from kerasnotes.diagnosis import calibration, label_errors


def data(classes, size=2000, seed=0, over=1.0):
    """Logits `over` times those that the labels are drawn from."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=[size, classes])
    noise = rng.gumbel(size=logits.shape)
    return over * logits, (logits + noise).argmax(-1)


@pytest.mark.parametrize("equal", ["mass", "width"])
@pytest.mark.parametrize("decimals", [1, 9])
def test_bins_are_scikit_learns(equal, decimals):
    logits, labels = data(2)
    sure, hits = calibration.confidences(logits, labels)
    sure = sure.round(decimals)
    strategy = {"mass": "quantile", "width": "uniform"}[equal]
    share, confidence = sklearn.calibration.calibration_curve(
        hits, sure, n_bins=10, strategy=strategy
    )
    found = calibration.bins(sure, hits, equal=equal)
    np.testing.assert_allclose(found.share, share)
    np.testing.assert_allclose(found.confidence, confidence)
    assert found.counts.sum() == 2000
    if equal == "mass" and decimals == 9:
        np.testing.assert_array_equal(found.counts, 200)


def test_calibration_error_by_its_definition():
    # 0.9 of 4 with 3 right, and 0.6 of 6 with 3 right.
    sure = [0.9] * 4 + [0.6] * 6
    hits = [1, 1, 1, 0] + [1, 1, 1, 0, 0, 0]
    found = calibration.bins(sure, hits, equal="width")
    assert found.error == pytest.approx(0.4 * 0.15 + 0.6 * 0.1)


def test_intervals_are_wilsons():
    found = calibration.bins([0.2] * 10 + [0.8] * 30, [0] * 10 + [1] * 30)
    wanted = [
        scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
        for k, n in ((0, 10), (30, 30))
    ]
    np.testing.assert_allclose(
        found.intervals().T, [list(w) for w in wanted], atol=1e-9
    )


@pytest.mark.parametrize("classes", [2, 5])
def test_loss_is_scikit_learns(classes):
    logits, labels = data(classes)
    wanted = sklearn.metrics.log_loss(labels, softmax(logits / 1.7, -1))
    assert calibration.log_loss(logits, labels, 1.7) == pytest.approx(wanted)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("over", [0.5, 1.0, 4.0])
def test_temperature_is_the_best_of_a_grid(classes, over):
    logits, labels = data(classes, over=over)
    found = calibration.temperature(logits, labels)
    grid = np.exp(np.linspace(-2, 3, 5001))
    losses = [
        sklearn.metrics.log_loss(
            labels[:300], softmax(logits[:300] / value, -1)
        )
        for value in grid[::50]
    ]
    few = calibration.temperature(logits[:300], labels[:300])
    assert few == pytest.approx(grid[::50][np.argmin(losses)], rel=0.05)
    # The labels were drawn from logits / over.
    assert found == pytest.approx(over, rel=0.15)


def test_temperature_fitted_on_dev_helps_on_test():
    logits, labels = data(10, size=4000, over=3.0)
    value = calibration.temperature(logits[:2000], labels[:2000])
    test = logits[2000:], labels[2000:]
    assert calibration.log_loss(*test, value) < calibration.log_loss(*test)
    before, after = (
        calibration.bins(*calibration.confidences(*test, t)).error
        for t in (1.0, value)
    )
    assert after < 0.05 < before


def test_no_mistake_tells_no_temperature():
    logits = np.eye(3)
    assert calibration.temperature(logits, [0, 1, 2]) == 1
    assert calibration.temperature(logits, [0, 1, 1]) != 1
    assert calibration.temperature(np.ones((2, 2)), [0, 1]) == 1


def test_confidences_of_two_and_of_more_classes():
    logits = np.log([[0.7, 0.3], [0.2, 0.8]])
    sure, hits = calibration.confidences(logits, [0, 1])
    np.testing.assert_allclose(sure, [0.3, 0.8])
    assert hits.tolist() == [False, True]
    logits = np.log([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    sure, hits = calibration.confidences(logits, [0, 1])
    np.testing.assert_allclose(sure, [0.7, 0.4])
    assert hits.tolist() == [True, False]


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_of_no_class_are_refused(label):
    logits = np.eye(3)
    for function in (
        calibration.temperature,
        calibration.log_loss,
        calibration.confidences,
        lambda logits, labels: label_errors.suggested(labels, logits),
    ):
        with pytest.raises(ValueError, match=f"`labels`.*Received: {label}"):
            function(logits, [0, label, 1])


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"`confidences`.*Received: .*\(0,\)"):
        calibration.bins([], [])
    with pytest.raises(ValueError, match="`equal`.*Received: 'size'"):
        calibration.bins([0.5], [1], equal="size")
