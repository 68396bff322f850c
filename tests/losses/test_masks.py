"""The loss of masks against a plain loop, and where it must be 0."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.losses import MaskLoss
from tests.losses.test_regions import gradient
from tests.ops.test_proposals import overlap
from tests.ops.test_regions import aligned

HEIGHT, WIDTH, SIDE = 30, 44, 6


def truth(seed=0, batch=4, m=5):
    """Return ellipses' pixels; some objects have none, the last picture too."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    pixels = np.zeros((batch, m, HEIGHT, WIDTH))
    for i in np.ndindex(batch, m):
        a, b = rng.uniform(5, 13, 2)
        column, row = rng.uniform(3, 40), rng.uniform(3, 27)
        inside = ((x - column) / a) ** 2 + ((y - row) / b) ** 2 < 1
        pixels[i] = inside * (1 + rng.integers(0, 3))
    pixels[0, 1] = 0
    pixels[1, 0] = 0
    pixels[1, 0, 7, 9] = 2
    pixels[-1] = 0
    return pixels.astype("float32")


def box_of(pixels):
    """Return an object's tight box and label, or None."""
    rows, columns = np.nonzero(pixels)
    if not len(rows):
        return None
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    return np.array(box, "float64"), pixels.max() - 1


def outputs(seed=0, k=24):
    """Return objects and regions near them, of which some have no object."""
    y, rng = truth(seed), np.random.default_rng(seed)
    z = rng.normal(0, 2, (len(y), k, 6 + SIDE**2))
    z[..., :5] = [30, 2, 39, 8, 0]
    for i, picture in enumerate(y):
        objects = [*filter(None, map(box_of, picture))]
        for j in range(k if objects else 0):
            box, label = objects[rng.integers(len(objects))]
            z[i, j, :4] = box + rng.normal(0, 1.5, 4)
            z[i, j, 4] = label if rng.uniform() < 0.8 else (label + 1) % 3
    z[:, -4:, :4] = [[0] * 4, [np.nan] * 4, [9, 9, 4, 20], [0, 0, np.inf, 9]]
    z[:, :2, 4] = [-1, np.nan]
    return y, z.astype("float32")


def match(picture, region, label, positive=0.5):
    """Return the object of a region, or None."""
    best, number = positive, None
    if not np.isfinite(region).all() or (region[2:] <= region[:2]).any():
        return None
    for j, pixels in enumerate(picture):
        box = box_of(pixels)
        if box is None or box[1] != label:
            continue
        share = overlap(region.astype("float64"), box[0])
        if share > best or share == best == positive:
            best, number = share, j
    return number


def equation(picture, rows, positive, samples):
    """Return the loss of a picture, region by region."""
    values = []
    for row in rows:
        number = match(picture, row[:4], row[4], positive)
        if number is None:
            continue
        share = aligned(
            *((picture[number] > 0)[..., None], row[:4], (SIDE, SIDE)),
            *((1, 1), samples),
        )
        target = share[..., 0].ravel() >= 0.5
        logits = row[6:].astype("float64")
        values.append(np.mean(np.logaddexp(0, logits) - target * logits))
    return np.mean(values) if values else 0.0


def matches(y, z, positive=0.5):
    return np.array(
        [
            [match(p, row[:4], row[4], positive) is not None for row in rows]
            for p, rows in zip(y, z, strict=True)
        ]
    )


@pytest.mark.parametrize(("positive", "samples"), [(0.5, 2), (0.7, 1)])
def test_the_loss_equals_the_equation(positive, samples):
    y, z = outputs()
    want = [
        equation(*pair, positive, samples) for pair in zip(y, z, strict=True)
    ]
    for pixels in (y, y.astype("uint8")):
        got = MaskLoss(positive, samples, reduction="none")(pixels, z)
        np.testing.assert_allclose(got, want, rtol=1e-5)
    mean = MaskLoss(positive, samples)(y, z)
    np.testing.assert_allclose(mean, np.mean(want), rtol=1e-5)
    assert want[-1] == 0 and min(want[:-1]) > 0


@pytest.mark.parametrize("answer", [None, np.nan, np.inf, -1e30])
def test_regions_without_an_object_have_no_gradient(answer):
    y, z = outputs()
    matched = matches(y, z)
    assert matched.any() and not matched.all()
    if answer is not None:
        z[~matched, 6:] = answer
    z[..., 5] = np.nan  # The score doesn't count.
    value, slopes = gradient(MaskLoss(), y, z)
    assert np.isfinite(value) and np.isfinite(slopes).all()
    assert not slopes[..., :6].any() and not slopes[~matched].any()
    assert (slopes[matched][:, 6:] != 0).all()


def test_a_broken_mask_is_not_free():
    y, z = outputs()
    i, j = np.argwhere(matches(y, z))[0]
    z[i, j, 9] = np.nan
    got = MaskLoss(reduction="none")(y, z).numpy()
    assert np.isnan(got[i]) and np.isfinite(np.delete(got, i)).all()


def test_compiled_and_eager_are_alike():
    y, z = outputs()
    value, slopes = gradient(MaskLoss(), y, z)
    compiled, compiled_slopes = gradient(MaskLoss(), y, z, compiled=True)
    assert compiled == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(compiled_slopes, slopes, atol=1e-6)


def test_no_picture_depends_on_another():
    y, z = outputs()
    together = MaskLoss(reduction="none")(y, z).numpy()
    alone = [float(MaskLoss()(y[i : i + 1], z[i : i + 1])) for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
    padded = np.concatenate([y, np.zeros_like(y)], 1)
    np.testing.assert_array_equal(
        MaskLoss(reduction="none")(padded, z), together
    )


def test_sizes_may_be_open():
    y, z = outputs()
    loss = MaskLoss()
    signature = [
        tf.TensorSpec([None] * 4),
        tf.TensorSpec([None, None, 6 + SIDE**2]),
    ]
    step = tf.function(loss, input_signature=signature)
    for m in (0, 5):
        got = float(step(y[:, :m], z))
        assert got == pytest.approx(float(loss(y[:, :m], z)))


def test_one_batch_may_be_open_and_the_other_not():
    y, z = outputs()
    specs = [
        tf.TensorSpec([None, *y.shape[1:]], tf.float32),
        tf.TensorSpec(z.shape, tf.float32),
    ]
    graph = tf.function(MaskLoss(), input_signature=specs)
    assert float(graph(y, z)) == pytest.approx(float(MaskLoss()(y, z)))


def test_without_objects_or_regions_it_is_0():
    y, z = outputs()
    for targets in (0 * y, y[:, :0]):
        value, slopes = gradient(MaskLoss(), targets, z)
        assert value == 0 and not slopes.any()
    assert float(MaskLoss()(y, z[:, :0])) == 0
    z[..., :4] = 0
    assert float(MaskLoss()(y, z)) == 0


def test_halves_are_computed_wide():
    y, z = outputs()
    z = z.astype("float16")
    value, slopes = gradient(MaskLoss(), y, z)
    assert value == pytest.approx(float(MaskLoss()(y, z.astype("float32"))))
    assert slopes.dtype == "float16" and np.isfinite(slopes).all()


def test_the_right_mask_costs_nothing():
    y = np.zeros((1, 1, HEIGHT, WIDTH), "float32")
    y[0, 0, 3:9, 4:10] = 3
    y[0, 0, 3:6, 4:7] = 0
    logits = 50 * np.sign(y[0, 0, 3:9, 4:10].ravel() - 1)
    z = np.array([[[4, 3, 10, 9, 2, 0, *logits]]], "float32")
    assert float(MaskLoss(samples=1)(y, z)) == pytest.approx(0, abs=1e-6)
    z[..., 6:] *= -1
    assert float(MaskLoss(samples=1)(y, z)) == pytest.approx(50)


def test_it_reloads():
    loss = MaskLoss(0.6, 3, reduction="sum", name="a")
    config = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("arguments", "shapes", "message"),
    [
        ({"positive": 0}, None, "`positive` must be above 0"),
        ({"samples": 0}, None, "`samples` must be 1 or more"),
        ({}, ((1, 8, 8), (1, 2, 10)), "`y_true` must have the shape"),
        ({}, ((1, 1, 8, 8), (1, 2, 11)), "`y_pred` must have the shape"),
        ({}, ((1, 1, 8, 8), (1, 2, 6)), "`y_pred` must have the shape"),
    ],
)
def test_refuses(arguments, shapes, message):
    with pytest.raises(ValueError, match=message):
        loss = MaskLoss(**arguments)
        loss.call(*map(np.zeros, shapes))
