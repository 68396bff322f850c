"""What is particular to sheets of boxes."""

import pytest

from kerasnotes import errors
from tests.support import box_files
from tests.support.box_files import boxes


class TestSheets:
    """CSV's own."""

    def write(self, root, text):
        box_files.picture(root / "a.jpg")
        box_files.picture(root / "b.jpg")
        box_files.text(root / "all.csv", text)

    def test_shares(self, tmp_path):
        self.write(
            tmp_path,
            "image,class,xmin,ymin,xmax,ymax\na.jpg,cell,0.5,0.25,1,1\nb.jpg\n",
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[30, 10, 60, 40]]
        assert "shares of the picture" in examples.notes[0]
        assert examples.ids == ["a.jpg", "b.jpg"]

    def test_a_wrong_share_makes_no_pixels_of_the_others(self, tmp_path):
        lines = ["a.jpg,cell,0.5,0.25,1,1", "a.jpg,cell,0,0,1.02,0.5"]
        lines += [f"b.jpg,cell,0,0,0.5,0.{i}" for i in range(1, 4)]
        header = "image,class,xmin,ymin,xmax,ymax"
        self.write(tmp_path, "\n".join([header, *lines]))
        rows, examples = boxes(tmp_path)
        assert rows[:2] == [[30, 10, 60, 40], [0, 0, 60, 20]]
        assert "shares of the picture, but 1 over 1" in examples.notes[0]

    def test_landmarks(self, tmp_path):
        self.write(
            tmp_path,
            "file;left_eye_x;left_eye_y;right_eye_x;right_eye_y;"
            "right_eye_visible\na.jpg;10;20;30;20;1\nb.jpg;5;6;7;8;0\n",
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[10, 20, 31, 21], [5, 6, 8, 9]]
        assert examples.points.to_list() == [
            [[[10, 20], [30, 20]]], [[[5, 6], [0, 0]]],
        ]  # fmt: skip
        assert examples.visible.to_list()[1] == [[True, False]]

    def test_a_column_of_splits(self, tmp_path):
        self.write(
            tmp_path,
            "file,label,x1,y1,x2,y2,split\na.jpg,cell,1,2,3,4,train\n"
            "b.jpg,cell,1,2,3,4,val\n",
        )
        _, examples = boxes(tmp_path)
        assert {k: v.tolist() for k, v in examples.official.items()} == {
            "train": [0], "dev": [1],
        }  # fmt: skip

    def test_a_picture_of_no_split(self, tmp_path):
        self.write(
            tmp_path,
            "file,label,x1,y1,x2,y2,split\na.jpg,cell,1,2,3,4,train\n"
            "b.jpg,cell,1,2,3,4,\n",
        )
        _, examples = boxes(tmp_path)
        assert examples.official is None
        assert [where for where, _ in examples.skipped] == ["b.jpg"]
        assert "of no split" in examples.notes[1]

    def test_rows_that_are_wrong(self, tmp_path):
        self.write(
            tmp_path,
            "file,label,x1,y1,x2,y2\na.jpg,cell,1,2,3,4\na.jpg,,1,2,3,9\n"
            "a.jpg,cell,1,2,x,4\n,cell,1,2,3,4\nz.jpg,cell,1,2,3,4\n"
            "a.jpg,cell,,,,\n",
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[1, 2, 3, 4]]
        lines = sorted(where for where, _ in examples.skipped)
        assert [line.partition("line ")[2][0] for line in lines[:5]] == [
            *"34567"
        ]  # fmt: skip

    def test_a_landmark_without_a_twin(self, tmp_path):
        self.write(tmp_path, "file,left_eye_x,left_eye_y\na.jpg,1,2\n")
        with pytest.raises(errors.UserError, match="'left_eye' has no twin"):
            _ = boxes(tmp_path)[1].pairs
