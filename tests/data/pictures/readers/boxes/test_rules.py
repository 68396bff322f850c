"""What is particular to a format."""

import sys

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import (
    layouts,
    records,
    xml_trees,
)
from tests.support import box_files
from tests.support.box_files import boxes


class TestVoc:
    """Pascal VOC's own."""

    def write(self, root, x1, y1, x2, y2, more=""):
        box_files.picture(root / "a.jpg")
        row = [("cell", (x1, y1, x2, y2))]
        content = box_files.voc_xml("a.jpg", row, first=0)
        box_files.text(root / "a.xml", content.replace("</object>", more))

    def test_counted_from_one(self, tmp_path):
        self.write(tmp_path, 1, 3, 60, 40, "</object>")
        rows, examples = boxes(tmp_path)
        assert rows == [[0, 2, 60, 40]]
        assert "count from 1" in examples.notes[0]

    def test_counted_from_zero(self, tmp_path):
        self.write(tmp_path, 0, 3, 60, 40, "</object>")
        rows, examples = boxes(tmp_path)
        assert rows == [[0, 3, 60, 40]]
        assert "count from 0, as a.xml: line 3" in examples.notes[0]

    def test_decimals_and_difficult(self, tmp_path):
        more = "<difficult>1</difficult></object>"
        self.write(tmp_path, "1.5", "2.25", "9.5", "11", "</object>")
        content = (tmp_path / "a.xml").read_text()
        content = content.replace("<difficult>0</difficult>", more[:24])
        box_files.text(tmp_path / "a.xml", content)
        rows, examples = boxes(tmp_path)
        assert rows == [[0.5, 1.25, 9.5, 11]]
        assert examples.difficult.to_list() == [[True]]

    def test_swapped_sides(self, tmp_path):
        self.write(tmp_path, 60, 40, 1, 3, "</object>")
        rows, examples = boxes(tmp_path)
        assert rows == [[0, 2, 60, 40]]
        assert examples.skipped[0] == ("a.xml: line 3", records.SWAPPED)

    def test_lists_are_splits(self, tmp_path):
        objects = dict.fromkeys("abcde", box_files.OBJECTS["a"])
        box_files.voc(tmp_path / "VOC", objects)
        # A mask of the same name is no picture to learn from.
        box_files.picture(tmp_path / "VOC" / "SegmentationClass" / "a.png")
        main = tmp_path / "VOC" / "ImageSets" / "Main"
        for name, stems in {
            "trainval": "abc", "train": "ab", "val": "cb", "test": "d",
            "cell_train": "e",
        }.items():  # fmt: skip
            rows = "\n".join(f"{s}  1" if "_" in name else s for s in stems)
            box_files.text(main / f"{name}.txt", rows + "\n")
        _, examples = boxes(tmp_path)
        stems = {
            split: [layouts.stem(examples.ids[row]) for row in rows]
            for split, rows in examples.official.items()
        }
        assert stems == {"train": ["a"], "dev": ["b", "c"], "test": ["d"]}
        kinds = {why: where for where, why in examples.skipped}
        assert "VOC/ImageSets/Main/val.txt: line 2" in kinds.values()
        assert "pictures in none of the ImageSets, skipped" in kinds

    def test_entity_bombs(self):
        bomb = b"<!DOCTYPE a [<!ENTITY x 'xx'>]><annotation>&x;</annotation>"
        with pytest.raises(errors.UserError, match="a document type"):
            xml_trees.parse(bomb, "a.xml")
        with pytest.raises(errors.UserError, match="too deep"):
            xml_trees.parse(b"<a>" * 10_000, "a.xml")


class TestCoco:
    """COCO's own."""

    def write(self, root, change, name="instances_train.json"):
        value = box_files.coco_value()
        change(value)
        for stem in box_files.OBJECTS:
            box_files.picture(root / f"{stem}.jpg")
        box_files.text(root / name, value)

    def test_ids_with_holes_and_strangers(self, tmp_path):
        def change(value):
            first = value["annotations"][0]
            for key, number in (("category_id", 4), ("image_id", 9)):
                value["annotations"].append({**first, key: number})

        self.write(tmp_path, change)
        rows, examples = boxes(tmp_path)
        assert rows == [[10, 5, 30, 25], [0, 0, 60, 40], [58, 38, 60, 40]]
        assert [row[0] for row in examples.skipped] == [
            "instances_train.json: annotations[3]",
            "instances_train.json: annotations[4]",
        ]

    def test_ids_of_categories_are_kept(self, tmp_path):
        def change(value):
            first = value["categories"][0]
            value["categories"].append({**first, "id": 90})
            value["categories"].append({"id": 85, "name": "zebra"})

        self.write(tmp_path, change)
        _, examples = boxes(tmp_path)
        first = box_files.coco_value()["categories"]
        want = {row["name"]: row["id"] for row in first} | {"zebra": 85}
        assert examples.category_ids == want
        assert list(want) == examples.class_names

    def test_names_may_be_numbers(self, tmp_path):
        def change(value):
            for number, row in enumerate(value["categories"]):
                row["name"] = 7 * number

        self.write(tmp_path, change)
        names = boxes(tmp_path)[1].class_names
        assert names == [str(7 * number) for number in range(len(names))]

    def test_keypoints_crowds_and_outlines(self, tmp_path):
        def change(value):
            names = ["left_end", "right_end", "top"]
            value["categories"][0]["keypoints"] = names
            first, second, third = value["annotations"]
            first["keypoints"] = [10, 5, 2, 29, 7, 1, 0, 0, 0]
            second["iscrowd"] = 1
            third["ignore"] = 1
            del third["bbox"]
            third["segmentation"] = [[1, 2, 5, 2, 5, 9]]

        self.write(tmp_path, change)
        rows, examples = boxes(tmp_path)
        assert rows[2] == [1, 2, 5, 9]
        assert examples.point_names == ["left_end", "right_end", "top"]
        assert examples.pairs == [(0, 1)]
        assert examples.points[0, 0].numpy().tolist() == [
            [10, 5], [0, 0], [0, 0],
        ]  # fmt: skip
        assert examples.visible[0, 0].numpy().tolist() == [True, False, False]
        assert examples.crowd.to_list() == [[False, True], [], [False]]
        assert examples.difficult.to_list() == [[False, False], [], [True]]

    def test_files_of_the_same_pictures(self, tmp_path):
        self.write(tmp_path, lambda value: None)
        self.write(tmp_path, lambda value: None, "person_train.json")
        with pytest.raises(errors.UserError, match="both annotate a.jpg"):
            boxes(tmp_path)

    def test_a_file_of_no_split(self, tmp_path):
        self.write(tmp_path, lambda value: None)
        self.write(tmp_path, lambda value: None, "more.json")
        with pytest.raises(errors.UserError, match="which split is more.json"):
            boxes(tmp_path)

    def test_captions_are_none(self, tmp_path):
        def change(value):
            value["annotations"] = [{"image_id": 100, "caption": "A cell."}]

        self.write(tmp_path, lambda value: None)
        self.write(tmp_path, change, "captions_train.json")
        assert len(boxes(tmp_path)[0]) == 3

    def test_no_json(self, tmp_path):
        self.write(tmp_path, lambda value: None)
        path = tmp_path / "instances_train.json"
        box_files.text(path, path.read_text()[:-9])
        with pytest.raises(errors.UserError, match=r"line \d+: no JSON"):
            boxes(tmp_path)


class TestYolo:
    """YOLO's own."""

    def test_missing_is_a_question_and_empty_is_background(self, tmp_path):
        box_files.yolo(tmp_path)
        (tmp_path / "labels" / "train" / "c.txt").unlink()
        _, examples = boxes(tmp_path)
        assert [layouts.stem(name) for name in examples.ids] == ["a", "b"]
        assert examples.skipped == [("images/train/c.jpg", records.UNANNOTATED)]

    def test_polygons_and_confidences(self, tmp_path):
        box_files.yolo(tmp_path)
        box_files.text(
            tmp_path / "labels" / "train" / "b.txt",
            "0 0.1 0.2 0.5 0.2 0.5 0.6\n1 0.5 0.5 0.5 0.5 0.9\n"
            "7 0.5 0.5 0.5 0.5\n0.5 0.5 0.5 0.5 0.5\n0 1 2\n0 a 1 1 1\n",
        )
        rows, examples = boxes(tmp_path)
        np.testing.assert_allclose(
            rows[2:4], [[6, 8, 30, 24], [15, 10, 45, 30]], rtol=1e-5
        )
        assert sorted(why for _, why in examples.skipped) == [
            *2 * [records.UNKNOWN], *2 * [records.NO_NUMBER],
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["classes.txt", None])
    def test_without_yaml(self, name, tmp_path):
        box_files.yolo(tmp_path)
        (tmp_path / "data.yaml").unlink()
        if name:
            box_files.text(tmp_path / name, "cell\nseed\n")
        _, examples = boxes(tmp_path)
        assert examples.class_names == (
            ["cell", "seed"] if name else ["0", "1"]
        )
        assert (name or "called by their numbers") in examples.notes[0]

    def test_landmarks(self, tmp_path):
        box_files.yolo(tmp_path, {"a": [("cell", (0, 0, 60, 40))]})
        box_files.text(
            tmp_path / "labels" / "train" / "a.txt",
            "0 0.5 0.5 1 1 0.5 0.25 2 0.25 0.5 1 0 0 0\n",
        )
        box_files.text(
            tmp_path / "data.yaml",
            "train: images\nnames: {0: cell}\nkpt_shape: [3, 3]\n"
            "flip_idx: [1, 0, 2]\n",
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[0, 0, 60, 40]]
        assert examples.pairs == [(0, 1)]
        assert examples.points[0, 0].numpy().tolist() == [
            [29.5, 9.5], [0, 0], [0, 0],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("names: [a, a]\n", "class 1, 'a', stands twice"),
            ("names: {0: a, 2: b}\n", "don't run from 0 to 1"),
            ("names: [a, b]\nnc: 3\n", "nc is 3, but there are 2"),
            ("names: 3\n", "neither a list"),
            ("names: [a\n", "line 2: no YAML"),
            ("names: [a]\ntrain: elsewhere\n", "no picture lies in"),
            ("names: [a]\nkpt_shape: [0, 3]\n", "kpt_shape is the number"),
        ],
    )
    def test_yaml_that_makes_no_sense(self, content, reason, tmp_path):
        box_files.yolo(tmp_path)
        box_files.text(tmp_path / "data.yaml", content)
        with pytest.raises(errors.UserError, match=reason):
            boxes(tmp_path)

    def test_places_and_lists(self, tmp_path):
        for split in ("train", "val"):
            for stem in "ab":
                box_files.picture(tmp_path / split / "images" / f"{stem}.jpg")
                box_files.text(
                    tmp_path / split / "labels" / f"{stem}.txt",
                    "0 0.5 0.5 0.5 0.5\n",
                )
        box_files.text(tmp_path / "val.txt", "./val/images/a.jpg\n")
        box_files.text(
            tmp_path / "data.yaml",
            "path: /home/me/set\ntrain: ../train/images\nval: val.txt\n"
            "test: nowhere\nnames: [cell]\n",
        )
        _, examples = boxes(tmp_path)
        assert {k: len(v) for k, v in examples.official.items()} == {
            "train": 2, "dev": 1,
        }  # fmt: skip
        assert examples.ids[examples.official["dev"][0]] == "val/images/a.jpg"
        assert "test has no picture here: left out" in examples.notes[0]
        assert examples.skipped == [
            ("val/images/b.jpg", "pictures in no split of the YAML, skipped")
        ]

    def test_without_the_package(self, tmp_path, monkeypatch):
        box_files.yolo(tmp_path)
        monkeypatch.setitem(sys.modules, "yaml", None)
        with pytest.raises(errors.UserError, match=r"kerasnotes\[detect\]"):
            boxes(tmp_path)
