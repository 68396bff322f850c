"""The loss of each pixel's class against NumPy and Keras' own functions."""

import keras
import numpy as np
import pytest

from kerasnotes.losses import SegmentationLoss

CLASSES = 4
WEIGHTS = (1.0, 0.5, 3.0, 2.0)
ALONE = {
    "crossentropy": {"dice_weight": 0.0},
    "focal": {"crossentropy_weight": 0.0, "focal_weight": 1.0,
              "dice_weight": 0.0},
    "dice": {"crossentropy_weight": 0.0},
}  # fmt: skip
ALL = {"focal_weight": 0.7, "crossentropy_weight": 1.5, "dice_weight": 0.4}


def data(seed=0, batch=5, shape=(6, 7), ignored=0.2):
    """Return labels and logits; picture 1 lacks classes, 2 is ignored."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, (batch, *shape))
    labels[rng.random(labels.shape) < ignored] = -1
    labels[1] = np.minimum(labels[1], 1)
    labels[2] = -1
    logits = rng.normal(0, 2, (*labels.shape, CLASSES)).astype("float32")
    return labels, logits


def equation(labels, logits, weights, ce=1.0, focal=0.0, dice=1.0, gamma=2.0,
             near=None, extra=0.0):  # fmt: skip
    """Return the loss of a picture, pixel by pixel."""
    total = np.zeros(3)
    common, sums = np.zeros(CLASSES), np.zeros(CLASSES)
    number = 0
    for place in np.ndindex(labels.shape):
        y, z = labels[place], logits[place].astype("float64")
        if y == -1:
            continue
        p = np.exp(z - z.max())
        p /= p.sum()
        m = weights[y] * (1 + extra * (near is not None and near[place]))
        total[0] -= m * np.log(p[y])
        total[1] -= m * (1 - p[y]) ** gamma * np.log(p[y])
        common[y] += p[y]
        sums += p
        sums[y] += 1
        number += 1
    if not number:
        return 0.0
    present = np.unique(labels[labels >= 0])
    total[:2] /= number
    total[2] = 1 - np.mean(2 * common[present] / sums[present])
    return float(total @ (ce, focal, dice))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_equals_the_equation(weights, gamma):
    labels, logits = data()
    loss = SegmentationLoss(weights, gamma=gamma, reduction="none", **ALL)
    want = [
        equation(*pair, weights or np.ones(CLASSES), 1.5, 0.7, 0.4, gamma)
        for pair in zip(labels, logits, strict=True)
    ]
    np.testing.assert_allclose(loss(labels, logits), want, rtol=2e-5)
    loss = SegmentationLoss(weights, gamma=gamma, **ALL)
    batch = float(loss(labels[..., None].astype("int8"), logits))
    assert batch == pytest.approx(np.mean(want), rel=1e-5)
    assert want[2] == 0


@pytest.mark.parametrize("width", [1, 3])
def test_boundaries_weigh_more(width):
    labels = np.zeros((1, 9, 9), int)
    labels[0, :, 5:] = 1
    labels[0, 4, 4] = 2
    labels[0, 8, :2] = -1
    logits = np.random.default_rng(0).normal(size=(1, 9, 9, CLASSES))
    edges = np.zeros((9, 9), bool)
    edges[:, 4:6] = True  # On both sides of the line.
    edges[[3, 4, 4, 5], [4, 3, 5, 4]] = True
    near = np.zeros_like(edges)
    reach = width - 1
    for row, column in np.argwhere(edges):
        near[
            max(row - reach, 0) : row + reach + 1,
            max(column - reach, 0) : column + reach + 1,
        ] = True
    loss = SegmentationLoss(boundary_weight=4.0, boundary_width=width)
    want = equation(
        labels[0], logits[0], np.ones(CLASSES), near=near, extra=4.0
    )
    assert float(loss(labels, logits)) == pytest.approx(want, rel=1e-5)


def test_what_parts_things_weighs_more():
    """`w_y + w_0 e` in place of `w_y`, and Dice is as it was."""
    labels, logits = data()
    closeness = np.random.default_rng(1).random(labels.shape)
    y = np.stack([labels, closeness], -1).astype("float32")
    options = {"gamma": 2.0, "reduction": "none", **ALL}
    loss = SegmentationLoss(WEIGHTS, separation_weight=10.0, **options)
    want = SegmentationLoss(WEIGHTS, **options)(labels, logits)
    log_p = logits - np.log(np.exp(logits.astype("float64")).sum(-1))[..., None]
    for i in range(len(labels)):
        added = 0.0
        for place in np.argwhere(labels[i] >= 0):
            place = tuple(place)
            log = log_p[(i, *place, labels[i][place])]
            focal = 0.7 * (1 - np.exp(log)) ** 2
            added -= 10 * closeness[i][place] * (1.5 + focal) * log
        added /= max((labels[i] >= 0).sum(), 1)
        got = float(loss(y, logits)[i])
        assert got == pytest.approx(float(want[i]) + added, rel=2e-5), i
    # What is ignored counts nothing there either.
    y[labels == -1, 1] = np.nan
    assert np.isfinite(loss(y, logits)).all()
    for wrong in (labels, labels[..., None], y[..., [0, 1, 1]]):
        with pytest.raises(ValueError, match="`y_true` must have labels and"):
            loss(wrong, logits)


def test_equals_keras_where_that_has_it():
    labels, logits = data(ignored=0)
    labels[1:3] = np.arange(42).reshape(6, 7) % CLASSES
    one_hot = keras.ops.one_hot(labels, CLASSES)
    p = keras.ops.softmax(logits)
    for name, theirs, scale in (
        ("crossentropy",
         keras.losses.SparseCategoricalCrossentropy(from_logits=True), 1),
        ("focal", keras.losses.CategoricalFocalCrossentropy(alpha=1.0), 1),
        ("dice", keras.losses.Dice(axis=(0, 1, 2), reduction="mean"), 1),
    ):  # fmt: skip
        ours = SegmentationLoss(**ALONE[name])
        for i in range(len(labels)):
            pair = labels[i : i + 1], logits[i : i + 1]
            if name == "crossentropy":
                want = theirs(*pair)
            else:
                want = theirs(one_hot[i : i + 1], p[i : i + 1])
            np.testing.assert_allclose(ours(*pair), scale * want, rtol=1e-4)


def test_equals_torchs_formula():
    """Weighted cross-entropy, of sums: torch divides by the weights' sum."""
    labels, logits = data()
    labels, logits = labels[:1], logits[:1]
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    at = np.nonzero(labels >= 0)
    weights = np.array(WEIGHTS)[labels[at]]
    torchs = -(weights * log_p[(*at, labels[at])]).sum() / weights.sum()
    ours = float(SegmentationLoss(WEIGHTS, **ALONE["crossentropy"])(
        labels, logits
    ))  # fmt: skip
    assert ours * len(weights) == pytest.approx(torchs * weights.sum(), 1e-5)


def gradient(loss, labels, logits):
    import tensorflow as tf

    z = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(labels, z)
    return tape.gradient(value, z).numpy()


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's gradient"
)
@pytest.mark.parametrize("answer", [None, np.nan, np.inf, -1e30])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_ignored_pixels_have_no_gradient(answer, gamma):
    labels, logits = data()
    ignored = labels == -1
    if answer is not None:
        logits[ignored] = answer
    loss = SegmentationLoss(WEIGHTS, gamma=gamma, boundary_weight=2.0, **ALL)
    assert np.isfinite(float(loss(labels, logits)))
    slopes = gradient(loss, labels, logits)
    assert (slopes[ignored] == 0).all() and np.isfinite(slopes).all()
    assert (slopes[~ignored] != 0).all()


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's gradient"
)
@pytest.mark.parametrize("name", ALONE)
def test_sure_answers_are_finite(name):
    labels, _ = data(ignored=0.1)
    for gamma in (0.0, 0.5, 2.0):
        loss = SegmentationLoss(gamma=gamma, **ALONE[name])
        right = 1e4 * np.eye(CLASSES, dtype="float32")[labels]
        assert float(loss(labels, right)) == pytest.approx(0, abs=1e-6)
        for sign in (1, -1):
            value = float(loss(labels, sign * right))
            slopes = gradient(loss, labels, sign * right)
            assert np.isfinite(value) and np.isfinite(slopes).all()


def test_absent_classes_give_no_points_and_are_not_free():
    """All pixels are of class 0, a half of them answered as class 3."""
    dice = SegmentationLoss(**ALONE["dice"])
    labels = np.zeros((1, 4, 4), int)
    wrong = np.zeros((1, 4, 4), int)
    wrong[0, :2] = 3
    sure = 50.0 * np.eye(CLASSES, dtype="float32")
    assert float(dice(labels, sure[labels])) == pytest.approx(0, abs=1e-6)
    # 1 - 2 · 8 / (8 + 16), whatever other classes there might be.
    answer = float(dice(labels, sure[wrong]))
    assert answer == pytest.approx(1 / 3, abs=1e-6)
    fewer = sure[wrong][..., [0, 3]]
    assert float(dice(labels, fewer)) == pytest.approx(1 / 3, abs=1e-6)
    everywhere = float(dice(labels, sure[np.full_like(labels, 3)]))
    assert everywhere == pytest.approx(1, abs=1e-6)


def test_a_picture_depends_on_no_other_and_weights_are_of_pictures():
    labels, logits = data()
    rows = SegmentationLoss(WEIGHTS, reduction="none", **ALL)
    apart = [
        float(rows(labels[i : i + 1], logits[i : i + 1])[0]) for i in range(5)
    ]
    np.testing.assert_allclose(rows(labels, logits), apart, rtol=1e-5)
    weights = np.array([1.0, 0.0, 5.0, 2.0, 0.5])
    loss = SegmentationLoss(WEIGHTS, **ALL)
    for shape in ((5,), (5, 1)):
        batch = float(loss(labels, logits, weights.reshape(shape)))
        assert batch == pytest.approx(weights @ apart / 5, rel=1e-5)
    for wrong in (np.ones((5, 6, 7)), np.ones((5, 6))):
        with pytest.raises(ValueError, match="`sample_weight` must be .*5, 6"):
            loss(labels, logits, wrong)


def test_a_label_of_no_class_is_no_number():
    labels, logits = data()
    for label in (CLASSES, -2, 255):
        labels[3, 0, 0] = label
        rows = np.array(SegmentationLoss(reduction="none")(labels, logits))
        assert np.isnan(rows).tolist() == [False] * 3 + [True, False]
    labels[labels == -1] = 255
    rows = SegmentationLoss(reduction="none", ignore=255)(labels, logits)
    np.testing.assert_allclose(
        rows, SegmentationLoss(reduction="none")(*data()), rtol=0.2
    )
    assert np.isfinite(rows).all()


def test_half_precision_and_empty_batches():
    rng = np.random.default_rng(0)
    # More pixels than float16 can count, and no picture at all.
    labels = rng.integers(0, CLASSES, (1, 300, 300))
    logits = rng.normal(0, 1, (1, 300, 300, CLASSES)).astype("float16")
    exact = float(SegmentationLoss(**ALL)(labels, logits.astype("float32")))
    for dtype in ("float16", None):
        loss = SegmentationLoss(**ALL, dtype=dtype)
        assert float(loss(labels, logits)) == pytest.approx(exact, rel=1e-3)
    empty = SegmentationLoss(reduction="none")(labels[:0], logits[:0])
    assert empty.shape == (0,)


def test_reloads():
    loss = SegmentationLoss(WEIGHTS, 1.0, 2.0, 3.0, 1.5, 4.0, 2, 255, name="a")
    assert SegmentationLoss(separation_weight=3).separation_weight == 3
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()
    labels, logits = data()
    labels[labels < 0] = 255
    np.testing.assert_array_equal(again(labels, logits), loss(labels, logits))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a policy of TensorFlow"
)
def test_learns_in_half_precision():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 6, 6, 3)).astype("float32")
    y = x.argmax(-1)
    y[0, :3] = -1
    inputs = keras.Input((None, None, 3), dtype="float32")
    z = keras.layers.Conv2D(3, 1, dtype="mixed_float16")(inputs)
    model = keras.Model(inputs, z)
    model.compile(
        keras.optimizers.Adam(0.2),
        SegmentationLoss(np.ones(3)),
        run_eagerly=True,
    )
    history = [float(model.train_on_batch(x, y)) for _ in range(25)]
    assert np.isfinite(history).all() and history[-1] < 0.5 * history[0]
    right = np.array(model(x)).argmax(-1) == x.argmax(-1)
    assert right.mean() > 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weights": (1, -1)}, "`class_weights` must be 0 or more"),
        ({"crossentropy_weight": 0, "dice_weight": 0}, "be above 0 where"),
        ({"focal_weight": -1}, "`focal_weight` must be 0"),
        ({"gamma": -1}, "`gamma` must be 0"),
        ({"boundary_weight": -1}, "`boundary_weight` must be 0"),
        ({"boundary_width": 0}, "`boundary_width` must be 1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        SegmentationLoss(**options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros((2, 4, 5, 3))}, r"`y_true` .*\(2, 4, 5\) of lab"),
        ({"labels": np.zeros((2, 4, 4))}, "`y_true` must have the shape"),
        ({"labels": np.zeros((2, 20))}, "`y_true` must have the shape"),
        ({"logits": np.zeros((2, 4, 5))}, "`y_pred` must be"),
        ({"weights": (1, 2)}, "`class_weights` must have .* 3 classes"),
    ],
)
def test_refuses_shapes_that_do_not_fit(change, message):
    arguments = {
        "labels": np.zeros((2, 4, 5)),
        "logits": np.zeros((2, 4, 5, 3)),
    }
    arguments |= {"weights": None} | change
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        SegmentationLoss(arguments["weights"])(
            arguments["labels"], arguments["logits"]
        )
