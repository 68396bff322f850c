"""The course's losses of one object: equations, and gradients of exactly 0."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.losses import LocalizationLoss, LocalizationSquaredError
from kerasnotes.ops import notes_target
from tests.support import detections

CLASSES, LANDMARKS = 3, 2
SIZE = 5 + CLASSES + 2 * LANDMARKS
NAN = float("nan")
KINDS = ["squared", "huber", "iou", "giou", "ciou"]


def data(seed=0, batch=12):
    """Return targets, of which a third is empty and some points unknown."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, 0.6, (batch, 2))
    boxes = np.concatenate(
        [first, first + rng.uniform(0.05, 0.4, (batch, 2))], 1
    )
    labels = np.where(np.arange(batch) % 3 == 0, -1, rng.integers(0, 3, batch))
    points = rng.uniform(0, 1, (batch, LANDMARKS, 2))
    visible = rng.random((batch, LANDMARKS)) < 0.7
    y = notes_target(
        *(boxes, labels, CLASSES, points, visible), "rel_xyxy"
    ).numpy()
    y[labels < 0, 1:] = NAN
    z = rng.normal(0, 1, y.shape).astype("float32")
    z[:, 1:5] = rng.uniform(0.1, 0.9, (batch, 4))
    return y, z


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def corners(b):
    x, y, h, w = b
    return np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def iou(a, b):
    return detections.iou(corners(a), corners(b))


def huber(d, delta):
    d = abs(d)
    return np.where(d <= delta, d**2 / 2, delta * d - delta**2 / 2)


def squared_equation(y, z):
    answer = z.astype("float64")
    answer[0] = sigmoid(z[0])
    answer[5:8] = softmax(z[5:8])
    if not y[0]:
        return answer[0] ** 2
    known = ~np.isnan(y)
    return ((answer - y)[known] ** 2).sum()


def equation(y, z, kind):
    presence = sigmoid(z[0].astype("float64"))
    if not y[0]:
        return -np.log(1 - presence)
    d = (z - y).astype("float64")
    size = (lambda x: huber(x, 0.1)) if kind == "huber" else np.square
    box = 1 - iou(y[1:5], z[1:5]) if kind == "iou" else size(d[1:5]).sum()
    label = -np.log(softmax(z[5:8].astype("float64"))[y[5:8] == 1][0])
    points = np.nansum(size(d[8:])) / LANDMARKS
    return -np.log(presence) + 2 * box + 3 * label + 4 * points


def losses(**options):
    yield LocalizationSquaredError(CLASSES, LANDMARKS, **options)
    for kind in KINDS:
        yield LocalizationLoss(CLASSES, LANDMARKS, box_loss=kind, **options)


def gradient(loss, y, z):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(y, z)
    return tape.gradient(value, z).numpy()


def test_squared_error_is_the_equation():
    y, z = data()
    loss = LocalizationSquaredError(CLASSES, LANDMARKS, reduction="none")
    want = [squared_equation(*pair) for pair in zip(y, z, strict=True)]
    np.testing.assert_allclose(loss(y, z), want, rtol=1e-5)
    loss = LocalizationSquaredError(CLASSES, LANDMARKS)
    np.testing.assert_allclose(loss(y, z), np.mean(want), rtol=1e-5)


@pytest.mark.parametrize("kind", ["squared", "huber", "iou"])
def test_practical_loss_is_the_equation(kind):
    y, z = data()
    weights = {"box_weight": 2, "class_weight": 3, "landmark_weight": 4}
    loss = LocalizationLoss(
        *(CLASSES, LANDMARKS), box_loss=kind, reduction="none", **weights
    )
    want = [equation(*pair, kind) for pair in zip(y, z, strict=True)]
    np.testing.assert_allclose(loss(y, z), want, rtol=1e-4)


@pytest.mark.parametrize("loss", losses(), ids=["notes", *KINDS])
@pytest.mark.parametrize("answer", [None, NAN, np.inf, 1e30])
def test_where_there_is_no_object_all_else_has_no_gradient(loss, answer):
    y, z = data()
    empty = y[:, 0] == 0
    if answer is not None:
        z[empty, 1:] = answer
    assert np.isfinite(float(loss(y, z)))
    found = gradient(loss, y, z)
    assert empty.any() and (found[empty, 1:] == 0).all()
    assert (found[empty, 0] != 0).all() and np.isfinite(found).all()
    # What is there has gradients, points that are unknown have none.
    known = ~np.isnan(y[~empty])
    assert (found[~empty][~known] == 0).all() and (~known).any()
    points = found[~empty][:, 8:]
    assert (points[known[:, 8:]] != 0).all()
    assert (np.abs(found[~empty][:, 1:8]).sum(axis=0) > 0).all()


def test_a_point_of_which_one_coordinate_is_unknown():
    y, z = data()
    y, z = y[1:2], z[1:2]
    y[0, 8:] = [0.5, NAN, 0.5, 0.5]
    for loss in losses():
        found = gradient(loss, y, z)[0, 8:]
        assert (found[:2] == 0).all() and (found[2:] != 0).all()


def test_a_broken_target_is_not_free():
    y, z = data()
    y[1, 2] = NAN
    for loss in losses():
        assert np.isnan(float(loss(y, z)))


def test_probabilities():
    y, z = data()
    p = z.astype("float64")
    p[:, 0] = sigmoid(z[:, 0])
    p[:, 5:8] = [softmax(row) for row in z[:, 5:8]]
    pairs = zip(losses(), losses(from_logits=False), strict=True)
    for of_logits, of_probabilities in pairs:
        np.testing.assert_allclose(
            of_probabilities(y, p.astype("float32")), of_logits(y, z), rtol=1e-4
        )


def test_landmarks_alone():
    """64 points of a face, and whether there is one: 129 numbers."""
    loss = LocalizationLoss(landmarks=64, boxes=False, box_loss="squared")
    y = np.zeros([2, 129], "float32")
    y[:, 0] = [1, 0]
    z = np.full([2, 129], 0.1, "float32")
    z[:, 0] = 0
    want = np.log(2) + 64 * 2 * 0.01 / 64 / 2
    np.testing.assert_allclose(loss(y, z), want, rtol=1e-5)


def test_a_box_that_is_right_costs_nothing():
    y, _ = data()
    z = np.nan_to_num(y)
    z[:, 0] = 100 * (2 * y[:, 0] - 1)
    z[:, 5:8] = 100 * z[:, 5:8]
    for loss in losses():
        assert float(loss(y, z)) == pytest.approx(0, abs=1e-6)


def test_learns_by_fit_in_half_precision():
    y, z = data(batch=24)
    y[:, 8:] = np.nan_to_num(y[:, 8:])
    model = keras.Sequential([keras.layers.Dense(SIZE, dtype="mixed_float16")])
    loss = LocalizationLoss(CLASSES, LANDMARKS, box_loss="ciou")
    model.compile("adam", loss)
    history = model.fit(z, y, epochs=30, verbose=0).history["loss"]
    assert np.isfinite(history).all() and history[-1] < history[0]


def test_reloads():
    for loss in losses(reduction="sum", name="mine"):
        again = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(loss)
        )
        assert again.get_config() == loss.get_config()
        y, z = data()
        np.testing.assert_array_equal(again(y, z), loss(y, z))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"classes": -1}, "`classes` must be 0 or more"),
        ({"landmarks": -1}, "`landmarks` must be 0 or more"),
        ({"box_loss": "gio"}, "`box_loss`: unknown 'gio'; did you mean"),
        ({"delta": 0}, "`delta` must be above 0"),
        ({"from_logits": "sum"}, "Received: from_logits='sum'"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        LocalizationLoss(**options)


def test_refuses_other_columns():
    y, z = data()
    for loss in (LocalizationLoss(2, 2), LocalizationSquaredError(2, 2)):
        with pytest.raises(ValueError, match="`y_true` must have 11 columns"):
            loss(y, z)
