"""Which mask is whose."""

import pytest

from kerasnotes.data.pictures.readers.masks import pairs


@pytest.mark.parametrize(
    ("picture", "mask"),
    [
        ("x.jpg", "x_mask.png"),
        ("a b.jpg", "a b-seg.tif"),
        ("images/x.jpg", "masks/x.png"),
        ("images/train/x.jpg", "labels/train/x.png"),
        ("train/images/x.jpg", "train/annotations/x.png"),
        ("train/x.jpg", "train_masks/x_mask.gif"),
        ("JPEGImages/x.jpg", "SegmentationClass/x.png"),
        ("701/0001.png", "LabeledApproved/labels/0001_L.png"),
        ("train-volume#002.tif", "train-labels#002.tif"),
        ("X.JPG", "Masks/x.PNG"),
    ],
)
def test_one_belongs_to_the_other(picture, mask):
    result = pairs.pairs([picture, mask])
    assert result.masks == {picture: mask}
    assert not result.without_mask + result.without_picture + result.repeated


def test_folders_of_one_name_are_told_apart():
    names = [
        f"{split}/{kind}/1.png"
        for split in ("train", "val")
        for kind in ("images", "masks")
    ]
    assert pairs.pairs(names).masks == {
        "train/images/1.png": "train/masks/1.png",
        "val/images/1.png": "val/masks/1.png",
    }


def test_one_of_two_elsewhere_is_not_guessed():
    names = ["a/1.png", "b/1.png", "masks/1.png"]
    result = pairs.pairs(names)
    assert not result.masks
    assert result.without_mask == ["a/1.png", "b/1.png"]
    assert result.without_picture == ["masks/1.png"]


def test_folders_that_were_named():
    names = ["raw/0.tif", "cells/0.png", "nuclei/0.png", "raw/1.tif"]
    result = pairs.pairs(names, "raw", "nuclei")
    assert result.masks == {"raw/0.tif": "nuclei/0.png"}
    assert result.without_mask == ["raw/1.tif"]


def test_what_stands_twice_and_instances():
    names = ["1.png", "1_mask.png", "1_label.png", "SegmentationObject/1.png"]
    result = pairs.pairs(names)
    assert result.masks == {"1.png": "1_mask.png"}
    assert result.repeated == ["1_label.png"]
