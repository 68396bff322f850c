"""YOLO's loss against a plain loop, and where it must be finite or 0."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.losses import YoloLoss
from kerasnotes.ops import Grids, yolo_activate, yolo_decode, yolo_encode
from tests.support.detections import iou

GRIDS = Grids((64, 96), (16, 32), (((20, 20), (12, 30)), ((50, 40),)), 3)
KINDS = ["ciou", "giou", "squared"]


def data(seed=0, batch=6, n=5):
    """Return targets and outputs; the last picture has no object."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, 45, (batch, n, 2))
    boxes = np.concatenate([first, first + rng.uniform(8, 40, first.shape)], -1)
    labels = rng.integers(0, 3, (batch, n))
    labels[-1] = -1
    y, _ = yolo_encode(boxes, labels, GRIDS)
    z = rng.normal(0, 1, y.shape).astype("float32")
    return y.numpy(), z


def giou(a, b):
    areas = [np.prod(x[2:] - x[:2]) for x in (a, b)]
    share = iou(a, b)
    union = sum(areas) / (1 + share)
    hull = np.prod(np.maximum(a, b)[2:] - np.minimum(a, b)[:2])
    return share - (hull - union) / hull


def logistic(y, z):
    p = 1 / (1 + np.exp(-z.astype("float64")))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def equation(y, z, kind, ignore, weights, normalizer):
    """Return the loss of a picture, place by place."""
    w_o, w_n, w_b, w_c = weights
    answer = yolo_activate(z[None], GRIDS)
    values = answer.numpy()[0]
    boxes = yolo_decode(answer, GRIDS)[0].numpy()[0].astype("float64")
    truth = yolo_decode(y[None], GRIDS)[0].numpy()[0].astype("float64")
    objects = np.flatnonzero(y[:, 0])
    total, ignored = 0.0, 0
    for i in range(len(y)):
        if y[i, 0]:
            total += w_o * logistic(1, z[i, 0])
            total += w_c * logistic(y[i, 5:], z[i, 5:]).sum()
            if kind == "squared":
                box = ((values[i, 1:5] - y[i, 1:5]) ** 2).sum()
            else:
                box = 1 - giou(boxes[i], truth[i])
            total += w_b * box
        elif (
            max((iou(boxes[i], truth[j]) for j in objects), default=0) > ignore
        ):
            ignored += 1
        else:
            total += w_n * logistic(0, z[i, 0])
    return total / (normalizer or max(len(objects), 1)), ignored


@pytest.mark.parametrize("kind", ["giou", "squared"])
@pytest.mark.parametrize("ignore", [0.3, 1.0])
@pytest.mark.parametrize("normalizer", [None, 4.0])
def test_equals_the_equation(kind, ignore, normalizer):
    y, z = data()
    weights = (2.0, 0.5, 3.0, 4.0)
    loss = YoloLoss(
        *(GRIDS, kind, ignore, *weights, normalizer), reduction="none"
    )
    rows = [
        equation(*pair, kind, ignore, weights, normalizer)
        for pair in zip(y, z, strict=True)
    ]
    want, ignored = zip(*rows, strict=True)
    np.testing.assert_allclose(loss(y, z), want, rtol=1e-4)
    assert (sum(ignored) > 0) == (ignore < 1)
    mean = YoloLoss(GRIDS, kind, ignore, *weights, normalizer)(y, z)
    np.testing.assert_allclose(mean, np.mean(want), rtol=1e-4)


def value_and_gradient(loss, y, z):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(y, z)
    return value, tape.gradient(value, z)


def gradient(loss, y, z):
    return value_and_gradient(loss, y, tf.constant(z))[1].numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [None, np.nan, np.inf, -1e30])
def test_where_there_is_no_object_all_else_has_no_gradient(kind, answer):
    y, z = data()
    empty = y[..., 0] == 0
    if answer is not None:
        z[empty, 1:] = answer
    loss = YoloLoss(GRIDS, kind)
    assert np.isfinite(float(loss(y, z)))
    found = gradient(loss, y, z)
    assert (found[empty, 1:] == 0).all() and np.isfinite(found).all()
    # A box inside of the other may grow and leave GIoU as it is.
    assert (found[~empty] != 0).mean() > 0.8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [5, 2])
def test_few_objects_are_looked_at_alone_with_the_same_answer(kind, most):
    y, z = data()
    results = []
    for number in (GRIDS.size, most):
        loss = YoloLoss(
            GRIDS, kind, ignore_threshold=1, max_objects=number, reduction=None
        )
        step = tf.function(lambda z, loss=loss: value_and_gradient(loss, y, z))
        results.append([x.numpy() for x in step(tf.constant(z))])
    assert y[..., 0].sum(1).max() == 5
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-6)


def test_a_place_that_answers_well_is_ignored():
    y, z = data()
    z[..., 0] = 1
    everything = gradient(YoloLoss(GRIDS, ignore_threshold=1), y, z)[..., 0]
    found = gradient(YoloLoss(GRIDS, ignore_threshold=0.3), y, z)[..., 0]
    assert (everything != 0).all()
    ignored = found == 0
    assert ignored.any() and not (ignored & (y[..., 0] == 1)).any()
    np.testing.assert_array_equal(found[~ignored], everything[~ignored])


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_without_objects_and_hard_answers(kind):
    empty = np.zeros([2, GRIDS.size, 8], "float32")
    loss = YoloLoss(GRIDS, kind)
    z = np.zeros_like(empty)
    want = GRIDS.size * np.log(2)
    np.testing.assert_allclose(loss(empty, z), want, rtol=1e-5)
    y, z = data()
    for size in (1e4, -1e4):
        big = np.full_like(z, size)
        assert np.isfinite(float(loss(y, big)))
        assert np.isfinite(gradient(loss, y, big)).all()


def test_a_broken_answer_is_not_free():
    y, z = data()
    z[0, np.argmax(y[0, :, 0]), 2] = np.nan
    for kind in KINDS:
        assert np.isnan(float(YoloLoss(GRIDS, kind)(y, z)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_costs_nothing(kind):
    y, _ = data()
    logit = np.log(np.clip(y, 1e-7, 1 - 1e-7) / np.clip(1 - y, 1e-7, 1))
    z = np.where(y > 0, np.minimum(logit, 20), -20).astype("float32")
    z[..., 1:3] = logit[..., 1:3]
    with np.errstate(divide="ignore"):
        z[..., 3:5] = np.log(y[..., 3:5] / GRIDS.places()[:, [4, 3]])
    z[y[..., 0] == 0, 1:] = 0
    assert float(YoloLoss(GRIDS, kind)(y, z)) == pytest.approx(0, abs=2e-3)


def test_learns_by_fit_in_half_precision():
    y, _ = data(batch=4)
    x = np.eye(4, dtype="float32")
    model = keras.Sequential(
        [
            keras.layers.Dense(GRIDS.size * 8, dtype="mixed_float16"),
            keras.layers.Reshape((GRIDS.size, 8), dtype="mixed_float16"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1), YoloLoss(GRIDS))
    history = model.fit(x, y, epochs=40, verbose=0).history["loss"]
    assert np.isfinite(history).all() and history[-1] < 0.05 * history[0]
    answer = yolo_activate(model.predict(x, verbose=0), GRIDS)
    there = y[..., 0] == 1
    found = yolo_decode(answer, GRIDS)[0].numpy()[there]
    want = yolo_decode(y, GRIDS)[0].numpy()[there]
    overlaps = [iou(*pair) for pair in zip(found, want, strict=True)]
    assert np.mean(overlaps) > 0.8


def test_reloads():
    loss = YoloLoss(GRIDS, "giou", 0.7, normalizer=3.0, name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config() and again.grids == GRIDS
    y, z = data()
    np.testing.assert_array_equal(again(y, z), loss(y, z))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"box_loss": "ciuo"}, "`box_loss`: unknown 'ciuo'; did you mean"),
        ({"ignore_threshold": 0}, "`ignore_threshold` must be positive"),
        ({"ignore_threshold": 2}, "`ignore_threshold` must .* at most 1"),
        ({"normalizer": 0}, "`normalizer` must be positive"),
        ({"max_objects": 0}, "`max_objects` must be positive"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        YoloLoss(GRIDS, **options)


def test_refuses_other_grids():
    y, z = data()
    loss = YoloLoss(dataclasses.replace(GRIDS, classes=4))
    with pytest.raises(ValueError, match="`y_true` must have the shape"):
        loss(y, z)
