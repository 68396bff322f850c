"""Networks of two stages, and of regions that others propose."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import losses, models, ops
from kerasnotes.models.detectors import fast_rcnn

ANCHORS = (((6, 9), (14, 12)),)
BOXES = np.array(
    [[[0, 0, 16, 16], [8.5, 3, 30, 20], [20, 4, 60, 31]]], "float32"
)


def trunk(shape=(32, 64, 3)):
    keras.utils.set_random_seed(0)
    return models.DarknetSmall(shape, include_top=False, width=0.25, stages=3)


def faster(**more):
    flags = {"filters": 8, "proposals": 6, "hidden": 16} | more
    return models.FasterRCNN(trunk(), 3, ANCHORS, (8,), **flags)


def fast(**more):
    return models.FastRCNN(trunk(), 3, 8, filters=8, hidden=16, **more)


def pictures(count=1, shape=(32, 64, 3)):
    values = np.random.default_rng(0).uniform(0, 255, (count, *shape))
    return values.astype("float32")


def test_the_second_stage_sees_what_the_first_proposes():
    model = faster()
    y = model(pictures(2))
    assert y["anchors"].shape == (2, model.grids.size, 5)
    assert y["regions"].shape == (2, 6, 4 + 4 + 12)
    want = ops.region_proposals(y["anchors"], model.grids, 6)
    np.testing.assert_allclose(y["regions"][..., :4], want, atol=1e-4)


def test_each_stage_has_a_gradient_of_its_own():
    model = faster()
    truth = tf.constant([[[4.0, 4, 14, 16, 1], [-1, -1, -1, -1, -1]]])
    of_each = {
        "anchors": losses.RegionProposalLoss(model.grids),
        "regions": losses.RegionLoss(3),
    }
    weights = {
        "anchors": model.get_layer("logits_8").kernel,
        "regions": model.get_layer("logits").kernel,
    }
    with tf.GradientTape(persistent=True) as tape:
        y = model(pictures(), training=True)
        values = {k: loss(truth, y[k]) for k, loss in of_each.items()}
    for name, value in values.items():
        for of, weight in weights.items():
            gradient = tape.gradient(value, weight.value)
            is_own = gradient is not None and np.abs(gradient).max() > 0
            assert is_own == (name == of)
        below = tape.gradient(value, model.get_layer("conv1").kernel.value)
        assert np.isfinite(below).all() and np.abs(below).max() > 0


def test_a_region_is_answered_alone():
    model, x = fast(), pictures()
    together = model({"pixels": x, "boxes": BOXES})
    padded = np.concatenate([BOXES[:, ::-1], np.zeros([1, 2, 4], "float32")], 1)
    again = model({"pixels": x, "boxes": padded})
    assert together.shape == (1, 3, 20) and again.shape == (1, 5, 20)
    np.testing.assert_allclose(again[:, 2::-1], together, atol=1e-4)
    np.testing.assert_array_equal(together[..., :4], BOXES)


def test_rcnn_is_its_trunk_on_the_pixels_of_a_region():
    backbone = trunk((16, 16, 3))
    model = models.RCNN(backbone, 3, (32, 64, 3), context=1.0, hidden=16)
    x = pictures(2)
    boxes = np.array([[[8, 0, 40, 32]], [[30, 0, 62, 32]]], "float32")
    got = model({"pixels": x, "boxes": boxes})
    # Of twice the trunk's size, a point of it is the mean of four pixels.
    crops = np.stack([x[0, :, 8:40], x[1, :, 30:62]])
    crops = tf.nn.avg_pool2d(crops, 2, 2, "VALID")
    seen = keras.ops.reshape(backbone(crops), (2, 1, -1))
    for i in (1, 2):
        for suffix in ("", "_norm", "_relu"):
            seen = model.get_layer(f"hidden_{i}{suffix}")(seen)
    want = [boxes, model.get_layer("logits")(seen)]
    want.append(model.get_layer("deltas")(seen))
    np.testing.assert_allclose(
        got, np.concatenate([*map(np.asarray, want)], -1), atol=1e-3
    )


def test_context_is_around_the_centre():
    got = fast_rcnn._enlarged(keras.ops.convert_to_tensor(BOXES[:, :1]), 1.5)
    assert got.numpy().tolist() == [[[-4, -4, 20, 20]]]


@pytest.mark.parametrize(
    "build",
    [
        faster,
        fast,
        lambda: models.RCNN(trunk((16, 16, 3)), 3, (32, 64, 3), hidden=16),
    ],
)
def test_they_reload(build, tmp_path):
    model, x = build(), pictures()
    if isinstance(model.input, dict):
        x = {"pixels": x, "boxes": BOXES}
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(
        tf.nest.flatten(model(x)), tf.nest.flatten(again(x)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: faster(proposals=0), "`proposals` must be 1 or more"),
        (lambda: faster(prior=1.0), "`prior` must lie between 0 and 1"),
        (lambda: models.FastRCNN(trunk(), 3, 64), "`strides`: .* no maps"),
        (
            lambda: models.RCNN(trunk(), 3, (9, 9, 3), context=0.5),
            "`context` must be 1 or more",
        ),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
