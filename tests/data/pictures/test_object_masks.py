"""Masks of objects: packed, tight, of regions, and in batches."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from kerasnotes import errors
from kerasnotes.data.pictures import (
    instance_batches,
    load_boxes,
    mask_examples,
    object_masks,
)
from kerasnotes.data.pictures.augmentation import named
from kerasnotes.data.pictures.box_examples import BoxExamples, of_classes

ragged = tf.RaggedTensor.from_row_lengths


@pytest.mark.parametrize("width", [1, 7, 8, 9, 30])
def test_packed_masks_come_back(width):
    masks = np.random.default_rng(0).random((3, 5, width)) < 0.4
    packed = object_masks.pack(masks)
    assert packed.shape == (3, 5, -(-width // 8))
    back = object_masks.unpack(tf.constant(packed), width)
    np.testing.assert_array_equal(back, masks)
    empty = object_masks.unpack(tf.constant(packed[:0]), width)
    assert empty.shape == (0, 5, width)


def test_boxes_are_those_of_scipy():
    masks = np.random.default_rng(1).random((40, 9, 12)) < 0.03
    boxes, there = object_masks.tight_boxes(tf.constant(masks))
    for mask, box, is_there in zip(masks, boxes, there, strict=True):
        found = ndimage.find_objects(mask.astype(int))
        assert bool(is_there) == bool(found)
        if found:
            rows, columns = found[0]
            expected = columns.start, rows.start, columns.stop, rows.stop
            np.testing.assert_array_equal(box, expected)
        else:
            np.testing.assert_array_equal(box, [0, 0, 0, 0])
    boxes, there = object_masks.tight_boxes(tf.zeros([0, 9, 12], tf.bool))
    assert boxes.shape == (0, 4)
    assert there.shape == (0,)


def _regions(least_share=0.0):
    masks = np.zeros((2, 20, 30), "uint8")
    masks[0, 2:6, 3:9] = 1
    masks[0, 10:14, 3:9] = 2
    masks[0, 2, 20] = 1
    masks[0, 15:, 20:] = 255
    return object_masks.of_regions(
        mask_examples.MaskExamples(
            np.zeros((2, 20, 30, 3), "uint8"),
            masks,
            ["a", "b"],
            ["ground", "cell", "grain"],
        ),
        least_share,
    )


def test_regions_become_objects():
    examples = _regions()
    assert examples.class_names == ["cell", "grain"]
    assert examples.labels.to_list() == [[0, 0, 1], []]
    assert examples.boxes.to_list()[0] == [
        [3, 2, 9, 6],
        [20, 2, 21, 3],
        [3, 10, 9, 14],
    ]
    masks = object_masks.unpack(examples.masks[0], 30).numpy()
    assert masks.sum((1, 2)).tolist() == [24, 1, 24]
    assert masks[2, 10:14, 3:9].all()
    fewer = _regions(0.01)
    assert fewer.labels.to_list() == [[0, 1], []]
    assert fewer.notes[-1] == "1 region below 6 pixels, left out"


def test_classes_are_chosen_with_their_masks():
    grains = of_classes(_regions(), ["grain"])
    assert grains.labels.to_list() == [[0], []]
    masks = object_masks.unpack(grains.masks[0], 30).numpy()
    assert masks.sum() == masks[0, 10:14, 3:9].sum() == 24


def _one(mask, crowd=False):
    boxes, _ = object_masks.tight_boxes(tf.constant(mask[None]))
    return BoxExamples(
        255 * mask[None, ..., None].astype("uint8"),
        ragged([0], [1]),
        ["a"],
        ["cell"],
        boxes=ragged(boxes, [1]),
        crowd=ragged([crowd], [1]),
        masks=ragged(object_masks.pack(mask[None]), [1]),
    )


def test_masks_follow_their_picture_and_boxes_are_tight():
    rows, columns = np.mgrid[:32, :32]
    mask = (rows - 14) ** 2 / 100 + (columns - 17) ** 2 / 30 < 1
    policy = named.build("standard:rotate=40")
    split = instance_batches.InstanceSplit(_one(mask), [0], policy)
    for x, y, _ in split.training_batches(1, 3, 0, 0, 6):
        shown = x.numpy()[0, ..., 0] > 127
        moved = y["masks"].numpy()[0, 0] == 1
        union = (shown | moved).sum()
        assert (shown & moved).sum() / union > 0.85
        ((rows, columns),) = ndimage.find_objects(moved.astype(int))
        around = columns.start, rows.start, columns.stop, rows.stop
        box = y["regions"].numpy()[0, 0]
        np.testing.assert_array_equal(box, [*around, 0])


def test_a_crowd_has_a_box_and_no_pixel():
    mask = np.zeros((8, 8), bool)
    mask[2:5, 2:7] = True
    split = instance_batches.InstanceSplit(
        _one(mask, crowd=True), [0], with_truth=True
    )
    ((x, y, _),) = split.evaluation_batches(1)
    assert y["regions"].numpy()[0, 0].tolist() == [2, 2, 7, 5, -2]
    assert not y["masks"].numpy().any()
    assert (x["boxes"].numpy()[0, :, 4] == -1).all()


def test_what_has_no_masks_is_refused():
    examples = _one(np.ones((4, 4), bool))
    without = BoxExamples(
        examples.images,
        examples.labels,
        examples.ids,
        examples.class_names,
        boxes=examples.boxes,
    )
    with pytest.raises(ValueError, match="must have masks"):
        instance_batches.InstanceSplit(without, [0])
    with pytest.raises(errors.UserError, match="have no masks"):
        load_boxes.load("voc", masks=True)
