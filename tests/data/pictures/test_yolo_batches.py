"""Batches of a YOLO network's targets."""

import numpy as np
import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.pictures import box_batches, yolo_batches
from kerasnotes.data.pictures.augmentation import mosaic, policy
from tests.support import box_toys

GRIDS = ops.Grids((8, 8), (4, 8), (((3, 3),), ((7, 7),)), 2)


def test_targets_are_those_of_the_boxes():
    split = yolo_batches.YoloSplit(box_toys.build(), [2, 0, 1], GRIDS)
    ((x, y, w),) = split.evaluation_batches(3)
    boxes = [[[2, 2, 3, 3], [-1] * 4], [[1, 1, 4, 4], [0, 0, 8, 8]]]
    want, _ = ops.yolo_encode(
        [*boxes, [[-1.0] * 4] * 2], [[1, -1], [0, 1], [-1, -1]], GRIDS
    )
    assert x.shape == (3, 8, 8, 3) and w.numpy().tolist() == [1, 1, 1]
    assert y.shape == (3, GRIDS.size, 7) and want[:, :, 0].numpy().sum() == 3
    np.testing.assert_array_equal(y, want)


def test_crowds_have_no_place_and_difficult_objects_have_one():
    flags = {"labels": [[0, 1], [], [1]]}
    ragged = tf.ragged.constant(flags["labels"], ragged_rank=1)
    examples = box_toys.build(
        crowd=ragged.with_values(tf.constant([True, False, False])),
        difficult=ragged.with_values(tf.constant([False, True, False])),
    )
    split = yolo_batches.YoloSplit(examples, [0, 1, 2], GRIDS)
    ((_, y, _),) = split.evaluation_batches(3)
    assert y.numpy()[..., 0].sum(1).tolist() == [1, 0, 1]
    assert y.numpy()[0, :, 5:].sum(0).tolist() == [0, 1]


def test_boxes_follow_the_policy_before_they_are_encoded():
    examples = box_toys.build(labels=((0,), (), (1,)), boxes=[
        [1.0, 1, 3, 3], [4, 4, 8, 8]
    ])  # fmt: skip
    flip = policy.Policy(flip=True, mirror=True)
    arguments = (examples, np.arange(3))
    plain = box_batches.BoxSplit(*arguments, flip, padded=True)
    split = yolo_batches.YoloSplit(*arguments, GRIDS, flip)
    ways = [s.training_batches(3, 5, 0, 0, 4) for s in (plain, split)]
    seen = set()
    for (_, boxes, _), (_, y, _) in zip(*ways, strict=True):
        want, _ = ops.yolo_encode(boxes["boxes"], boxes["labels"], GRIDS)
        np.testing.assert_array_equal(y, want)
        seen.add(y.numpy().tobytes())
    assert len(seen) > 1


def test_mosaics_end_and_splits_of_splits_are_encoded():
    examples = box_toys.build()
    base = box_batches.BoxSplit(examples, [0, 1, 2])
    tiles = mosaic.Mosaic(1.0, (0.5, 0.5), 0.0)
    split = yolo_batches.YoloSplit.of(base, GRIDS, tiles, 1)
    first, second = split.training_batches(3, 0, 0, 0, 2)
    ((_, plain, _),) = split.evaluation_batches(3)
    assert np.sort(second[1], 0).tolist() == np.sort(plain, 0).tolist()
    assert np.sort(first[1], 0).tolist() != np.sort(plain, 0).tolist()
    part = split.take(2)
    assert part.size == 2 and part.grids == GRIDS
    (again,) = part.training_batches(2, 0, 1, 0, 2)
    assert again[1].shape == (2, GRIDS.size, 7)
