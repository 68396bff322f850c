"""Masks in batches: they go where their pictures go."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.pictures import (
    mask_batches,
    mask_crops,
    mask_examples,
    mask_statistics,
)
from kerasnotes.data.pictures.augmentation import named

CLASSES = ["sky", "sea", "land"]
LEVELS = np.array([10, 120, 230], np.uint8)


def examples(count=4, size=(24, 32), colour=False):
    """Return pictures whose grey levels are their masks' classes."""
    masks = np.zeros([count, *size], np.uint8)
    masks[:, 8:, : size[1] // 2] = 1
    for i in range(count):
        masks[i, 4 + i : 6 + i, 20:24] = 2
    pictures = LEVELS[masks][..., None].repeat(3 if colour else 1, -1)
    return mask_examples.MaskExamples(
        pictures, masks, [str(i) for i in range(count)], CLASSES
    )


def shown(x):
    """Return the class that each pixel shows."""
    return np.abs(x[..., :1] - LEVELS.astype(float)).argmin(-1)


@pytest.mark.parametrize("colour", [False, True])
def test_masks_follow_the_warp_of_their_pictures(colour):
    policy = named.build("standard:canvas=1,brightness=0,contrast=0,shear=9")
    split = mask_batches.MaskSplit(examples(colour=colour), range(4), policy)
    outside, alike = 0, []
    for x, y, w in split.training_batches(4, 0, 0, 0, 20):
        x, y = x.numpy(), y.numpy()
        assert y.dtype == np.int32 and w.numpy().tolist() == [1] * 4
        inside = y >= 0
        outside += (~inside).sum()
        alike.append((shown(x) == y)[inside].mean())
        # What doesn't count is black.
        assert (x[~inside] < 120).all()
    # Borders between classes are interpolated in the picture.
    assert np.mean(alike) > 0.95
    # Pictures in colour are reflected, and so are their masks.
    assert (outside == 0) == colour


def test_masks_follow_windows_of_a_larger_canvas():
    data = examples(colour=True)
    larger = data.images.repeat(2, 1).repeat(2, 2)
    data = dataclasses.replace(data, canvas=larger)
    policy = named.build("standard:brightness=0,contrast=0,canvas=2,crop=0.3")
    split = mask_batches.MaskSplit(data, range(4), policy)
    alike = []
    for x, y, _ in split.training_batches(4, 0, 0, 0, 10):
        assert x.shape == (4, 24, 32, 3)
        alike.append((shown(x.numpy()) == y.numpy()).mean())
    assert np.mean(alike) > 0.95


def test_plain_batches_are_the_examples():
    data = examples()
    data = dataclasses.replace(
        data, labels=np.where(data.labels == 2, 255, data.labels)
    )
    split = mask_batches.MaskSplit(data, [2, 0])
    ((x, y, _),) = split.evaluation_batches(8)
    np.testing.assert_array_equal(x, data.images[[2, 0]].astype("float32"))
    want = data.labels[[2, 0]].astype(int)
    np.testing.assert_array_equal(y, np.where(want == 255, -1, want))


def test_keys_change_with_a_pixel():
    data, other = examples(), examples()
    other.labels[1, 0, 0] = 2
    one, two = (
        mask_batches.MaskSplit(each, range(4)).keys for each in (data, other)
    )
    assert [a == b for a, b in zip(one, two, strict=True)] == [1, 0, 1, 1]


@pytest.mark.parametrize("augment", ["none", "light:rotate=20", "standard"])
def test_windows_are_at_the_resolution_of_the_pictures(augment):
    data = examples(colour=True)
    policy = named.build(augment)
    split = mask_batches.MaskSplit(data, range(4), policy, crop=(10, 12))
    steps = split.steps(5)
    # Three rows of three tiles cover a picture.
    assert steps == 4 * 9 // 5
    for x, y, _ in split.training_batches(5, 1, 0, 0, 2):
        assert x.shape == (5, 10, 12, 3) and y.shape == (5, 10, 12)
        x, y = x.numpy(), y.numpy()
        if augment == "none":
            np.testing.assert_array_equal(shown(x), y)
            assert len(np.unique(x)) <= 3
        else:
            assert (y >= 0).mean() > 0.5


def test_tiles_cover_every_pixel_once():
    data = examples()
    split = mask_batches.MaskSplit(data, range(4), crop=(10, 12))
    counts = np.zeros(3, int)
    for x, y, _ in split.evaluation_batches(7):
        assert x.shape[1:] == (10, 12, 1)
        y = y.numpy()
        assert (shown(x.numpy()) == y)[y >= 0].all()
        counts += np.bincount(y[y >= 0], minlength=3)
    assert counts.tolist() == data.pixels[:, :3].sum(0).tolist()


def test_a_share_of_the_windows_is_about_a_rare_class():
    # Land is 8 of 768 pixels; a window at random rarely shows it.
    shares = []
    for rare in (0.0, 1.0):
        split = mask_batches.MaskSplit(
            examples(), range(4), crop=(6, 6), rare_share=rare
        )
        batches = split.training_batches(8, 0, 0, 0, 4)
        y = np.concatenate([y.numpy() for _, y, _ in batches])
        shares.append((y == 2).any((1, 2)).mean())
        if rare:
            # Of either rare class half of the windows, at the middle.
            middle = y[:, 2:4, 2:4]
            assert 0.3 < (middle == 2).any((1, 2)).mean() < 0.7
            assert (middle > 0).any((1, 2)).mean() > 0.9
    assert shares[0] < 0.2 < 0.4 < shares[1]


def test_windows_go_on_from_any_step():
    split = mask_batches.MaskSplit(
        examples(), range(4), named.build("light"), crop=(8, 8), rare_share=0.5
    )
    every = list(split.training_batches(4, 3, 0, 0, 2))
    rest = list(split.training_batches(4, 3, 1, 2, 2))
    for one, two in zip(every[-len(rest) :], rest, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, two)
    assert len(rest) == split.steps(4) - 2


def test_a_part_of_it_has_the_same_windows():
    split = mask_batches.MaskSplit(examples(), range(4), crop=(8, 8))
    part = split.take(2)
    assert part.size == 2 and part.steps(4) == 6
    x, _, _ = next(iter(part.training_batches(4, 0, 0, 0, 1)))
    assert x.shape == (4, 8, 8, 1)


def test_a_window_larger_than_its_picture():
    with pytest.raises(ValueError, match="`tile` fits into"):
        mask_crops.Tiles((8, 8), (9, 4))


@pytest.mark.parametrize(
    ("masks", "names", "message"),
    [
        (np.zeros([1, 2, 2]), ["a", "b"], "all pixels are of one class, 'a'"),
        (np.full([1, 2, 2], 255), ["a", "b"], "no pixel of any mask counts"),
        (np.zeros([1, 2, 2]), ["a"], "1 class"),
    ],
)
def test_masks_of_which_nothing_can_be_learned(masks, names, message):
    pictures = np.zeros([1, 2, 2, 1], np.uint8)
    with pytest.raises(errors.UserError, match=message):
        mask_examples.MaskExamples(pictures, masks, ["x"], names)


@pytest.mark.parametrize(
    "masks", [np.full([1, 2, 2], 7), np.zeros([1, 2, 3]), np.zeros([2, 2, 2])]
)
def test_masks_that_do_not_fit(masks):
    pictures = np.zeros([1, 2, 2, 1], np.uint8)
    with pytest.raises(ValueError, match="`labels`"):
        mask_examples.MaskExamples(pictures, masks, ["x"], ["a", "b"])


def test_statistics_are_of_the_training_set():
    data = examples()
    data.labels[0] = 255
    data = dataclasses.replace(data)
    got = mask_statistics.statistics(data, [0, 1])
    assert got.pixels == {"sky": 504, "sea": 256, "land": 8}
    assert got.class_pictures == {"sky": 1, "sea": 1, "land": 1}
    assert got.ignored == 768 and got.lines()[0].startswith("2 pictures; 50.0")
