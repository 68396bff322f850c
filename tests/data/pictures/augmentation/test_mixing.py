"""Targets of mixed pictures: labels, boxes with classes, masks."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures.augmentation import blending, mixing
from kerasnotes.data.pictures.augmentation.policy import Policy

RNG = np.random.default_rng(0)


def mix_scenes(targets, weights, shares):
    """Mixes a nest of boxes, their classes, and a mask."""
    objects, masks = targets["objects"], targets["masks"]
    others = mixing.following(objects)
    shown = mixing.join(
        mixing.box_shares(objects["boxes"], shares),
        mixing.box_shares(others["boxes"], 1.0 - shares),
    )
    mixed = {
        "objects": mixing.join(objects, others),
        "shown": shown,
        "masks": mixing.paste(masks, mixing.following(masks), shares),
    }
    return mixed, mixing.mix_weights(weights, shares)


def scenes(count, lengths):
    corners = np.sort(RNG.uniform(0, 16, (sum(lengths), 2, 2)), 1)
    boxes = corners.reshape(-1, 4).astype(np.float32)
    classes = np.arange(sum(lengths))
    rows = tf.RaggedTensor.from_row_lengths
    masks = RNG.integers(0, 9, (count, 16, 16))
    objects = {"boxes": rows(boxes, lengths), "y": rows(classes, lengths)}
    return {"objects": objects, "masks": tf.constant(masks)}


@pytest.mark.parametrize("lengths", [[2, 0, 3], [0, 0, 0], [2]])
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_boxes_are_joined_and_masks_pasted(name, lengths):
    count = len(lengths)
    policy = Policy(**{name: 1.0})
    targets = scenes(count, lengths)
    pictures = RNG.integers(0, 256, (count, 16, 16, 1)).astype(np.float32)
    weights = np.arange(1.0, count + 1).astype(np.float32)
    numbers = RNG.random((count, policy.width)).astype(np.float32)
    data = tf.data.Dataset.from_tensors((pictures, targets, weights, numbers))
    data = data.map(
        lambda x, y, w, numbers: policy.mix(x, y, w, numbers, mix_scenes)
    )
    x, y, w = next(iter(data))
    shares = blending.draw_shares(
        numbers, policy.mixup, policy.cutmix, 16, 16
    ).numpy()
    following = (np.arange(count) + 1) % count
    np.testing.assert_allclose(
        x, shares * pictures + (1 - shares) * pictures[following], atol=1e-3
    )
    share = shares.mean((1, 2, 3))
    np.testing.assert_allclose(
        w, share * weights + (1 - share) * weights[following], rtol=1e-5
    )
    first = shares[..., 0] >= 0.5
    masks = targets["masks"].numpy()
    np.testing.assert_array_equal(
        y["masks"], np.where(first, masks, masks[following])
    )
    for row, other in enumerate(following):
        for key, values in targets["objects"].items():
            wanted = np.concatenate([values[row], values[other]])
            np.testing.assert_array_equal(y["objects"][key][row], wanted)
        assert y["shown"][row].shape == y["objects"]["y"][row].shape


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_shares_of_boxes_are_means_over_their_pixels(dtype):
    shares = RNG.random((2, 12, 9, 1)).astype(np.float32)
    boxes = [[[2, 3, 7, 9], [0, 0, 9, 12], [-5, 8, 3, 20], [4, 4, 4, 9]]] * 2
    means = mixing.box_shares(np.array(boxes, dtype), shares)
    assert means.dtype == tf.float32
    for picture, row in zip(shares, means.numpy(), strict=True):
        wanted = [
            picture[3:9, 2:7].mean(), picture.mean(), picture[8:, :3].mean(), 0,
        ]  # fmt: skip
        np.testing.assert_allclose(row, wanted, rtol=1e-5)


def test_none_at_all():
    shares = np.ones((2, 4, 4, 1), np.float32)
    assert mixing.box_shares(np.zeros((2, 0, 4)), shares).shape == (2, 0)
    empty = tf.RaggedTensor.from_row_lengths(tf.zeros([0, 4]), [0, 0])
    assert mixing.box_shares(empty, shares).to_list() == [[], []]
    assert mixing.join(empty, mixing.following(empty)).to_list() == [[], []]
    none = np.zeros((0, 4, 4, 1), np.float32)
    y, w = mixing.class_labels(3)(np.zeros(0, int), none[:, 0, 0, 0], none)
    assert y.shape == (0, 3) and w.shape == (0,)
