import keras
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf

from kerasnotes.metrics import (
    ClassificationMetrics,
    MultilabelMetrics,
    classification_report,
)
from kerasnotes.metrics.classification import DecidedAccuracy, decide

AVERAGES = ("precision", "recall", "f1")


def one_hot(predicted, classes):
    return np.eye(classes, dtype="float32")[predicted]


def data(classes, size=97, seed=0):
    rng = np.random.default_rng(seed)
    actual = rng.integers(0, classes, size)
    guess = rng.integers(0, classes, size)
    predicted = np.where(rng.random(size) < 0.6, actual, guess)
    return actual, predicted, rng.random(size)


def oracle(actual, predicted, classes, weights=None):
    rates = sklearn.metrics.precision_recall_fscore_support(
        actual,
        predicted,
        labels=range(classes),
        sample_weight=weights,
        zero_division=0,
    )[:3]
    accuracy = sklearn.metrics.accuracy_score(
        actual, predicted, sample_weight=weights
    )
    found = {"accuracy": accuracy, "error": 1 - accuracy}
    for name, rate in zip(AVERAGES, rates, strict=True):
        found[name] = rate[1] if classes == 2 else rate.mean()
        found[f"{name}_min"] = rate.min()
    if classes == 2:
        matrix = sklearn.metrics.confusion_matrix(
            actual, predicted, sample_weight=weights, normalize="true"
        )
        found["false_alarms"] = matrix[0, 1]
    return found


def values(result):
    return {name: float(value) for name, value in result.items()}


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_scikit_learn_over_partial_batches(classes, weighted):
    actual, predicted, weights = data(classes)
    weights = weights if weighted else None
    metric = ClassificationMetrics(classes)
    for start in range(0, len(actual), 16):
        part = slice(start, start + 16)
        metric.update_state(
            actual[part],
            one_hot(predicted[part], classes),
            None if weights is None else weights[part],
        )
    expected = oracle(actual, predicted, classes, weights)
    assert values(metric.result()) == pytest.approx(expected, abs=1e-12)
    metric.reset_state()
    assert set(values(metric.result()).values()) == {0.0}


def test_the_courses_ten_pictures():
    # Five cats: three found; one of five others is taken for a cat.
    actual = [1] * 5 + [0] * 5
    predicted = [1, 1, 1, 0, 0] + [1, 0, 0, 0, 0]
    metric = ClassificationMetrics(2)
    metric.update_state(actual, one_hot(predicted, 2))
    found = values(metric.result())
    assert (found["precision"], found["recall"]) == (3 / 4, 3 / 5)
    assert found["accuracy"] == 7 / 10


@pytest.mark.parametrize(
    ("hits", "false_alarms", "misses", "percent"),
    [(171, 9, 19, (95, 90, 92.4)), (833, 17, 147, (98, 85, 91.0))],
)
def test_the_courses_f1(hits, false_alarms, misses, percent):
    report = classification_report([[1, false_alarms], [misses, hits]])
    cat = report["classes"][1]
    found = tuple(round(100 * cat[name], 1) for name in AVERAGES)
    assert found == percent


def test_weighted_error():
    weights = np.array([1, 1, 10, 1], "float32")
    metric = ClassificationMetrics(2)
    metric.update_state([0, 1, 0, 1], one_hot([0, 0, 1, 1], 2), weights)
    assert float(metric.result()["error"]) == 11 / 13


def two_class_logits(size=200):
    rng = np.random.default_rng(1)
    actual = rng.integers(0, 2, size)
    return actual, rng.normal(size=[size, 2]) + np.eye(2)[actual]


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.97])
@pytest.mark.parametrize("weighted", [False, True])
def test_threshold(threshold, weighted):
    actual, logits = two_class_logits()
    weights = np.arange(200.0) if weighted else None
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    predicted = probabilities[:, 1] >= threshold
    wanted = oracle(actual, predicted, 2, weights)
    metric = ClassificationMetrics(2, threshold)
    metric.update_state(actual, logits, weights)
    assert values(metric.result()) == pytest.approx(wanted, abs=1e-12)
    alone = DecidedAccuracy(2, threshold)
    alone.update_state(actual, logits, weights)
    assert float(alone.result()) == pytest.approx(wanted["accuracy"])


def test_a_threshold_next_to_1_still_tells_apart():
    # In float32 both probabilities are 1.
    logits = np.array([[0, 17.0], [0, 18.0]], "float32")
    assert np.asarray(decide(logits, 1 - 3e-8)).tolist() == [0, 1]


def test_false_alarms_without_negatives():
    metric = ClassificationMetrics(2)
    metric.update_state([1, 1], one_hot([0, 1], 2))
    assert float(metric.result()["false_alarms"]) == 0
    assert "false_alarms" not in ClassificationMetrics(3).result()


@pytest.mark.parametrize(
    ("actual", "predicted"),
    [
        ([0, 0, 1], [0, 0, 1]),  # all that there is is right
        ([0, 0, 1], [0, 3, 1]),  # taken for a class without examples
        ([0, 0, 1, 2], [0, 0, 1, 0]),  # a class never answered counts 0
        ([0, -1, 1, 4], [0, 2, 1, 0]),  # labels of no class
    ],
)
def test_means_are_over_the_classes_with_examples(actual, predicted):
    present = sorted({c for c in actual if 0 <= c < 4})
    rates = sklearn.metrics.precision_recall_fscore_support(
        actual, predicted, labels=present, zero_division=0
    )[:3]
    metric = ClassificationMetrics(4)
    metric.update_state(actual, one_hot(predicted, 4))
    found = values(metric.result())
    for name, rate in zip(AVERAGES, rates, strict=True):
        assert found[name] == pytest.approx(rate.mean())
        assert found[f"{name}_min"] == pytest.approx(rate.min())
    assert found["accuracy"] == np.equal(actual, predicted).mean()
    assert found["error"] == np.not_equal(actual, predicted).mean()


def test_two_classes_one_absent():
    metric = ClassificationMetrics(2)
    metric.update_state([0, 0, 0], one_hot([0, 0, 1], 2))
    found = values(metric.result())
    assert found["recall"] == 0.0  # of the positive class, without examples
    assert found["recall_min"] == pytest.approx(2 / 3)


def test_the_report_leaves_absent_classes_out():
    report = classification_report([[3, 0, 0], [0, 0, 0], [0, 1, 1]])
    absent = dict.fromkeys(AVERAGES) | {"support": 0.0}
    assert report["classes"][1] == absent
    wanted = sklearn.metrics.f1_score(
        [0, 0, 0, 2, 2], [0, 0, 0, 1, 2], labels=[0, 2], average="macro"
    )
    assert report["macro"]["f1"] == pytest.approx(wanted)


@pytest.mark.parametrize("kind", [ClassificationMetrics, MultilabelMetrics])
def test_two_outputs_stand_side_by_side(kind):
    x = keras.Input((4,))
    outputs = {n: keras.layers.Dense(3, name=n)(x) for n in ("one", "other")}
    model = keras.Model(x, outputs)
    model.compile(
        loss=dict.fromkeys(outputs, "mse"),
        metrics={"one": [kind(3)], "other": [kind(3, name="top")]},
    )
    y = np.eye(3)[[0, 1, 2, 0]]
    found = model.evaluate(
        np.ones((4, 4)), dict.fromkeys(outputs, y), verbose=0, return_dict=True
    )
    plain = set(kind(3).result())
    assert plain | {f"top_{name}" for name in plain} <= set(found)


@pytest.mark.parametrize("weighted", [False, True])
def test_report_equals_scikit_learn(weighted):
    actual, predicted, weights = data(5)
    weights = weights if weighted else None
    expected = sklearn.metrics.classification_report(
        actual, predicted, sample_weight=weights, output_dict=True
    )
    report = classification_report(
        sklearn.metrics.confusion_matrix(
            actual, predicted, sample_weight=weights
        )
    )
    rows = {str(i): row for i, row in enumerate(report["classes"])}
    rows |= {f"{n} avg": report[n] for n in ("macro", "weighted")}
    for name, row in rows.items():
        wanted = dict(expected[name])
        wanted["f1"] = wanted.pop("f1-score")
        assert row == pytest.approx(wanted)
    assert report["accuracy"] == pytest.approx(expected["accuracy"])


def test_report_of_nothing_is_zero():
    report = classification_report(np.zeros((2, 2), int))
    assert report["accuracy"] == report["weighted"]["f1"] == 0.0


def test_logs_of_fit_and_evaluate_hold_every_entry():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(
        "sgd",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[ClassificationMetrics(3)],
    )
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.integers(0, 3, 50)
    history = model.fit(
        x, y, batch_size=16, validation_data=(x, y), verbose=0
    ).history
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    expected = oracle(y, model.predict(x, verbose=0).argmax(-1), 3)
    assert set(expected) | {"loss"} == set(found)
    assert {n: found[n] for n in expected} == pytest.approx(expected, abs=1e-6)
    for name, value in expected.items():
        assert history[f"val_{name}"] == pytest.approx([value], abs=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_under_mixed_precision_and_xla(jit_compile):
    metric = ClassificationMetrics(3)
    actual, predicted, _ = data(3)

    @tf.function(jit_compile=jit_compile)
    def update(labels, logits):
        metric.update_state(labels, logits)
        return metric.result()

    logits = tf.cast(one_hot(predicted, 3), "float16")
    found = update(tf.constant(actual[:, None], "uint8"), logits)
    assert values(found) == pytest.approx(oracle(actual, predicted, 3))


def test_counts_beyond_float32():
    metric = ClassificationMetrics(2)
    metric.confusion.assign([[2.0**24, 0], [0, 0]])
    metric.update_state([0], one_hot([0], 2))
    assert metric.confusion.numpy()[0, 0] == 2**24 + 1


def test_steps_of_sequences():
    metric = ClassificationMetrics(3)
    actual, predicted, weights = (a.reshape(2, 4) for a in data(3, 8))
    metric.update_state(actual, one_hot(predicted, 3), weights)
    assert values(metric.result()) == pytest.approx(
        oracle(actual.ravel(), predicted.ravel(), 3, weights.ravel())
    )


def test_reloads():
    metric = ClassificationMetrics(4, name="scores")
    config = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(config)
    assert (again.classes, again.name) == (4, "scores")
    metric = DecidedAccuracy(2, threshold=0.25)
    config = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is DecidedAccuracy and again.threshold == 0.25


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="`classes`.*Received: classes=1"):
        ClassificationMetrics(1)
    for classes, threshold in ((2, 0), (2, 1.0), (3, 0.5)):
        with pytest.raises(ValueError, match="`threshold`.*Received: "):
            ClassificationMetrics(classes, threshold)
    with pytest.raises(ValueError, match=r"`y_pred`.*Received: .*\(2, 1\)"):
        ClassificationMetrics(2).update_state([0, 1], [[0.5], [0.5]])


def test_of_a_distribution_the_largest_share_counts():
    actual, predicted, weights = data(3, 8)
    one, other = ClassificationMetrics(3), ClassificationMetrics(3)
    one.update_state(actual, one_hot(predicted, 3), weights)
    shares = 0.6 * one_hot(actual, 3) + 0.4 * one_hot((actual + 1) % 3, 3)
    other.update_state(shares, one_hot(predicted, 3), weights)
    assert values(one.result()) == values(other.result())
