"""Folders of pictures with masks: sizes, splits, stacks, and what is wrong."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.data.pictures import load_masks
from tests.support import mask_files
from tests.support.mask_files import HEIGHT, WIDTH, mask


def test_an_archive_with_splits(tmp_path):
    for i, split in enumerate(("train", "val", "test")):
        mask_files.picture(tmp_path / "a" / split / "images" / "x.png", i)
        mask_files.save(tmp_path / "a" / split / "masks" / "x.png", mask(i))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in (tmp_path / "a").rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path / "a"))
    got = load_masks.load(str(tmp_path / "a.zip"))
    assert got.ids == [f"{s}/images/x.png" for s in ("test", "train", "val")]
    assert {k: v.tolist() for k, v in got.official.items()} == {
        "train": [1], "dev": [2], "test": [0]
    }  # fmt: skip
    np.testing.assert_array_equal(got.labels, [mask(2), mask(0), mask(1)])
    assert got.images.shape == (3, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("folder", [".", "train"])
def test_rows_are_cut_in_the_order_of_the_names(tmp_path, folder):
    """Else dev would be between two neighbours of train."""
    mask_files.beside(tmp_path / folder, count=9)
    got = mask_files.examples(tmp_path)
    sides = split_choice.choose(
        got.ids, got.strata, got.official, "train[:6],dev[6:]"
    )
    assert sides["train"].tolist() == [0, 1, 2, 3, 4, 5]
    assert [got.ids[i].rpartition("/")[2] for i in sides["dev"]] == [
        "6.png", "7.png", "8.png"
    ]  # fmt: skip
    # By default each side has its share, by the hash.
    sides = split_choice.choose(got.ids, got.strata, got.official)
    want = split_choice.choose(got.ids, got.strata)
    for name in want:
        assert sorted(sides[name]) == sorted(want[name])


def test_what_has_no_partner_is_counted_and_named(tmp_path):
    mask_files.beside(tmp_path)
    (tmp_path / "2.png").unlink()
    (tmp_path / "3_mask.png").unlink()
    (tmp_path / "1_mask.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 90)
    mask_files.picture(tmp_path / "4.png", 4)
    mask_files.save(tmp_path / "4_mask.png", np.ones([HEIGHT, 4]))
    got = mask_files.examples(tmp_path)
    assert got.ids == ["0.png"]
    kinds = dict(got.skipped)
    assert "without a mask" in kinds["3.png"]
    assert "without a picture" in kinds["2_mask.png"]
    assert "can't be read" in next(v for k, v in kinds.items() if "1_m" in k)
    assert kinds["4_mask.png: 4×12, the picture 16×12"].startswith(
        "masks of another size"
    )
    assert len(got.notes) == 5


@pytest.mark.parametrize("orientation", [3, 6])
def test_masks_of_pictures_that_exif_turns(tmp_path, orientation):
    mask_files.beside(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = orientation
    mask_files.picture(tmp_path / "0.jpg", 0, exif=exif)
    (tmp_path / "0.png").unlink()
    got = mask_files.examples(tmp_path)
    turned = orientation == 6
    assert ("0.jpg" in got.ids) is not turned
    kind = "as stored, which EXIF turns" if turned else "of the picture shown"
    assert any(kind in line and "0_mask.png" in line for line in got.notes)


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
def test_masks_go_where_their_pictures_go(tmp_path, mode):
    """A picture that shows its mask still does at another size."""
    side = 24
    for i in range(2):
        rows = mask(i).repeat(side, 0).repeat(side, 1)
        shown = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], np.uint8)
        mask_files.save(tmp_path / f"{i}.png", shown[rows])
        mask_files.save(tmp_path / f"{i}_mask.png", rows)
    got = mask_files.examples(tmp_path, (40, 30), mode=mode)
    red, green = got.images[..., 0] > 127, got.images[..., 1] > 127
    want = np.where(red, 1, np.where(green, 2, 0))
    counts = got.labels != 255
    assert counts.all() if mode != "pad" else 0.4 < counts.mean() < 0.7
    # The two may round a border's pixels to either side.
    assert (got.labels == want)[counts].mean() > 0.99


def test_pictures_of_their_own_size(tmp_path):
    mask_files.beside(tmp_path)
    assert mask_files.examples(tmp_path, None).images.shape[1:3] == (12, 16)
    mask_files.picture(tmp_path / "0.png", 0, (20, 12))
    mask_files.save(tmp_path / "0_mask.png", np.ones([12, 20]))
    with pytest.raises(errors.UserError, match="--image_size") as info:
        mask_files.examples(tmp_path, None)
    assert "has 16×12, 0.png 20×12 pixels" in str(info.value)


def test_stacks_have_a_picture_a_page(tmp_path):
    rng = np.random.default_rng(0)
    pages = rng.integers(0, 256, [3, HEIGHT, WIDTH]).astype(np.uint8)
    mask_files.stack(tmp_path / "train-volume.tif", pages)
    masks = [mask(i, (0, 255, 255)) for i in range(3)]
    mask_files.stack(tmp_path / "train-labels.tif", masks)
    got = mask_files.examples(tmp_path, None)
    assert got.ids == [f"train-volume#00{i}.tif" for i in range(3)]
    np.testing.assert_array_equal(got.images[..., 0], pages)
    np.testing.assert_array_equal(got.labels, np.array(masks) // 255)
    assert "train-volume.tif is a stack of 3 pictures" in got.notes[0]


def test_a_broken_tiff_is_skipped(tmp_path):
    mask_files.beside(tmp_path)
    (tmp_path / "9.tif").write_bytes(b"II*\0" + bytes(60))
    got = mask_files.examples(tmp_path)
    assert "no whole TIFF" in dict(got.skipped)["9.tif"]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: mask_files.picture(p / "a.png"), "no picture with a mask"),
        (lambda p: (p / "a.txt").write_text("a"), "holds no pictures"),
        (
            lambda p: mask_files.beside(p, values=(0, 0, 0)),
            "--dataset: 1 class",
        ),
        (
            lambda p: mask_files.beside(p, values=(255, 255, 255),
                                        palette=mask_files.PALETTE),
            "no pixel counts",
        ),
    ],
)  # fmt: skip
def test_what_it_refuses(tmp_path, write, message):
    write(tmp_path)
    with pytest.raises(errors.UserError, match=message):
        mask_files.examples(tmp_path)
