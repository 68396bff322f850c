"""What is particular to LabelMe."""

from tests.support import box_files
from tests.support.box_files import boxes


class TestLabelMe:
    """LabelMe's own."""

    def write(self, root, *shapes):
        box_files.picture(root / "a.jpg")
        rows = [
            dict(zip(("label", "shape_type", "points"), shape, strict=False))
            | {"group_id": shape[3] if shape[3:] else None}
            for shape in shapes
        ]
        value = {"imagePath": "..\\x\\a.jpg", "shapes": rows}
        box_files.text(root / "a.json", value)

    def test_shapes(self, tmp_path):
        self.write(
            tmp_path,
            ("cell", "circle", [[20, 20], [20, 30]]),
            ("seed", "polygon", [[1, 2], [5, 3], [4, 9]]),
            ("road", "line", [[1, 2], [5, 3]]),
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[10, 10, 30, 30], [1, 2, 5, 9]]
        assert examples.skipped[0][0] == "a.json: shapes[2]: line"

    def test_labels_may_be_numbers(self, tmp_path):
        self.write(tmp_path, (0, "rectangle", [[0, 0], [30, 40]]))
        _, examples = boxes(tmp_path)
        assert examples.class_names == ["0"] and not examples.skipped

    def test_a_line_alone_is_no_background(self, tmp_path):
        self.write(tmp_path, ("road", "line", [[1, 2], [5, 3]]))
        box_files.picture(tmp_path / "b.jpg")
        shape = {"label": "cell", "points": [[0, 0], [9, 9]]}
        shape |= {"shape_type": "rectangle"}
        value = {"imagePath": "b.jpg", "shapes": [shape]}
        box_files.text(tmp_path / "b.json", value)
        _, examples = boxes(tmp_path)
        assert [i.rpartition("/")[2] for i in examples.ids] == ["b.jpg"]
        places = [place for place, _ in examples.skipped]
        assert "a.json: shapes[0]: line" in places

    def test_points_belong_to_boxes(self, tmp_path):
        self.write(
            tmp_path,
            ("face", "rectangle", [[0, 0], [30, 40]]),
            ("face", "rectangle", [[25, 5], [60, 40]], 7),
            ("nose", "point", [[10.5, 20.5]]),
            ("nose", "point", [[28.5, 20.5]], 7),
            ("nose", "point", [[59.5, 0.5]]),
        )
        rows, examples = boxes(tmp_path)
        assert examples.points.to_list() == [[[[10, 20]], [[28, 20]]]]
        assert examples.skipped[0][0] == "a.json: shapes[4]: nose"

    def test_points_alone(self, tmp_path):
        self.write(
            tmp_path,
            ("left_eye", "point", [[10.5, 20.5]]),
            ("right_eye", "point", [[30.5, 20.5]]),
        )
        rows, examples = boxes(tmp_path)
        assert rows == [[10, 20, 31, 21]]
        assert examples.class_names == ["object"]
        assert examples.point_names == ["left_eye", "right_eye"]
