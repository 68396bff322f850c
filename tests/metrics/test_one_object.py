"""How often one object is found, against a loop."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import metrics
from kerasnotes.metrics import one_object

CLASSES, POINTS = 3, 2


def examples(count=200):
    """Return true vectors and answers, some of them near."""
    rng = np.random.default_rng(0)
    true = np.zeros((count, 5 + CLASSES + 2 * POINTS), "float32")
    answers = rng.normal(0, 2, true.shape).astype("float32")
    there = rng.random(count) < 0.7
    true[there, 0] = 1
    true[there, 1:5] = rng.uniform(0.2, 0.6, (there.sum(), 4))
    true[there, 5 + rng.integers(0, CLASSES, there.sum())] = 1
    points = rng.uniform(0, 1, (count, 2 * POINTS))
    points[rng.random(count) < 0.3, :2] = np.nan
    true[there, -4:] = points[there]
    answers[:, 1:5] = true[:, 1:5] + rng.normal(0, 0.05, (count, 4))
    answers[:, 3:5] = np.maximum(answers[:, 3:5], 0.01)
    answers[:, 5:8] += 4 * true[:, 5:8]
    return true, answers


def iou(one, other):
    """Return the IoU of two boxes of centre, height and width, cut to 1×1."""
    common, areas = 1, [1, 1]
    for centre, side in ((0, 3), (1, 2)):
        low = [max(b[centre] - b[side] / 2, 0) for b in (one, other)]
        high = [min(b[centre] + b[side] / 2, 1) for b in (one, other)]
        common *= max(min(high) - max(low), 0)
        areas = [a * (h - w) for a, h, w in zip(areas, high, low, strict=True)]
    return common / (sum(areas) - common)


def loop(true, answers, threshold=0.5, match=0.5):
    """Return what the metric is to say, picture by picture."""
    right, presence, shares, classes, distances = [], [], [], [], []
    for y, z in zip(true.astype(float), answers.astype(float), strict=True):
        present = y[0] == 1
        said = 1 / (1 + np.exp(-z[0])) > threshold
        presence.append(present == said)
        if not present:
            right.append(not said)
            continue
        shares.append(iou(y[1:5], z[1:5]))
        classes.append(np.argmax(y[5:8]) == np.argmax(z[5:8]))
        right.append(said and classes[-1] and shares[-1] >= match)
        for i in (8, 10):
            if not np.isnan(y[i]):
                distances.append(np.hypot(*(y[i : i + 2] - z[i : i + 2])))
    return {
        "error": 1 - np.mean(right),
        "presence_accuracy": np.mean(presence),
        "iou": np.mean(shares),
        "class_accuracy": np.mean(classes),
        "landmark_error": np.mean(distances),
    }


@pytest.mark.parametrize("threshold", [0.5, 0.9])
@pytest.mark.parametrize("match", [0.5, 0.75])
def test_against_a_loop(threshold, match):
    true, answers = examples()
    metric = metrics.LocalizationMetrics(CLASSES, POINTS, threshold, match)
    for part in np.array_split(np.arange(len(true)), 7):
        metric.update_state(true[part], answers[part])
    got = {name: float(value) for name, value in metric.result().items()}
    assert got == pytest.approx(loop(true, answers, threshold, match), abs=1e-6)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert again.get_config() == metric.get_config()


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_without_landmarks_in_a_graph(classes):
    true, answers = (y[:16, : 5 + classes] for y in examples())
    metric = metrics.LocalizationMetrics(classes)
    data = tf.data.Dataset.from_tensor_slices((true, answers)).batch(16)
    for pair in data:
        tf.function(metric.update_state)(*pair)
    got = {name: float(value) for name, value in metric.result().items()}
    want = loop(*(y[:16] for y in examples()))
    names = ("presence_accuracy", "iou", *["error"] * bool(classes))
    assert [got[n] for n in names] == pytest.approx([want[n] for n in names])


def test_no_object_no_class_and_no_answer():
    metric = metrics.LocalizationMetrics()
    metric.update_state(np.zeros((2, 5)), np.full((2, 5), -3.0))
    got = {name: float(value) for name, value in metric.result().items()}
    assert got == {"error": 0, "presence_accuracy": 1, "iou": 0}
    metric.reset_state()
    y = np.array([[1, 0.5, 0.5, 0.2, 0.2]])
    metric.update_state(y, np.full((1, 5), np.nan))
    assert float(metric.result()["error"]) == 1
    assert np.isnan(float(metric.result()["iou"]))


def test_what_it_refuses():
    y = np.zeros((1, 5))
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        metrics.LocalizationMetrics().update_state(y, y, [1.0])
    with pytest.raises(ValueError, match="`threshold` must lie between"):
        one_object.judge(y, y, threshold=1)
