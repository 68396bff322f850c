"""Regions for masks: those that are learned from, and those answered."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers, ops
from tests.ops.test_proposals import overlap


def data(seed=0, batch=3, m=5, n=40):
    """Return proposals near true boxes, and these; the last has none."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, 60, (batch, m, 2))
    boxes = np.concatenate([first, first + rng.uniform(9, 30, first.shape)], -1)
    labels = rng.integers(0, 4, (batch, m, 1))
    truth = np.concatenate([boxes, labels], -1)
    near = boxes[:, rng.integers(0, m, n)]
    proposals = near + rng.normal(0, 3, near.shape)
    proposals[:, -3:] = [[0, 0, 0, 0], [np.nan] * 4, [9, 9, 4, 20]]
    truth[0, 1] = -1
    truth[0, 2, 4] = -2
    truth[1, 0] = [5, 5, 5, 9, 1]
    truth[-1] = -1
    return proposals.astype("float32"), truth.astype("float32")


def is_box(box):
    return np.isfinite(box).all() and (box[2:] > box[:2]).all()


def loop(proposals, truth, count, positive):
    """Return the regions of a picture, candidate by candidate."""
    objects = [row for row in truth if row[4] >= 0 and is_box(row[:4])]
    chosen = []
    for i, row in enumerate(truth):
        if row[4] >= 0 and is_box(row[:4]):
            chosen.append((0.6180339887 * (i + 1) % 1, row))
    for i, box in enumerate(proposals):
        if not is_box(box) or not objects:
            continue
        shares = [overlap(box.astype("float64"), x[:4]) for x in objects]
        best = int(np.argmax(shares))
        if shares[best] >= positive:
            key = 1 + 0.6180339887 * (i + 1) % 1
            chosen.append((key, [*box, objects[best][4]]))
    rows = [row for _, row in sorted(chosen, key=lambda pair: pair[0])]
    rows = rows[:count]
    return np.array(rows + [[0, 0, 0, 0, -1]] * (count - len(rows)))


@pytest.mark.parametrize(
    ("count", "positive"), [(16, 0.5), (3, 0.5), (60, 0.7)]
)
def test_regions_are_those_of_a_plain_loop(count, positive):
    proposals, truth = data()
    got = layers.MaskRegions(count, positive)(proposals, truth)
    assert got.shape == (3, count, 5) and got.dtype == "float32"
    for rows, *pair in zip(got, proposals, truth, strict=True):
        np.testing.assert_array_equal(rows, loop(*pair, count, positive))
    assert (got[0, 0, 4] >= 0) and (got.numpy()[-1, :, 4] == -1).all()


def test_they_are_spread_over_the_proposals():
    boxes = np.tile([[0.0, 0, 8, 8]], (100, 1))
    boxes[:, 3] += np.arange(100) / 100
    truth = np.array([[[0, 0, 8, 8, 2]]])
    rows = layers.MaskRegions(11)(boxes[None], truth)[0].numpy()
    places = np.sort(rows[1:, 3] - 8)
    assert np.diff(places).max() < 0.2 and len(set(places)) == 10


def test_no_proposals_no_truth_and_padding():
    proposals, truth = data()
    layer = layers.MaskRegions(8)
    got = layer(proposals[:, :0], truth).numpy()
    assert (got[0, :3, 4] >= 0).all() and (got[0, 3:, 4] == -1).all()
    got = layer(proposals, truth[:, :0]).numpy()
    np.testing.assert_array_equal(got, np.tile([0, 0, 0, 0, -1], (3, 8, 1)))
    # Whatever the padding of other pictures, they are the same.
    padded = np.concatenate([truth, np.full((3, 4, 5), -1.0)], 1)
    np.testing.assert_array_equal(
        layer(proposals, padded), layer(proposals, truth)
    )


def test_regions_are_constants_in_floats_and_compile():
    proposals, truth = map(tf.constant, data())
    layer = layers.MaskRegions(8, dtype="mixed_float16")
    with tf.GradientTape() as tape:
        tape.watch(proposals)
        y = layer(proposals, truth)
    assert tape.gradient(y, proposals) is None and y.dtype == "float32"
    compiled = tf.function(layer, jit_compile=True)(proposals, truth)
    np.testing.assert_array_equal(compiled, y)
    symbols = keras.Input((40, 4)), keras.Input((None, 5))
    assert layer(*symbols).shape == (None, 8, 5)
    model = keras.Model(symbols, layer(*symbols))
    np.testing.assert_array_equal(model.predict([*data()], verbose=0), y)


def answers(seed=0):
    rng = np.random.default_rng(seed)
    proposals, _ = data(seed)
    rest = rng.normal(size=(3, 40, 3 + 8))
    proposals = np.nan_to_num(proposals)
    return np.concatenate([proposals, rest], -1).astype("float32")


@pytest.mark.parametrize("per_class", [True, False])
def test_detections_are_the_two_functions(per_class):
    y = answers()
    flags = 2, (90, 80), 12, 0.2, 0.4, per_class
    layer = layers.RegionDetections(*flags)
    left = ops.non_max_suppression(
        *ops.region_answers(y, 2, (90, 80)), 0.2, 0.4, 12, per_class
    )
    got = layer(y)
    assert got.shape == (3, 12, 6) and got.dtype == "float32"
    np.testing.assert_array_equal(got[..., :4], left["boxes"])
    np.testing.assert_array_equal(got[..., 4], left["labels"])
    np.testing.assert_array_equal(got[..., 5], left["scores"])
    again = layers.RegionDetections.from_config(layer.get_config())
    np.testing.assert_array_equal(again(y), got)
    y = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(y)
        got = layer(y)
    assert tape.gradient(got, y) is None
    assert (
        layers.RegionDetections(2, (9, 9), dtype="mixed_float16")(
            tf.cast(y, "float16")
        ).dtype
        == "float32"
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: layers.MaskRegions(0), "`count` must be 1 or more"),
        (lambda: layers.MaskRegions(3, 0), "`positive` must be above 0"),
        (
            lambda: layers.MaskRegions()(tf.zeros((1, 2, 4)), tf.zeros((2, 5))),
            r"`truth` must have the shape \(batch, n, 5\)",
        ),
        (
            lambda: layers.RegionDetections(2, (9, 9))(tf.zeros((1, 2, 9))),
            "`inputs` must have the shape",
        ),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
