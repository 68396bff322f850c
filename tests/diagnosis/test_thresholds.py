import numpy as np
import pytest
import sklearn.metrics

from kerasnotes import metrics
from kerasnotes.diagnosis import selection, thresholds

OBJECTIVES = [
    ("accuracy", None),
    ("error", None),
    ("f1", None),
    ("f1_min", None),
    ("f1 + 0.5*recall", None),
    ("precision", "recall>=0.9"),
    ("recall", "precision>=0.7"),
    ("recall", "false_alarms<=0.1"),
    ("false_alarms", "recall_min>=0.6"),
    ("f1", "recall>=0.9,precision>=0.99"),
    ("weighted_accuracy", "recall>=0.5"),
]


def data(size, seed, decimals=9):
    """Scores with ties, labels that they tell something of, weights."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=size).round(decimals)
    labels = (scores + rng.normal(size=size) > 0.5).astype(int)
    return scores, labels, rng.random(size)


def measured(scores, labels, weights, value):
    """The metrics at a threshold, from scikit-learn."""
    given = (scores >= value).astype(int)
    rates = sklearn.metrics.precision_recall_fscore_support(
        labels, given, labels=[0, 1], zero_division=0
    )[:3]
    found = {
        "accuracy": sklearn.metrics.accuracy_score(labels, given),
        "error": 1 - sklearn.metrics.accuracy_score(labels, given),
        "false_alarms": given[labels == 0].mean() if not labels.all() else 0.0,
        "weighted_accuracy": sklearn.metrics.accuracy_score(
            labels, given, sample_weight=weights
        ),
    }
    for name, rate in zip(("precision", "recall", "f1"), rates, strict=True):
        found |= {name: rate[1], f"{name}_min": rate.min()}
    return found


@pytest.mark.parametrize(("optimize", "satisfy"), OBJECTIVES)
@pytest.mark.parametrize("decimals", [1, 9])
def test_as_good_as_trying_every_threshold(optimize, satisfy, decimals):
    chooser = selection.Selection(optimize, satisfy)
    scores, labels, weights = data(60, 3, decimals)
    distinct = np.unique(scores)
    tried = [distinct[0] - 1, *(distinct + 1e-4), *distinct, distinct[-1] + 1]
    rows = [measured(scores, labels, weights, value) for value in tried]
    wanted = chooser.choose(rows)
    found = thresholds.best(scores, labels, chooser, weights)
    got = measured(scores, labels, weights, found.value)
    assert found.metrics == pytest.approx(got)
    assert chooser.value(got) == pytest.approx(chooser.value(wanted))
    kept = all(b.holds(wanted[b.name]) for b in chooser.bounds)
    assert found.satisfied == kept
    assert found.satisfied == (satisfy != "recall>=0.9,precision>=0.99")


def test_precision_and_recall_are_scikit_learns():
    scores, labels, _ = data(500, 0, 2)
    precision, recall, values = sklearn.metrics.precision_recall_curve(
        labels, scores
    )
    found = thresholds.cuts(scores, labels)
    np.testing.assert_allclose(found.metrics["precision"][:-1], precision[:-1])
    np.testing.assert_allclose(found.metrics["recall"], recall)
    np.testing.assert_array_equal(found.edges[1:-1], values)
    # Where nothing is positive, 0/0 is 0 here and 1 there.
    assert (found.metrics["precision"][-1], precision[-1]) == (0, 1)


def test_its_metrics_are_those_of_training():
    found = thresholds.cuts(*data(9, 0))
    names = set(metrics.ClassificationMetrics(2).result())
    assert set(found.metrics) == names | {"weighted_accuracy"}


def test_the_middle_of_the_widest_plateau():
    scores = np.array([0.0, 1.0, 2.0, 3.0, 7.0, 8.0])
    labels = np.array([0, 1, 0, 1, 0, 1])
    # Two errors from 0 to 1, 2 to 3 and 7 to 8.
    found = thresholds.best(scores, labels, selection.Selection("accuracy"))
    assert found.metrics["accuracy"] == 4 / 6
    assert (found.low, found.value, found.high) == (0.0, 0.5, 1.0)
    scores[3] = 4.5
    found = thresholds.best(scores, labels, selection.Selection("accuracy"))
    assert (found.low, found.value, found.high) == (2.0, 3.25, 4.5)


def test_neighbouring_cuts_are_one_plateau():
    found = thresholds.best(
        [1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], selection.Selection("recall")
    )
    # Any threshold finds both that is at most 3; none is above.
    assert (found.low, found.high) == (0.0, 3.0)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone(label):
    chooser = selection.Selection("accuracy")
    found = thresholds.best([0.2, 0.2, 0.9], [label] * 3, chooser)
    assert found.metrics["accuracy"] == 1
    assert (found.value <= 0.2) if label else (found.value > 0.9)


def test_of_one_class_alone_the_worst_is_that():
    found = thresholds.cuts([0.2, 0.9], [0, 0]).metrics
    assert found["recall_min"].tolist() == [0.0, 0.5, 1.0]
    found = thresholds.cuts([0.2, 0.9], [1, 1]).metrics
    assert found["recall_min"].tolist() == [1.0, 0.5, 0.0]


def test_labels_are_0_or_1():
    with pytest.raises(ValueError, match="`labels`.*Received: -1"):
        thresholds.cuts([0.2, 0.9], [0, -1])


def test_neighbouring_floats():
    low = 0.3
    high = np.nextafter(low, 1)
    chooser = selection.Selection("accuracy")
    found = thresholds.best([low, high], [0, 1], chooser)
    assert low < found.value <= high


def test_spread_holds_the_threshold_and_narrows():
    # The best cut of the population is at 0.5.
    chooser = selection.Selection("accuracy")
    spreads = []
    for size in (200, 20000):
        scores, labels, _ = data(size, 1)
        low, high = thresholds.spread(scores, labels, chooser, samples=50)
        assert low < 0.5 < high
        spreads.append(high - low)
    assert spreads[1] < 0.6 * spreads[0]


def test_spread_is_that_of_scores_drawn_anew():
    scores, labels, _ = data(80, 5)
    chooser = selection.Selection("f1")
    rng = np.random.default_rng(7)
    values = []
    for _ in range(20):
        drawn = rng.integers(80, size=80)
        values.append(
            thresholds.best(scores[drawn], labels[drawn], chooser).metrics["f1"]
        )
    rng = np.random.default_rng(7)
    rows = thresholds._Sorted(scores, labels, None)
    order = np.argsort(scores, kind="stable")
    for value in values:
        drawn = rng.integers(80, size=80)
        counts = np.bincount(drawn, minlength=80)[order]
        found = thresholds._best(rows.cuts(counts), chooser)
        assert found.metrics["f1"] == pytest.approx(value)


def test_errors_name_the_argument():
    chooser = selection.Selection("loss")
    with pytest.raises(ValueError, match="`objective`.*Received: loss"):
        thresholds.best([0.1], [1], chooser)
    with pytest.raises(ValueError, match=r"`scores`.*Received: shapes \(0,\)"):
        thresholds.cuts([], [])
    with pytest.raises(ValueError, match="`scores`.*Received: nan"):
        thresholds.cuts([0.1, np.nan], [0, 1])
