"""What one set says in every format, and how a format is recognised."""

import shutil

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import read
from tests.support import box_files

each_format = pytest.mark.parametrize("name", box_files.FORMATS)


def as_written(examples):
    """Return the classes and boxes of each picture, by its stem."""
    return {
        name.rpartition("/")[2][0]: [
            (examples.class_names[label], tuple(np.round(box, 3).tolist()))
            for label, box in zip(labels, boxes, strict=True)
        ]
        for name, labels, boxes in zip(
            examples.ids,
            examples.labels.to_list(),
            examples.boxes.to_list(),
            strict=True,
        )
    }


def read_own(path, **arguments):
    arguments = {"size": (box_files.HEIGHT, box_files.WIDTH)} | arguments
    return read.read(path, **arguments)


@each_format
@pytest.mark.parametrize("wrapped", ["folder", "zip", "zip in a folder"])
def test_all_say_the_same(name, wrapped, tmp_path):
    root = tmp_path / "set"
    box_files.FORMATS[name](root / "deep" / "down")
    if wrapped != "folder":
        shutil.make_archive(str(tmp_path / "out" / "set"), "zip", root)
        root = tmp_path / "out"
        if wrapped == "zip":
            root = root / "set.zip"
        else:
            (root / "README.txt").write_text("Read me: 12.")
    examples = read_own(root)
    assert as_written(examples) == box_files.OBJECTS
    assert examples.notes[1:] == [] and not [
        row for row in examples.skipped if "README" not in row[0]
    ]
    assert examples.class_names == ["cell", "seed"]
    assert examples.official is None
    assert examples.sizes.tolist() == [[40, 60]] * 3
    assert not examples.crowd.flat_values.numpy().any()


@each_format
def test_without_a_cache(name, tmp_path):
    box_files.FORMATS[name](tmp_path)
    one, other = (read_own(tmp_path, cache=c) for c in ("memory", "none"))
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.images, other.images[:])
    assert one.boxes.to_list() == other.boxes.to_list()


@each_format
def test_splits_by_folders(name, tmp_path):
    """Folders called train and val are splits, whatever the format."""
    if name == "csv":
        pytest.skip("its sheets are the splits")
    for split in ("train", "valid", "test"):
        box_files.FORMATS[name](tmp_path / split)
    if name == "coco":
        for split in ("train", "valid", "test"):
            at = tmp_path / split / "annotations"
            (at / "instances_train.json").rename(at / "_annotations.json")
    if name == "yolo":
        for split in ("valid", "test"):
            (tmp_path / split / "data.yaml").unlink()
        box_files.text(
            tmp_path / "train" / "data.yaml",
            "train: ../train/images\nval: ../valid/images\n"
            "test: ../test/images\nnames: {0: cell, 1: seed}\n",
        )
        (tmp_path / "train" / "data.yaml").rename(tmp_path / "data.yaml")
    examples = read_own(tmp_path)
    assert {k: len(v) for k, v in examples.official.items()} == {
        "train": 3, "dev": 3, "test": 3,
    }  # fmt: skip
    for split, folder in zip(
        examples.official, ("train", "valid", "test"), strict=True
    ):
        names = [examples.ids[row] for row in examples.official[split]]
        assert all(folder in name.split("/") for name in names)


def test_two_formats_are_refused(tmp_path):
    box_files.voc(tmp_path)
    box_files.coco(tmp_path)
    with pytest.raises(errors.UserError) as refusal:
        read_own(tmp_path)
    assert "Pascal VOC (3, as Annotations/a.xml) and COCO (1, as" in str(
        refusal.value
    )


def test_no_format(tmp_path):
    box_files.picture(tmp_path / "a.jpg")
    box_files.text(tmp_path / "a.txt", "a picture of a cell")
    box_files.text(tmp_path / "labels.csv", "file,label\na.jpg,cell\n")
    with pytest.raises(errors.UserError, match="no boxes of a format"):
        read_own(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(errors.UserError, match="holds no pictures"):
        read_own(tmp_path)


def test_several_archives(tmp_path):
    """As COCO comes: pictures and annotations in archives of their own."""
    box_files.coco(tmp_path / "set")
    for part, name in (("images", "train2017"), ("annotations", "notes")):
        shutil.make_archive(
            str(tmp_path / "zips" / name), "zip", tmp_path / "set" / part
        )
    examples = read_own(tmp_path / "zips")
    assert as_written(examples) == box_files.OBJECTS
    assert examples.ids[0] == "train2017/a.jpg"


@each_format
def test_only_background_is_refused(name, tmp_path):
    # In YOLO empty files alone say nothing.
    objects = {"a": [("cell", (0, 0, 9, 9))], "b": []}
    box_files.FORMATS[name](tmp_path, objects)
    for path in tmp_path.rglob("a.jpg"):
        path.unlink()
    with pytest.raises(errors.UserError, match="no picture has a box"):
        read_own(tmp_path)


@each_format
def test_a_picture_whose_boxes_are_bad_is_no_background(name, tmp_path):
    bad = [("cell", (70, 10, 90, 20)), ("seed", (10, 50, 20, 70))]
    box_files.FORMATS[name](tmp_path, {**box_files.OBJECTS, "d": bad})
    examples = read_own(tmp_path)
    assert as_written(examples) == box_files.OBJECTS
    kinds = [why for _, why in examples.skipped]
    assert kinds.count("boxes outside their picture, dropped") == 2
    assert "pictures of whose boxes none is left, skipped" in kinds
    place = {
        "voc": "Annotations/d.xml: line 3",
        "coco": "instances_train.json: annotations[3]",
        "yolo": "labels/train/d.txt: line 1",
        "labelme": "d.json: shapes[0]",
        "csv": "boxes.csv: line 6",
    }[name]
    assert any(place in where for where, _ in examples.skipped)


def test_missing_broken_and_unannotated_pictures(tmp_path):
    box_files.voc(tmp_path)
    (tmp_path / "JPEGImages" / "b.jpg").unlink()
    (tmp_path / "JPEGImages" / "c.jpg").write_bytes(b"\xff\xd8\xff broken")
    box_files.picture(tmp_path / "JPEGImages" / "z.jpg")
    examples = read_own(tmp_path)
    assert examples.ids == ["JPEGImages/a.jpg"]
    assert [row for row in examples.skipped if row[0].endswith("c.jpg")]
    lines = "\n".join(examples.notes)
    assert "annotations of pictures that aren't there, skipped: 1; the" in lines
    assert "a question, skipped: 1; the first: JPEGImages/z.jpg" in lines


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
def test_boxes_follow_the_resize(mode, tmp_path):
    box_files.yolo(tmp_path)
    examples = read_own(tmp_path, size=20, mode=mode)
    expected = {
        "stretch": [[10 / 3, 2.5, 10, 12.5], [0, 0, 20, 20]],
        "pad": [[10 / 3, 3 + 5 / 3, 10, 3 + 25 / 3], [0, 3, 20, 16]],
        "crop": [[0, 2.5, 10, 12.5], [0, 0, 20, 20]],
    }[mode]
    if mode == "pad":  # 13 rows of 40: 0.325 of the size, not 1/3.
        expected[0][1], expected[0][3] = 3 + 5 * 13 / 40, 3 + 25 * 13 / 40
    np.testing.assert_allclose(examples.boxes[0], expected, atol=1e-4)
    # What the crop leaves out is gone: here the last picture's box.
    counts = examples.labels.row_lengths().numpy().tolist()
    assert counts == [2, 0, 0 if mode == "crop" else 1]


@pytest.mark.parametrize("on", ["stored", "shown"])
def test_pictures_that_exif_turns(on, tmp_path):
    """A quarter turn to the right, annotated before or after it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    box_files.picture(tmp_path / "a.jpg", exif=exif)
    box, size = (10, 5, 30, 25), (60, 40)
    if on == "shown":
        box, size = (15, 10, 35, 30), (40, 60)
    xml = box_files.voc_xml("a.jpg", [("cell", box)], size)
    box_files.text(tmp_path / "a.xml", xml)
    examples = read.read(tmp_path, (60, 40))
    assert examples.boxes.to_list() == [[[15, 10, 35, 30]]]
    assert examples.sizes.tolist() == [[60, 40]]
    assert f"annotated as {on}" in examples.notes[1]


def test_names_in_yaml_stay_as_they_are_written(tmp_path):
    for year, stem in (("2019", "a"), ("2020", "b")):
        box_files.yolo(tmp_path / year, {stem: [("seed", (0, 0, 9, 9))]})
        (tmp_path / year / "data.yaml").unlink()
    names = ["007", "no", "010", "1_0", "12:30", "null", "2020-01-02"]
    content = f"train: 2019\nval: 2020\nnames: [{', '.join(names)}]\n"
    box_files.text(tmp_path / "data.yaml", content)
    examples = read_own(tmp_path)
    assert examples.class_names == names
    sizes = {split: len(x) for split, x in examples.official.items()}
    assert sizes == {"train": 1, "dev": 1}
