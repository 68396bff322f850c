"""The losses of regions against plain loops, and where they must be 0."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.losses import RegionLoss, RegionProposalLoss
from kerasnotes.ops import Grids, anchor_boxes
from tests.ops.test_box_regression import equation
from tests.ops.test_region_targets import matching

GRIDS = Grids((64, 96), (16, 32), (((20, 20), (12, 30)), ((50, 40),)), 3)
CLASSES = 3
PADDING = [-1] * 5


def truth(seed=0, batch=6, m=6):
    """Return boxes with labels, some crowds; the last picture has none."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, 50, (batch, m, 2))
    sides = rng.uniform(8, 40, first.shape)
    labels = rng.choice([-2, -1, 0, 1, 2], (batch, m, 1))
    y = np.concatenate([first, first + sides, labels], -1)
    y[labels[..., 0] == -1] = PADDING
    y[-1] = PADDING
    y[1, 0] = [5, 5, 5, 40, 1]
    y[1, 1] = [np.nan, 5, 9, 40, 1]
    return y.astype("float32")


def regions_near(y, seed=1, n=40):
    """Return regions, of which the last two are padding and no number."""
    rng = np.random.default_rng(seed)
    boxes = y[:, rng.integers(0, y.shape[1], n), :4].astype("float64")
    boxes = np.where(boxes == -1, [10.0, 10, 40, 30], boxes)
    boxes = boxes + rng.normal(0, 3, boxes.shape)
    boxes[:, -2:] = [[0, 0, 0, 0], [np.nan] * 4]
    return boxes.astype("float32")


def proposals(seed=0):
    y = truth(seed)
    z = np.random.default_rng(seed).normal(0, 1, (len(y), GRIDS.size, 5))
    return y, z.astype("float32")


def outputs(seed=0, agnostic=False):
    y = truth(seed)
    boxes = regions_near(y)
    columns = 1 + CLASSES + 4 * (1 if agnostic else CLASSES)
    rest = np.random.default_rng(seed).normal(0, 1, (*boxes.shape[:2], columns))
    return y, np.concatenate([boxes, rest], -1).astype("float32")


def smooth(distances, beta):
    """Return the sum of Detectron's smooth L1."""
    return sum(
        d**2 / (2 * beta) if abs(d) < beta else abs(d) - beta / 2
        for d in distances
    )


def weights_of(rows, size, share):
    positive, negative = sum(r[2] for r in rows), sum(r[3] for r in rows)
    p = min(positive, int(size * share))
    q = min(negative, size - p)
    p, q = p / max(positive, 1), q / max(negative, 1)
    return [r[2] * p + r[3] * q for r in rows]


def proposal_equation(y, z, size, share, bounds, box_weight, beta):
    """Return the loss of a picture, anchor by anchor."""
    anchors = anchor_boxes(GRIDS)
    rows = matching(anchors, y[:, :4], y[:, 4], *bounds, 0.0, True)
    weights, total = weights_of(rows, size, share), 0.0
    for row, weight, anchor, answer in zip(
        rows, weights, anchors, z.astype("float64"), strict=True
    ):
        if not weight:
            continue
        sign = 1 if row[2] else -1
        loss = np.log1p(np.exp(-sign * answer[0]))
        if row[2]:
            want = equation(y[row[0], :4], anchor, (1, 1, 1, 1))
            loss += box_weight * smooth(answer[1:] - want, beta)
        total += weight * loss
    return total / max(sum(weights), 1)


def region_equation(
    y, z, size, share, bounds, deviations, box_weight, beta, agnostic
):
    """Return the loss of a picture, region by region."""
    rows = matching(z[:, :4], y[:, :4], y[:, 4], *bounds, False)
    weights, total = weights_of(rows, size, share), 0.0
    for row, weight, answer in zip(rows, weights, z, strict=True):
        if not weight:
            continue
        logits = answer[4 : 5 + CLASSES].astype("float64")
        label = int(y[row[0], 4]) if row[2] else -1
        loss = np.log(np.exp(logits).sum()) - logits[label + 1]
        if row[2]:
            want = equation(y[row[0], :4], answer[:4], deviations)
            first = 5 + CLASSES + 4 * (0 if agnostic else label)
            loss += box_weight * smooth(answer[first : first + 4] - want, beta)
        total += weight * loss
    return total / max(sum(weights), 1)


@pytest.mark.parametrize(
    "size, share, bounds, box_weight, beta",
    [(128, 0.5, (0.7, 0.3), 1.0, 1 / 9), (10, 0.3, (0.5, 0.4), 3.0, 1.0)],
)
def test_proposals_equal_the_equation(size, share, bounds, box_weight, beta):
    y, z = proposals()
    words = size, share, bounds, box_weight, beta
    want = [proposal_equation(*x, *words) for x in zip(y, z, strict=True)]
    arguments = GRIDS, size, share, *bounds, box_weight, beta
    loss = RegionProposalLoss(*arguments, reduction="none")
    np.testing.assert_allclose(loss(y, z), want, rtol=2e-5)
    mean = RegionProposalLoss(*arguments)(y, z)
    np.testing.assert_allclose(mean, np.mean(want), rtol=2e-5)


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize(
    "size, share, bounds, deviations, box_weight, beta",
    [
        (64, 0.25, (0.5, 0.5, 0.0), (0.1, 0.1, 0.2, 0.2), 1.0, 1 / 9),
        (12, 0.5, (0.6, 0.5, 0.1), (1, 1, 2, 2), 3.0, 1.0),
    ],
)
def test_regions_equal_the_equation(
    size, share, bounds, deviations, box_weight, beta, agnostic
):
    y, z = outputs(agnostic=agnostic)
    words = size, share, bounds, deviations, box_weight, beta, agnostic
    want = [region_equation(*x, *words) for x in zip(y, z, strict=True)]
    loss = RegionLoss(
        *(CLASSES, size, share, *bounds, deviations, box_weight, agnostic),
        beta,
        reduction="none",
    )
    np.testing.assert_allclose(loss(y, z), want, rtol=2e-5)
    assert sum(value > 0 for value in want) >= 4


CASES = {
    "proposals": (lambda **o: RegionProposalLoss(GRIDS, **o), proposals),
    "regions": (lambda **o: RegionLoss(CLASSES, **o), outputs),
}
each = pytest.mark.parametrize(
    "make, data", list(CASES.values()), ids=list(CASES)
)


def gradient(loss, y, z, compiled=False):
    def step(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(y, z)
        return value, tape.gradient(value, z)

    if compiled:
        step = tf.function(step, jit_compile=True)
    value, gradient = step(tf.constant(z))
    return float(value), gradient.numpy()


@each
def test_compiled_and_eager_are_alike(make, data):
    y, z = data()
    value, slopes = gradient(make(), y, z)
    compiled, compiled_slopes = gradient(make(), y, z, compiled=True)
    assert compiled == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(compiled_slopes, slopes, atol=1e-6)


@each
def test_no_picture_depends_on_another(make, data):
    y, z = data()
    together = make(reduction="none")(y, z).numpy()
    alone = [float(make()(y[i : i + 1], z[i : i + 1])) for i in range(len(y))]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    padded = np.concatenate([y, np.full((len(y), 4, 5), -1.0)], axis=1)
    np.testing.assert_array_equal(make(reduction="none")(padded, z), together)


@pytest.mark.parametrize("answer", [None, np.nan, np.inf, -1e30])
def test_anchors_without_an_object_have_no_gradient_but_the_logits(answer):
    y, z = proposals()
    rows = [
        matching(anchor_boxes(GRIDS), x[:, :4], x[:, 4], 0.7, 0.3, 0, True)
        for x in y
    ]
    positive, negative = (
        np.array([[r[i] for r in row] for row in rows], bool) for i in (2, 3)
    )
    if answer is not None:
        z[~positive, 1:] = answer
        z[~positive & ~negative, 0] = answer
    value, slopes = gradient(RegionProposalLoss(GRIDS), y, z)
    assert np.isfinite(value) and np.isfinite(slopes).all()
    assert (slopes[~positive, 1:] == 0).all()
    assert (slopes[~positive & ~negative] == 0).all()
    assert (slopes[negative, 0] > 0).all() and (slopes[positive, 0] < 0).all()
    assert (slopes[positive, 1:] != 0).all()
    assert (~positive & ~negative).any() and not positive[-1].any()


@pytest.mark.parametrize("answer", [None, np.nan, np.inf, -1e30])
def test_only_the_class_of_an_object_learns_its_box(answer):
    y, z = outputs()
    bounds = 0.6, 0.4, 0.1
    slopes_of_boxes = np.zeros((*z.shape[:2], CLASSES), bool)
    counts = np.zeros(z.shape[:2], bool)
    for i, picture in enumerate(y):
        rows = matching(
            z[i, :, :4], picture[:, :4], picture[:, 4], *bounds, False
        )
        for j, (number, _, positive, negative) in enumerate(rows):
            counts[i, j] = positive or negative
            if positive:
                slopes_of_boxes[i, j, int(picture[number, 4])] = True
    deltas = z[..., 5 + CLASSES :].reshape((*z.shape[:2], CLASSES, 4))
    if answer is not None:
        deltas[~slopes_of_boxes] = answer
        z[..., 4 : 5 + CLASSES][~counts] = answer
        z[..., 5 + CLASSES :] = deltas.reshape((*z.shape[:2], -1))
    loss = RegionLoss(CLASSES, 64, 0.25, *bounds)
    value, slopes = gradient(loss, y, z)
    assert np.isfinite(value) and np.isfinite(slopes).all()
    # Regions are constants.
    assert not slopes[..., :4].any()
    boxes = slopes[..., 5 + CLASSES :].reshape((*z.shape[:2], CLASSES, 4))
    np.testing.assert_array_equal(
        boxes != 0, np.repeat(slopes_of_boxes[..., None], 4, axis=-1)
    )
    np.testing.assert_array_equal(
        (slopes[..., 4 : 5 + CLASSES] != 0).any(-1), counts
    )
    assert counts.any() and not counts.all() and slopes_of_boxes.any()


@each
def test_pictures_without_objects(make, data):
    y, z = data()
    empty = np.full_like(y, -1)
    for targets in (empty, empty[:, :0]):
        value, slopes = gradient(make(), targets, z)
        assert np.isfinite(value) and value > 0
        assert np.isfinite(slopes).all() and slopes.any()


def test_regions_that_are_all_padding_cost_nothing():
    y, z = outputs()
    z[..., :4] = 0
    value, slopes = gradient(RegionLoss(CLASSES), y, z)
    assert value == 0 and not slopes.any()
    assert float(RegionLoss(CLASSES)(y, z[:, :0])) == 0


@each
def test_a_broken_answer_or_label_is_not_free(make, data):
    y, z = data()
    broken = z.copy()
    broken[..., 0 if z.shape[1] == GRIDS.size else 4] = np.nan
    assert np.isnan(float(make()(y, broken)))
    for label in (np.nan, np.inf, 0.5):
        wrong = y.copy()
        wrong[0, 0, 4] = label
        losses = make(reduction="none")(wrong, z).numpy()
        assert np.isnan(losses[0]) and np.isfinite(losses[1:]).all()


def test_a_label_that_is_no_class_is_not_free():
    y, z = outputs()
    y[0, 0, 4] = CLASSES
    losses = RegionLoss(CLASSES, reduction="none")(y, z).numpy()
    assert np.isnan(losses[0]) and np.isfinite(losses[1:]).all()
    # Proposals are of objects, whatever their class.
    y, z = proposals()
    y[0, 0, 4] = 99
    assert np.isfinite(float(RegionProposalLoss(GRIDS)(y, z)))


def test_crowds_are_no_background():
    """Of three anchors one is in a crowd."""
    grids = Grids((8, 24), (8,), (((8, 8),),), 1)
    z = np.zeros((1, 3, 5), "float32")
    y = np.array([[[0, 0, 8, 8, -2], [8, 0, 16, 8, -1]]], "float32")
    loss = RegionProposalLoss(grids)
    assert (gradient(loss, y, z)[1][0, :, 0] > 0).tolist() == [0, 1, 1]
    z = np.zeros((1, 3, 4 + 2 + 4), "float32")
    z[0, :, :4] = anchor_boxes(grids)
    slopes = gradient(RegionLoss(1), y, z)[1]
    assert (slopes[0, :, 5] > 0).tolist() == [0, 1, 1]


@pytest.mark.parametrize("agnostic", [False, True])
def test_the_truth_costs_nothing(agnostic):
    y, _ = outputs()
    y = y[3:5]
    real = y[..., 4] >= 0
    boxes = np.where(real[..., None], y[..., :4], [500, 500, 510, 510])
    labels = np.where(real, y[..., 4], -1).astype(int)
    logits = 50 * np.eye(CLASSES + 1)[labels + 1]
    columns = 4 if agnostic else 4 * CLASSES
    z = np.concatenate([boxes, logits, np.zeros((2, 6, columns))], -1)
    loss = RegionLoss(CLASSES, class_agnostic=agnostic)
    assert float(loss(y, z)) == pytest.approx(0, abs=1e-6)
    z[..., 5 + CLASSES :] += 0.1
    assert float(loss(y, z)) > 1e-3


@each
def test_halves_are_computed_wide(make, data):
    """Areas of boxes overflow them."""
    y, z = data()
    y[..., :4] = np.round(y[..., :4])
    z[..., :4] = np.round(z[..., :4])
    z = z.astype("float16")
    value, slopes = gradient(make(), y, z)
    assert value == pytest.approx(float(make()(y, z.astype("float32"))))
    assert slopes.dtype == "float16" and np.isfinite(slopes).all()


@pytest.mark.parametrize(
    "loss, data",
    [
        (RegionProposalLoss(GRIDS, 20, 0.3, 0.6, 0.2, 2.0, 0.5), proposals),
        (
            RegionLoss(CLASSES, 9, 0.3, 0.6, 0.4, 0.1, (1, 1, 2, 2), 2.0),
            outputs,
        ),
    ],
)
def test_reloads(loss, data):
    config = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == loss.get_config()
    y, z = data()
    np.testing.assert_array_equal(again(y, z), loss(y, z))


@each
@pytest.mark.parametrize(
    "options, message",
    [
        ({"size": 0}, "`size` must be 1 or more. Received: size=0"),
        ({"share": 1.5}, "`share` must be from 0 to 1"),
        ({"positive": 0}, "`positive` must be above 0"),
        ({"negative": 0.9}, "`negative` must be from 0 to"),
        ({"box_weight": -1}, "`box_weight` must be positive, or 0 .*Received"),
        ({"beta": 0}, "`beta` must be positive"),
    ],
)
def test_refusals(make, data, options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@each
def test_refuses_other_shapes(make, data):
    y, z = data()
    with pytest.raises(ValueError, match="`y_true` must have the shape .*Rec"):
        make()(y[..., :4], z)
    with pytest.raises(ValueError, match="`y_pred` must have the shape .*Rec"):
        make()(y, z[..., 1:])


def test_refusals_of_regions():
    with pytest.raises(ValueError, match="`classes` must be positive"):
        RegionLoss(0)
    with pytest.raises(ValueError, match="`lowest` must be from 0"):
        RegionLoss(2, lowest=0.6)
    with pytest.raises(ValueError, match="`deviations` must be four"):
        RegionLoss(2, deviations=(1, 1))
