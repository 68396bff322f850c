"""What the values of masks mean."""

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from tests.support import mask_files
from tests.support.mask_files import HEIGHT, WIDTH, mask


def read(folder, **arguments):
    return mask_files.examples(folder, **arguments)


def expected(count=4):
    return np.stack([mask(i) for i in range(count)])


def test_indices_of_a_palette_are_the_classes_never_its_colours(tmp_path):
    # The second colour is darker than the first, and two are alike.
    palette = [9, 9, 9, 9, 9, 9, 0, 0, 0] + [0] * 759
    mask_files.beside(tmp_path, palette=palette)
    got = read(tmp_path)
    np.testing.assert_array_equal(got.labels, expected())
    assert got.class_names == ["0", "1", "2"]
    assert got.colours == [(9, 9, 9), (9, 9, 9), (0, 0, 0)]
    assert "indices of a palette are the classes: 0, 1, 2" in got.notes[0]


def test_the_void_of_voc_is_ignored(tmp_path):
    mask_files.beside(tmp_path, values=(0, 15, 255), palette=mask_files.PALETTE)
    (tmp_path / "classes.txt").write_text(
        "\n".join(["background", *(f"c{i}" for i in range(1, 20)), "tv"])
    )
    got = read(tmp_path)
    want = np.stack([mask(i, (0, 15, 255)) for i in range(4)])
    np.testing.assert_array_equal(got.labels, want)
    assert got.class_names[15] == "c15" and len(got.class_names) == 21
    assert "255 is no class, and ignored" in got.notes[0]


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ((0, 1, 1), "L"),
        ((0, 255, 255), "L"),
        ((0, 255, 255), "RGB"),
        ((0, 255, 255), "1"),
    ],
)
def test_two_values_are_background_and_object(tmp_path, values, mode):
    mask_files.beside(tmp_path, values=values, mode=mode)
    got = read(tmp_path)
    np.testing.assert_array_equal(got.labels, expected().clip(max=1))
    assert got.class_names == ["background", "object"]


def test_grey_ids_with_gaps_and_from_one(tmp_path):
    mask_files.beside(tmp_path / "a", values=(1, 2, 3))
    got = read(tmp_path / "a")
    np.testing.assert_array_equal(got.labels, expected())
    assert got.class_names == ["1", "2", "3"]
    (tmp_path / "a" / "classes.txt").write_text("pet\nbackground\nborder\n")
    got = read(tmp_path / "a")
    np.testing.assert_array_equal(got.labels, expected())
    assert got.class_names == ["pet", "background", "border"]
    assert "they count from 1" in got.notes[0]


def test_grey_levels_far_apart_are_classes_the_brightest_too(tmp_path):
    mask_files.beside(tmp_path, values=(0, 128, 255))
    got = read(tmp_path)
    np.testing.assert_array_equal(got.labels, expected())
    assert got.class_names == ["0", "128", "255"]


def colour_masks(folder, colours, count=4):
    for i in range(count):
        mask_files.picture(folder / f"{i}.png", i)
        table = np.array(colours, np.uint8)
        mask_files.save(folder / f"{i}_mask.png", table[mask(i)])


SKY, SEA, LAND = (0, 128, 255), (0, 0, 128), (64, 64, 0)


def test_colours_are_counted_where_nothing_names_them(tmp_path):
    colour_masks(tmp_path, [SEA, SKY, LAND])
    got = read(tmp_path)
    np.testing.assert_array_equal(got.labels, expected())
    assert got.class_names == ["#000080", "#0080ff", "#404000"]
    assert "3 colours are the classes: #000080" in got.notes[0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("labelmap.txt", "# label:color_rgb:parts:actions\nsky:0,128,255::\n"
         "land:64,64,0::\nsea:0,0,128::\n"),
        ("class_dict.csv", "name,r,g,b\nsky,0,128,255\nland,64,64,0\n"
         "sea,0,0,128\n"),
        ("label_colors.txt", "0 128 255\tsky\n64 64 0\tland\n0 0 128\tsea\n"),
    ],
)  # fmt: skip
def test_colours_are_those_of_a_list(tmp_path, file, text):
    colour_masks(tmp_path, [SEA, SKY, LAND])
    (tmp_path / file).write_text(text)
    got = read(tmp_path)
    assert got.class_names == ["sky", "land", "sea"]
    np.testing.assert_array_equal(got.labels, np.array([2, 0, 1])[expected()])
    assert got.colours == [SKY, LAND, SEA]


def test_an_unknown_colour_is_ignored_and_named(tmp_path):
    colour_masks(tmp_path, [SEA, SKY, LAND])
    (tmp_path / "labelmap.txt").write_text("sky:0,128,255\nsea:0,0,128\n")
    got = read(tmp_path)
    want = np.array([1, 0, 255])[expected()]
    np.testing.assert_array_equal(got.labels, want)
    assert (
        "masks with values of no class, ignored there: 4; the first: "
        f"0_mask.png: #404000: {WIDTH} pixels" in got.notes
    )


def test_ids_beyond_the_names_are_ignored_and_named(tmp_path):
    mask_files.beside(tmp_path)
    (tmp_path / "classes.txt").write_text("sky\nsea\n")
    got = read(tmp_path)
    assert set(np.unique(got.labels)) == {0, 1, 255}
    assert "0_mask.png: 2: 16 pixels" in got.notes[1]


def blurred(i):
    rows = 255.0 * (mask(i) == 1).repeat(8, 0).repeat(8, 1)
    rows = (rows + np.roll(rows, 1, 0) + np.roll(rows, 2, 1)) / 3
    return rows.astype(np.uint8)


def test_blurred_masks_are_refused_with_the_way_out(tmp_path):
    for i in range(3):
        mask_files.picture(tmp_path / f"{i}.png", i, (8 * WIDTH, 8 * HEIGHT))
        mask_files.save(tmp_path / f"{i}_mask.png", blurred(i))
    with pytest.raises(errors.UserError, match="--mask_threshold=128") as info:
        read(tmp_path)
    assert "the mask 0_mask.png has 4 values, blurred" in str(info.value)
    got = read(tmp_path, size=(8 * HEIGHT, 8 * WIDTH), threshold=128)
    np.testing.assert_array_equal(got.labels[1], blurred(1) >= 128)
    assert "grey levels from 128 on are object" in got.notes[0]


@pytest.mark.parametrize("threshold", [None, 1, 128, 255])
@pytest.mark.parametrize("pad", [False, True])
def test_white_of_one_bit_is_that_of_grey_levels(tmp_path, threshold, pad):
    mask_files.beside(tmp_path, values=(0, 255, 255))
    for i in (1, 2):
        mask_files.save(tmp_path / f"{i}_mask.png", mask(i, (0, 255, 255)), "1")
    more = {"size": (HEIGHT, 2 * WIDTH), "mode": "pad"} if pad else {}
    got = read(tmp_path, threshold=threshold, **more)
    assert got.class_names == ["background", "object"]
    labels = got.labels[:, :, WIDTH // 2 : -WIDTH // 2] if pad else got.labels
    np.testing.assert_array_equal(labels, expected().clip(max=1))
    assert not pad or (got.labels[:, :, 0] == 255).all()
    assert "other levels" not in got.notes[0]


def test_white_of_one_bit_is_the_one_of_ids(tmp_path):
    mask_files.beside(tmp_path, values=(0, 1, 255))
    mask_files.save(tmp_path / "2_mask.png", mask(2, (0, 255, 255)), "1")
    got = read(tmp_path)
    want = expected()
    want[want == 2] = 255
    want[2][want[2] == 255] = 1
    np.testing.assert_array_equal(got.labels, want)


def test_masks_that_a_threshold_empties_are_named(tmp_path):
    mask_files.beside(tmp_path, values=(0, 200, 255))
    mask_files.save(tmp_path / "3_mask.png", mask(3, (0, 1, 1)))
    note = read(tmp_path, threshold=128).notes[0]
    assert (
        "1 of the masks have other levels and none of these: 3_mask.png has 1 "
        "at most" in note
    )


def test_jpegs_are_no_masks(tmp_path):
    for i in range(3):
        mask_files.picture(tmp_path / "images" / f"{i}.png", i)
        rows = Image.fromarray(mask(i, (0, 255, 0)))
        (tmp_path / "masks").mkdir(exist_ok=True)
        rows.save(tmp_path / "masks" / f"{i}.jpg")
    with pytest.raises(
        errors.UserError, match=r"masks/0.jpg has \d+ values, J"
    ):
        read(tmp_path)


def test_two_kinds_are_refused(tmp_path):
    mask_files.beside(tmp_path)
    table = np.array([SEA, SKY, LAND], np.uint8)
    mask_files.save(tmp_path / "1_mask.png", table[mask(1)])
    with pytest.raises(errors.UserError, match="1_mask.png; save all alike"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sky\nsky\n", "classes.txt: line 2: 'sky' stands twice"),
        ("a 1 2 3\nb 1 2 3\n", "line 2: the colour .* is that of 'a' already"),
        ("a 1 2 3\nb 1 2 300\n", "line 2: .* is no colour"),
        ("\n", "classes.txt: it has no class"),
        ("a 1 2 3\nb\n", "2 classes, but 1 colours"),
    ],
)
def test_lists_that_cannot_be(tmp_path, text, message):
    mask_files.beside(tmp_path)
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(errors.UserError, match=message):
        read(tmp_path)
