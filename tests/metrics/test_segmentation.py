"""IoU, Dice and accuracy against a loop and Keras' own metrics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.metrics import (
    SegmentationMetrics,
    segmentation_confusion,
    segmentation_report,
)

CLASSES = 4


def examples(count=7, shape=(6, 5), absent=True):
    """Return labels and logits; the last class is nowhere if `absent`."""
    rng = np.random.default_rng(0)
    top = CLASSES - absent
    labels = rng.integers(-1, top, (count, *shape))
    labels[1] = np.minimum(labels[1], 0)
    labels[2] = -1
    logits = rng.normal(0, 1, (count, *shape, CLASSES))
    logits += 1.5 * np.eye(CLASSES)[labels]
    logits[..., top:] = -50
    return labels, logits.astype("float32")


def loop(labels, answers):
    """Return what the metric is to say, pixel by pixel."""

    def rates(pairs):
        ious, dice = {}, {}
        for c in range(CLASSES):
            true = {i for i, (y, _) in enumerate(pairs) if y == c}
            answered = {i for i, (_, a) in enumerate(pairs) if a == c}
            if true | answered:
                common = len(true & answered)
                ious[c] = common / len(true | answered)
                dice[c] = 2 * common / (len(true) + len(answered))
        return ious, dice

    pictures = [
        [(y, a) for y, a in zip(p.flat, q.flat, strict=True) if y != -1]
        for p, q in zip(labels, answers, strict=True)
    ]
    pooled = [pair for picture in pictures for pair in picture]
    ious, dice = rates(pooled)
    each = [rates(p)[0] for p in pictures if p]
    return {
        "pixel_accuracy": np.mean([y == a for y, a in pooled]),
        "mean_iou": np.mean(list(ious.values())),
        "mean_dice": np.mean(list(dice.values())),
        "iou_min": min(ious.values()),
        "picture_iou": np.mean([np.mean(list(i.values())) for i in each]),
    }, (ious, dice)


def values(metric):
    return {name: float(x) for name, x in metric.result().items()}


@pytest.mark.parametrize("absent", [False, True])
def test_against_a_loop(absent):
    labels, logits = examples(absent=absent)
    metric = SegmentationMetrics(CLASSES)
    for part in np.array_split(np.arange(len(labels)), 3):
        metric.update_state(labels[part], logits[part])
    want, (ious, dice) = loop(labels, logits.argmax(-1))
    assert values(metric) == pytest.approx(want, abs=1e-9)
    assert len(ious) == CLASSES - absent
    # Host and device say the same.
    confusions = segmentation_confusion(labels, logits.argmax(-1), CLASSES)
    np.testing.assert_array_equal(confusions.sum(0), metric.confusion)
    report = segmentation_report(confusions)
    assert {n: report[n] for n in want} == pytest.approx(want)
    assert report["absent"] == [CLASSES - 1] * absent
    for c, row in enumerate(report["classes"]):
        assert (row["iou"], row["dice"]) == (
            pytest.approx(ious.get(c)),
            pytest.approx(dice.get(c)),
        )
    assert report["picture_ious"][2] is None
    pooled = segmentation_report(metric.confusion)
    assert pooled["picture_iou"] is None
    assert pooled["mean_iou"] == pytest.approx(want["mean_iou"])


def test_equals_keras():
    labels, logits = examples()
    metric = SegmentationMetrics(CLASSES)
    theirs = [
        keras.metrics.MeanIoU(
            CLASSES, ignore_class=-1, sparse_y_pred=False, dtype="float64"
        ),
        keras.metrics.OneHotMeanIoU(CLASSES),
    ]
    for y, z in zip(labels, logits, strict=True):
        metric.update_state(y[None], z[None])
        theirs[0].update_state(y[None], z[None])
        known = y != -1
        theirs[1].update_state(np.eye(CLASSES)[y[known]], z[known])
    for other in theirs:
        want = float(other.result())
        assert values(metric)["mean_iou"] == pytest.approx(want, abs=1e-6)


def test_pooled_and_pictures_mean_are_two_things():
    """A large picture all right, and a small one all wrong."""
    large, small = np.zeros((10, 10), int), np.ones((1, 2), int)
    confusions = segmentation_confusion(
        [large, small], [large, np.zeros_like(small)], 2
    )
    report = segmentation_report(confusions)
    assert report["mean_iou"] == pytest.approx((100 / 102 + 0) / 2)
    assert report["picture_iou"] == 0.5
    assert report["pixel_accuracy"] == pytest.approx(100 / 102)
    assert report["picture_ious"] == [1.0, 0.0]


def test_counts_beyond_what_float32_counts():
    metric = SegmentationMetrics(2)
    metric.confusion.assign(np.diag([2.0**24, 0.0, 0.0]))
    one = np.array([[[[1.0, 0.0]]]])
    for _ in range(3):
        metric.update_state(np.zeros((1, 1, 1), int), one)
    metric.update_state(np.ones((1, 1, 1), int), one)
    assert float(metric.confusion[0, 0]) == 2**24 + 3
    assert values(metric)["pixel_accuracy"] == (2**24 + 3) / (2**24 + 4)


def test_states_of_replicas_add_up():
    labels, logits = examples()
    everything, *parts = (SegmentationMetrics(CLASSES) for _ in range(3))
    everything.update_state(labels, logits)
    parts[0].update_state(labels[:3], logits[:3])
    parts[1].update_state(labels[3:], logits[3:])
    for variable, *others in zip(
        everything.variables, *(p.variables for p in parts), strict=True
    ):
        total = sum(np.array(other) for other in others)
        np.testing.assert_allclose(total, variable, rtol=1e-12)


def test_in_a_graph_of_any_size():
    labels, logits = examples()
    metric = SegmentationMetrics(CLASSES)
    open_sizes = [
        tf.TensorSpec([None] * 3, tf.int64),
        tf.TensorSpec([None, None, None, CLASSES], tf.float32),
    ]
    step = tf.function(metric.update_state, input_signature=open_sizes)
    step(labels[:4], logits[:4])
    step(labels[4:, :0], logits[4:, :0])
    step(labels[4:], logits[4:])
    want, _ = loop(labels, logits.argmax(-1))
    assert values(metric) == pytest.approx(want, abs=1e-9)
    metric.reset_state()
    assert set(values(metric).values()) == {0.0}


def test_what_is_no_class_is_wrong_and_what_is_ignored_is_not():
    metric = SegmentationMetrics(2)
    labels = np.array([[[0, 0, 7, -1]]])
    logits = np.array([[[[1, 0], [np.nan, 0], [1, 0], [np.nan, 0]]]])
    metric.update_state(labels, logits)
    assert values(metric)["pixel_accuracy"] == pytest.approx(1 / 3)
    # 1 of 2 true pixels and one of no class.
    assert values(metric)["mean_iou"] == pytest.approx(1 / 3)
    assert np.array(metric.confusion).tolist() == [
        *([1, 0, 1], [0, 0, 0], [1, 0, 0]),
    ]
    other = SegmentationMetrics(2, ignore=7)
    other.update_state(labels[..., :3, None].astype("uint8"), logits[:, :, :3])
    assert values(other)["pixel_accuracy"] == 0.5


def test_nothing_that_counts():
    metric = SegmentationMetrics(2)
    metric.update_state(np.full((2, 3, 4), -1), np.zeros((2, 3, 4, 2)))
    assert set(values(metric).values()) == {0.0}
    confusions = segmentation_confusion([np.full((3, 4), -1)] * 2,
                                        [np.zeros((3, 4))] * 2, 2)  # fmt: skip
    report = segmentation_report(confusions)
    names = ("pixel_accuracy", "mean_iou", "mean_dice", "iou_min")
    assert [report[n] for n in (*names, "picture_iou")] == [None] * 5
    assert report["picture_ious"] == [None] * 2 and report["absent"] == [0, 1]
    assert segmentation_report(confusions[:0])["mean_iou"] is None


def test_reloads_under_another_name():
    metric = SegmentationMetrics(3, ignore=255, name="top")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert again.get_config() == metric.get_config()
    assert set(again.result()) == {
        *("top_pixel_accuracy", "top_mean_iou", "top_mean_dice"),
        *("top_iou_min", "top_picture_iou"),
    }


@pytest.mark.parametrize(
    ("labels", "logits", "weights", "message"),
    [
        ((2, 3, 4), (2, 3, 4, 2), [1, 1], "`sample_weight` must be None"),
        ((2, 3, 4), (2, 3, 4, 3), None, "`y_pred` must be .*, 2[)]"),
        ((2, 3, 4), (2, 3, 4), None, "`y_pred` must be"),
        ((2, 3, 3), (2, 3, 4, 2), None, "`y_true` must have the shape"),
        ((2, 3, 4, 2), (2, 3, 4, 2), None, "`y_true` must have the shape"),
    ],
)
def test_refusals(labels, logits, weights, message):
    metric = SegmentationMetrics(2)
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        metric.update_state(np.zeros(labels), np.zeros(logits), weights)


def test_refusals_of_counts():
    with pytest.raises(ValueError, match="`classes` must be at least 2"):
        SegmentationMetrics(1)
    picture = np.zeros((2, 3))
    with pytest.raises(ValueError, match="`answers` must be of the 2 pict"):
        segmentation_confusion([picture] * 2, [picture], 2)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) of picture 1"):
        segmentation_confusion([picture] * 2, [picture, picture.T], 2)
