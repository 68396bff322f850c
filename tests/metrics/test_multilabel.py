import keras
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf

from kerasnotes.metrics import (
    MultilabelAccuracy,
    MultilabelMetrics,
    multilabel_report,
)

RATES = ("precision", "recall", "f1")
LABELS = 4


def data(size=83, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, (size, LABELS))
    logits = 2 * true - 1 + rng.normal(0, 1.5, true.shape)
    known = np.where(rng.random(true.shape) < 0.2, -1, true)
    return known.astype("int8"), logits.astype("float32")


def columns(y, given):
    """Yield truth and answer of each label, where it is known."""
    for j in range(y.shape[1]):
        known = y[:, j] >= 0
        yield y[known, j], given[known, j]


def oracle(y, given):
    rates = np.array(
        [
            sklearn.metrics.precision_recall_fscore_support(
                *pair, average="binary", zero_division=0
            )[:3]
            for pair in columns(y, given)
        ]
    )
    pairs = [np.concatenate(p) for p in zip(*columns(y, given), strict=True)]
    accuracy = sklearn.metrics.accuracy_score(*pairs)
    whole = (y >= 0).all(1)
    return {
        "accuracy": accuracy,
        "error": 1 - accuracy,
        # Of several labels, scikit-learn's accuracy is that of the subset.
        "exact_match": sklearn.metrics.accuracy_score(y[whole], given[whole]),
        **dict(zip(RATES, rates.mean(0), strict=True)),
        **{f"{n}_min": r.min() for n, r in zip(RATES, rates.T, strict=True)},
    }


def values(result):
    return {name: float(value) for name, value in result.items()}


@pytest.mark.parametrize("thresholds", [0.5, [0.2, 0.5, 0.7, 0.9]])
def test_equals_scikit_learn_over_partial_batches(thresholds):
    y, logits = data()
    metric = MultilabelMetrics(LABELS, thresholds)
    for start in range(0, len(y), 16):
        metric.update_state(y[start : start + 16], logits[start : start + 16])
    given = 1 / (1 + np.exp(-logits)) >= thresholds
    expected = oracle(y, given.astype(int))
    assert 0 < expected["exact_match"] < 1
    assert values(metric.result()) == pytest.approx(expected, abs=1e-12)
    metric.reset_state()
    assert set(values(metric.result()).values()) == {0.0}
    metric.update_state(y, logits)
    assert values(metric.result()) == pytest.approx(expected, abs=1e-12)


def test_what_is_unknown_does_not_count():
    y, logits = data()
    metric = MultilabelMetrics(LABELS)
    metric.update_state(y, logits)
    other = np.where(y < 0, -logits, logits)
    again = MultilabelMetrics(LABELS)
    again.update_state(y, other)
    assert values(metric.result()) == values(again.result())


def test_labels_that_no_example_has_are_in_no_mean():
    y = np.array([[1, 0, -1, 1], [0, 0, -1, 1]])
    logits = np.array([[9.0, -9, 9, 9], [-9, -9, 9, -9]])
    metric = MultilabelMetrics(LABELS)
    metric.update_state(y, logits)
    given = (logits[:, [0, 3]] > 0).astype(int)
    # Of the columns where something is yes, scikit-learn's mean.
    wanted = sklearn.metrics.f1_score(y[:, [0, 3]], given, average="macro")
    found = values(metric.result())
    assert found["f1"] == pytest.approx(wanted)
    assert found["recall_min"] == 0.5
    rows = multilabel_report(metric.counts)
    assert [row["recall"] for row in rows] == [1.0, None, None, 0.5]
    assert [row["error"] for row in rows] == [0.0, 0.0, None, 0.5]


def test_the_report_of_each_label():
    y, logits = data()
    metric = MultilabelMetrics(LABELS)
    metric.update_state(y, logits)
    report = multilabel_report(metric.counts)
    given = (logits >= 0).astype(int)
    for row, (true, answer) in zip(report, columns(y, given), strict=True):
        rates = sklearn.metrics.precision_recall_fscore_support(
            true, answer, average="binary"
        )[:3]
        assert [row[name] for name in RATES] == pytest.approx(list(rates))
        error = sklearn.metrics.zero_one_loss(true, answer)
        assert row["error"] == pytest.approx(error)
        assert (row["known"], row["yes"]) == (len(true), true.sum())


def test_logs_of_fit_and_evaluate_hold_every_entry():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(LABELS)])
    metric = MultilabelMetrics(LABELS)
    model.compile("sgd", "mse", metrics=[metric])
    y, _ = data(50)
    x = np.random.default_rng(1).normal(size=(50, 3))
    history = model.fit(
        x, y, batch_size=16, validation_data=(x, y), verbose=0
    ).history
    expected = oracle(y, (model.predict(x, verbose=0) >= 0).astype(int))
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert {n: found[n] for n in expected} == pytest.approx(expected, abs=1e-6)
    for name, value in expected.items():
        assert history[f"val_{name}"] == pytest.approx([value], abs=1e-6)
    # Thresholds chosen after compile hold without compiling again.
    metric.thresholds.assign([0.2, 0.5, 0.7, 0.9])
    chances = 1 / (1 + np.exp(-model.predict(x, verbose=0)))
    expected = oracle(y, (chances >= [0.2, 0.5, 0.7, 0.9]).astype(int))
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert {n: found[n] for n in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_under_mixed_precision_and_xla(jit_compile):
    metric = MultilabelMetrics(LABELS)
    y, logits = data()
    logits = logits.astype("float16")

    @tf.function(jit_compile=jit_compile)
    def update(labels, logits):
        metric.update_state(labels, logits)
        return metric.result()

    found = update(tf.constant(y), tf.constant(logits))
    expected = oracle(y, (logits >= 0).astype(int))
    assert values(found) == pytest.approx(expected)


def test_reloads():
    metric = MultilabelMetrics(2, [0.25, 0.75], name="scores")
    config = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(config)
    assert (again.labels, again.name) == (2, "scores")
    np.testing.assert_array_equal(again.thresholds, [0.25, 0.75])


@pytest.mark.parametrize(
    "thresholds", [0.5, [0.25, 0.75], np.array([0.25, 0.75])]
)
def test_a_compiled_model_reloads(thresholds, tmp_path):
    x = keras.Input([3])
    model = keras.Model(x, keras.layers.Dense(2)(x))
    metric = MultilabelAccuracy(thresholds)
    model.compile(loss="mse", weighted_metrics=[metric])
    rng = np.random.default_rng(0)
    data = rng.normal(size=(8, 3)), rng.integers(0, 2, (8, 2))
    expected = model.evaluate(*data, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.evaluate(*data, verbose=0) == pytest.approx(expected)


def test_a_batch_without_examples_changes_nothing():
    for metric in (MultilabelMetrics(2), MultilabelAccuracy()):
        metric.update_state([[1, 0]], [[1.0, 2.0]])
        before = keras.tree.map_structure(float, metric.result())
        metric.update_state(np.zeros((0, 2)), np.zeros((0, 2)))
        assert keras.tree.map_structure(float, metric.result()) == before


@pytest.mark.parametrize(
    "call", [([[1, 0, 1]], [[0.0, 1, 2]]), ([[1, 0]], [[0.0, 1]], [1])]
)
def test_errors_name_the_argument(call):
    with pytest.raises(ValueError, match="`y_pred`.*Received: y_pred.shape"):
        MultilabelMetrics(2).update_state(*call)


@pytest.mark.parametrize("thresholds", [0.5, [0.2, 0.4, 0.5, 0.9]])
def test_weighted_accuracy_is_scikit_learns(thresholds):
    y, logits = data()
    weights = np.random.default_rng(1).uniform(0, 3, len(y))
    metric = MultilabelAccuracy(thresholds)
    for rows in np.array_split(np.arange(len(y)), 3):
        metric.update_state(y[rows], logits[rows], weights[rows])
    known = y >= 0
    given = 1 / (1 + np.exp(-logits)) >= thresholds
    want = sklearn.metrics.accuracy_score(
        y[known],
        given[known],
        sample_weight=np.broadcast_to(weights[:, None], y.shape)[known],
    )
    np.testing.assert_allclose(float(metric.result()), want, rtol=1e-6)
    again = MultilabelAccuracy.from_config(metric.get_config())
    assert again.thresholds == thresholds
