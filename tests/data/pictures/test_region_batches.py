"""Batches for detectors that look at regions."""

import numpy as np
import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.pictures import (
    box_batches,
    proposal_batches,
    region_batches,
)
from kerasnotes.data.pictures.augmentation import mosaic, policy
from tests.support import box_toys

RAGGED = tf.RaggedTensor.from_row_lengths


def proposed(examples, boxes, **more):
    return proposal_batches.ProposalSplit(
        examples, [0, 1, 2], RAGGED(*boxes), most=4, **more
    )


def test_rows_are_boxes_and_labels_and_crowds_are_told_apart():
    ragged = tf.ragged.constant([[0, 1], [], [1]], ragged_rank=1)
    examples = box_toys.build(
        labels=[[0, 1], [], [1]],
        crowd=ragged.with_values(tf.constant([True, False, False])),
    )
    split = region_batches.RegionSplit(examples, [0, 1, 2])
    ((x, y, w),) = split.evaluation_batches(3)
    assert x.shape == (3, 8, 8, 3) and w.numpy().tolist() == [1, 1, 1]
    np.testing.assert_array_equal(y["anchors"], y["regions"])
    assert y["regions"][..., 4].numpy().tolist() == [[-2, 1], [-1, -1], [1, -1]]
    boxes = examples.boxes.to_tensor(-1.0)
    np.testing.assert_array_equal(y["regions"][..., :4], boxes)


def test_without_any_object_there_is_a_row_of_padding():
    split = region_batches.RegionSplit(box_toys.build(), [1])
    ((_, y, _),) = split.evaluation_batches(1)
    assert y["regions"].numpy().tolist() == [[[-1.0] * 5]]


def test_rows_of_mosaics_and_of_parts():
    base = box_batches.BoxSplit(box_toys.build(), [0, 1, 2])
    tiles = mosaic.Mosaic(1.0, (0.5, 0.5), 0.0)
    split = region_batches.RegionSplit.of(
        base, mosaic=tiles, mosaic_epochs=1
    ).take(2)
    assert split.size == 2
    first, second = split.training_batches(2, 0, 0, 0, 2)
    assert first[1]["regions"].shape == (2, 4 * split.max_boxes, 5)
    ((_, plain, _),) = split.evaluation_batches(2)
    rows = [np.sort(y["regions"].numpy(), 0) for y in (second[1], plain)]
    assert (rows[0][:, : rows[1].shape[1]] == rows[1]).all()


def test_proposals_come_beside_pictures_and_are_no_objects():
    examples = box_toys.build()
    boxes = ([[0.0, 0, 3, 3], [2, 2, 8, 8], [1, 1, 4, 4]], [2, 0, 1])
    split = proposed(examples, boxes)
    ((x, y, _),) = split.evaluation_batches(3)
    assert x["pixels"].shape == (3, 8, 8, 3)
    want = RAGGED(*boxes).to_tensor(0.0, shape=[3, 4, 4])
    np.testing.assert_array_equal(x["boxes"], want)
    plain = region_batches.RegionSplit(examples, [0, 1, 2])
    ((_, truth, _),) = plain.evaluation_batches(3)
    np.testing.assert_array_equal(y, truth["regions"])
    _, objects, _ = split.objects(tf.range(3), None)
    assert objects["labels"].to_list() == examples.labels.to_list()


def test_a_sample_has_its_share_and_the_true_boxes():
    examples = box_toys.build(labels=[[0], [], []], boxes=[[2.0, 2, 6, 6]])
    near = [[2.0, 2, 6, 5 + i / 10] for i in range(8)]
    far = [[0.0, 0, 3 + i / 10, 4] for i in range(8)]
    split = proposed(examples, (near + far, [16, 0, 0]), sample=8, lowest=0.05)
    drawn = set()
    for x, _, _ in split.training_batches(3, 0, 0, 0, 12):
        (rows,) = [r for r in x["boxes"].numpy() if r.any()]
        share = ops.iou(rows, [[2.0, 2, 6, 6]]).numpy()[:, 0]
        assert (share >= 0.5).sum() == 2 and (share < 0.5).sum() == 6
        drawn |= {tuple(r) for r in rows.tolist()}
    assert (2, 2, 6, 6) in drawn and len(drawn) > 12


def test_a_sample_depends_on_seed_epoch_and_picture_alone():
    examples = box_toys.build()
    boxes = np.random.default_rng(0).uniform(0, 4, (30, 4))
    boxes[:, 2:] += 4
    flip = policy.Policy(flip=True, mirror=True)
    split = proposed(
        examples, (boxes.astype("float32"), [10] * 3), sample=6, augment=flip
    )
    whole = list(split.training_batches(3, 1, 0, 0, 3))
    late = list(split.training_batches(3, 1, 2, 0, 3))
    parts = [
        list(split.training_batches(3, 1, 2, 0, 3, (i, 3))) for i in range(3)
    ]
    np.testing.assert_array_equal(whole[2][0]["boxes"], late[0][0]["boxes"])
    joined = np.concatenate([p[0][0]["boxes"] for p in parts])
    np.testing.assert_array_equal(joined, late[0][0]["boxes"])
    assert (whole[0][0]["boxes"] != whole[1][0]["boxes"]).numpy().any()


def test_proposals_follow_the_augmentation():
    examples = box_toys.build()
    boxes = examples.boxes
    split = proposal_batches.ProposalSplit(
        examples,
        [0, 1, 2],
        boxes,
        most=2,
        sample=4,
        share=1.0,
        augment=policy.Policy(flip=True, mirror=True),
    )
    for x, y, _ in split.training_batches(3, 3, 0, 0, 4):
        for rows, truth in zip(x["boxes"].numpy(), y.numpy(), strict=True):
            truth = truth[truth[:, 4] >= 0, :4].tolist()
            assert all(r in truth for r in rows[rows.any(1)].tolist())
