"""Mask R-CNN: what it shares with Faster R-CNN, and what its masks are."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import losses, models, ops
from tests.models.detectors.test_faster_rcnn import (
    ANCHORS,
    faster,
    pictures,
    trunk,
)

TRUTH = np.array(
    [[[4.0, 4, 14, 16, 1], [-1] * 5], [[20, 3, 44, 30, 2], [2, 9, 20, 21, 0]]],
    "float32",
)


def mask_rcnn(**more):
    flags = {"filters": 8, "proposals": 6, "hidden": 16, "mask_filters": 5}
    flags |= {"mask_regions": 7, "detections": 4}
    return models.MaskRCNN(trunk(), 3, ANCHORS, (8,), **flags | more)


def by_path(model):
    return {w.path: w for w in model.weights}


def test_it_is_faster_rcnn_and_masks_of_what_is_left():
    model, other = mask_rcnn(score_threshold=0.3), faster()
    theirs, ours = by_path(other), by_path(model)
    assert theirs.keys() < ours.keys()
    assert {path.split("/")[0] for path in ours.keys() - theirs.keys()} == {
        "mask_head"
    }
    assert model.blocks == other.blocks
    rng = np.random.default_rng(0)
    kernel = ours["logits/kernel"]
    kernel.assign(rng.normal(0, 0.3, kernel.shape))
    for path, weight in theirs.items():
        weight.assign(ours[path])
    y, want = model(pictures(2)), other(pictures(2))
    assert y.keys() == {"anchors", "regions", "masks"}
    for name, value in want.items():
        np.testing.assert_allclose(y[name], value, atol=1e-4)
    left = ops.non_max_suppression(
        *ops.region_answers(y["regions"], 3, (32, 64)), 0.3, 0.5, 4
    )
    masks = y["masks"].numpy()
    assert masks.shape == (2, 4, 6 + 28 * 28) and masks.dtype == "float32"
    np.testing.assert_allclose(masks[..., :4], left["boxes"], atol=1e-4)
    np.testing.assert_array_equal(masks[..., 4], left["labels"])
    np.testing.assert_allclose(masks[..., 5], left["scores"], atol=1e-5)
    assert left["count"].numpy().sum() > 0
    maps = model.get_layer("roi_align").input[0]
    maps = keras.Model(model.input, maps)(pictures(2))
    cut = ops.roi_align(maps, left["boxes"], 14, 8)
    logits = model.get_layer("mask_head")(cut, left["labels"])
    np.testing.assert_allclose(
        masks[..., 6:], np.reshape(logits, (2, 4, -1)), atol=1e-4
    )


def test_padding_has_no_label_and_no_score():
    model = mask_rcnn(score_threshold=0.999)
    rows = model(pictures(2))["masks"].numpy()
    np.testing.assert_array_equal(
        rows[..., :6], np.tile([0, 0, 0, 0, -1, 0], (2, 4, 1))
    )
    assert np.isfinite(rows).all()


def test_training_sees_true_boxes_and_the_regions_of_objects():
    model = mask_rcnn()
    training, x = model.training_model(), pictures(2)
    y = training({"pixels": x, "boxes": TRUTH})
    plain = model(x)
    np.testing.assert_allclose(y["anchors"], plain["anchors"], atol=1e-4)
    assert y["regions"].shape == (2, 8, 4 + 4 + 12)
    np.testing.assert_allclose(y["regions"][:, :6], plain["regions"], atol=1e-4)
    np.testing.assert_array_equal(y["regions"][:, 6:, :4], TRUTH[..., :4])
    masks = y["masks"].numpy()
    assert masks.shape == (2, 7, 6 + 28 * 28)
    np.testing.assert_array_equal(masks[0, 0, :6], [*TRUTH[0, 0], 1])
    np.testing.assert_array_equal(masks[1, :2, :5], TRUTH[1, ::-1])
    assert {w.path for w in training.weights} == set(by_path(model))
    # Those of faster R-CNN's have no labels.
    boxes = {"pixels": x, "boxes": TRUTH[..., :4]}
    assert faster().training_model()(boxes)["regions"].shape == (2, 8, 20)
    empty = training({"pixels": x, "boxes": TRUTH[:, :0]})
    assert (empty["masks"].numpy()[..., 4] == -1).all()


def losses_of(model):
    return {
        "anchors": losses.RegionProposalLoss(model.grids),
        "regions": losses.RegionLoss(3),
        "masks": losses.MaskLoss(),
    }


def test_each_head_has_a_gradient_of_its_own():
    model = mask_rcnn()
    pixels = np.zeros((2, 2, 32, 64), "float32")
    for i, j in np.ndindex(2, 2):
        x0, y0, x1, y1, label = TRUTH[i, j].astype(int)
        pixels[i, j, max(y0, 0) : y1, max(x0, 0) : x1] = label + 1
    weights = {
        "anchors": model.get_layer("logits_8").kernel,
        "regions": model.get_layer("logits").kernel,
        "masks": model.get_layer("mask_head").kernel,
    }
    inputs = {"pixels": tf.constant(pictures(2)), "boxes": tf.constant(TRUTH)}
    training = model.training_model()
    with tf.GradientTape(persistent=True) as tape:
        y = training(inputs, training=True)
        values = {
            k: loss(pixels if k == "masks" else TRUTH, y[k])
            for k, loss in losses_of(model).items()
        }
    for name, value in values.items():
        for of, weight in weights.items():
            gradient = tape.gradient(value, weight.value)
            assert (gradient is not None and np.any(gradient)) == (name == of)
        below = tape.gradient(value, model.get_layer("conv1").kernel.value)
        assert np.isfinite(below).all() and np.any(below)


def test_halves_have_boxes_and_logits_of_floats():
    model = mask_rcnn(dtype="mixed_bfloat16")
    training = model.training_model()
    y = training({"pixels": pictures(2), "boxes": TRUTH})
    for outputs in (y, model(pictures(2))):
        assert {str(x.dtype.name) for x in outputs.values()} == {"float32"}
    np.testing.assert_array_equal(y["masks"][1, :2, :5], TRUTH[1, ::-1])
    assert model.get_layer("mask_head").compute_dtype == "bfloat16"


def test_it_reloads_and_is_exported(tmp_path):
    regularizer = keras.regularizers.L2(0.1)
    model = mask_rcnn(kernel_regularizer=regularizer, per_class=False)
    want = model(pictures(2))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is models.MaskRCNN and again.blocks == model.blocks
    configs = [json.dumps(x.get_config()) for x in (again, model)]
    assert configs[0] == configs[1]
    assert len(again.losses) == len(model.losses)
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    for each in (again, served.serve):
        for name, value in each(pictures(2)).items():
            np.testing.assert_allclose(value, want[name], atol=1e-4)


def scenes():
    """Return two pictures of rectangles and ellipses, and their truth."""
    y, x = np.mgrid[:48, :64] + 0.5
    masks = np.zeros((2, 2, 48, 64), bool)
    masks[0, 0] = (x > 6) & (x < 26) & (y > 8) & (y < 36)
    masks[0, 1] = ((x - 46) / 14) ** 2 + ((y - 24) / 11) ** 2 < 1
    masks[1, 0] = ((x - 18) / 12) ** 2 + ((y - 28) / 15) ** 2 < 1
    boxes, colours = np.full((2, 2, 5), -1.0, "float32"), [250, 90]
    pixels = np.full((2, 48, 64, 3), 20.0, "float32")
    labels = {(0, 0): 0, (0, 1): 1, (1, 0): 1}
    for place, label in labels.items():
        rows = np.flatnonzero(masks[place].any(1))
        columns = np.flatnonzero(masks[place].any(0))
        first, last = (columns[0], rows[0]), (columns[-1] + 1, rows[-1] + 1)
        boxes[place] = [*first, *last, label]
        pixels[place[0]][masks[place]] = colours[label]
    return pixels, boxes, masks


def test_two_pictures_are_learned_by_heart():
    keras.utils.set_random_seed(1)
    x, boxes, masks = scenes()
    flags = {"filters": 32, "proposals": 12, "hidden": 64, "mask_filters": 16}
    flags |= {"mask_regions": 6, "detections": 6}
    anchors = (((20, 28), (28, 22)),)
    model = models.MaskRCNN(trunk((48, 64, 3)), 2, anchors, **flags)
    training = model.training_model()
    training.compile(
        keras.optimizers.Adam(5e-3),
        losses_of(model) | {"regions": losses.RegionLoss(2)},
        jit_compile=False,
    )
    objects = masks * (boxes[..., 4] + 1)[..., None, None]
    y = {"anchors": boxes, "regions": boxes, "masks": objects}
    inputs = {"pixels": x, "boxes": boxes}
    training.fit(inputs, y, epochs=120, batch_size=2, verbose=0)
    rows = keras.ops.convert_to_tensor(model.predict(x, verbose=0)["masks"])
    logits = keras.ops.reshape(rows[..., 6:], (2, -1, 28, 28))
    pasted = ops.paste_masks(
        keras.ops.sigmoid(logits), rows[..., :4], (48, 64), 0.5
    )
    pasted, rows = pasted.numpy(), rows.numpy()
    for i, number in enumerate((2, 1)):
        assert (rows[i, :, 5] > 0.5).sum() == number
        for j in range(number):
            best = np.flatnonzero(rows[i, :, 4] == boxes[i, j, 4])[0]
            got, want = pasted[i, best], masks[i, j]
            assert (got & want).sum() / (got | want).sum() >= 0.8


@pytest.mark.parametrize("name", ["mask_filters", "mask_regions", "detections"])
def test_refuses(name):
    with pytest.raises(ValueError, match=f"`{name}` must be 1 or more"):
        mask_rcnn(**{name: 0})
