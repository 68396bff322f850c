"""The one check of all formats."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes.data.pictures import decode
from kerasnotes.data.pictures.readers.boxes import checks, records

NAN, INF = float("nan"), float("inf")


def checked(*boxes, size=(40, 60), orientation=1, points=(), **arguments):
    """Return what the check leaves of boxes, and its problems."""
    objects = [
        box
        if isinstance(box, records.BoxObject)
        else records.BoxObject(box, "cell", f"line {i}")
        for i, box in enumerate(boxes)
    ]
    problems = records.Problems()
    left = checks.check(
        records.Annotation("a.xml", "a.jpg", objects, **arguments),
        checks.PictureSize(size, orientation),
        problems,
        points,
    )
    return left, [kind for _, kind in problems.rows]


GOOD = (1.0, 2, 10, 20)


@pytest.mark.parametrize(
    ("box", "expected", "kind"),
    [
        (GOOD, GOOD, None),
        ((0, 0, 60, 40), (0, 0, 60, 40), None),
        ((10, 20, 1, 2), GOOD, records.SWAPPED),
        ((10, 2, 1, 20), GOOD, records.SWAPPED),
        ((-5, 2, 10, 20), (0, 2, 10, 20), records.BEYOND),
        ((1, 2, 10, 1e300), (1, 2, 10, 40), records.BEYOND),
        # Rounding isn't worth a word.
        ((-0.4, 2, 60.4, 20), (0, 2, 60, 20), None),
        ((5, 5, 5, 9), None, records.NO_AREA),
        ((5, 5, 5, 5), None, records.NO_AREA),
        ((60, 5, 70, 9), None, records.OUTSIDE),
        ((-9, -9, 0, 0), None, records.OUTSIDE),
        ((90, 5, 70, 9), None, records.OUTSIDE),
        ((NAN, 5, 7, 9), None, records.NO_NUMBER),
        ((1, 5, INF, 9), None, records.NO_NUMBER),
        ((-INF, 5, INF, 9), None, records.NO_NUMBER),
        (records.BoxObject(GOOD, None, "x"), None, records.UNKNOWN),
    ],
)
def test_boxes(box, expected, kind):
    # Beside it stands a good one, so that the picture stays.
    left, kinds = checked((30, 30, 40, 40), box)
    assert kinds == [kind] * (kind is not None)
    rest = [(30, 30, 40, 40)] + [expected] * (expected is not None)
    np.testing.assert_array_equal(left.boxes, rest)
    assert left.labels == ["cell"] * len(rest)
    alone, kinds = checked(box)
    assert (alone is None) == (expected is None)
    assert (records.ALL_BAD in kinds) == (expected is None)


def test_boxes_that_stand_twice():
    other = records.BoxObject(GOOD, "seed", "line 9")
    left, kinds = checked(GOOD, GOOD, other, (10, 20, 1, 2))
    assert left.labels == ["cell", "seed"]
    assert kinds == [records.TWICE, records.TWICE]


def test_an_empty_annotation_is_background():
    left, kinds = checked()
    assert left.boxes.shape == (0, 4) and kinds == []


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("on", ["stored", "shown"])
def test_boxes_on_pictures_that_exif_turns(orientation, on, tmp_path):
    """A box drawn on either picture is where decoding brings it."""
    stored = np.zeros([40, 60, 3], np.uint8)
    box = (7, 3, 21, 31)
    stored[box[1] : box[3], box[0] : box[2]] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    data = tf.constant((tmp_path / "a.png").read_bytes())
    shown = decode.decode(data).numpy()
    rows, columns = np.nonzero(shown[..., 0])
    drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    point = {"tip": (7.0, 3.0, True)}
    corner = np.zeros([40, 60, 3], np.uint8)
    corner[3, 7] = 255
    Image.fromarray(corner).save(tmp_path / "b.png", exif=exif)
    data = tf.constant((tmp_path / "b.png").read_bytes())
    (y,), (x,) = np.nonzero(decode.decode(data).numpy()[..., 0])
    if on == "shown":
        box, size = drawn, shown.shape[:2]
        point = {"tip": (float(x), float(y), True)}
    else:
        size = (40, 60)
    item = records.BoxObject(tuple(map(float, box)), "a", "", points=point)
    left, kinds = _turned(item, orientation, size)
    if on == "stored" and orientation in (2, 3, 4):
        # The size doesn't tell: taken as shown, and told.
        assert kinds == [records.UNCERTAIN]
        return
    np.testing.assert_array_equal(left.boxes, [drawn])
    np.testing.assert_array_equal(left.points, [[[x, y]]])
    expected = []
    if orientation >= 5:
        expected = [records.STORED if on == "stored" else records.SHOWN]
    elif orientation > 1:
        expected = [records.UNCERTAIN]
    assert kinds == expected


def _turned(item, orientation, annotated):
    problems = records.Problems()
    left = checks.check(
        records.Annotation("a.xml", "a.jpg", [item], size=annotated),
        checks.PictureSize((40, 60), orientation),
        problems,
        ["tip"],
    )
    return left, [kind for _, kind in problems.rows]


def test_swapped_sides_are_counted_on_turned_pictures():
    item = records.BoxObject((21.0, 3, 7, 31), "a", "line 1")
    left, kinds = _turned(item, 6, (40, 60))
    assert kinds == [records.STORED, records.SWAPPED]
    np.testing.assert_array_equal(left.boxes, [[9, 7, 37, 21]])


@pytest.mark.parametrize("orientation", [1, 6])
def test_another_size(orientation):
    item = records.BoxObject(GOOD, "a", "line 1")
    left, kinds = _turned(item, orientation, (41, 60))
    assert left is None and kinds == [records.SIZE]


def test_shares_of_the_picture():
    item = records.BoxObject(
        (0.5, 0.25, 1.0, 0.5), "a", "", points={"tip": (0.5, 0.25, True)}
    )
    problems = records.Problems()
    left = checks.check(
        records.Annotation("a.txt", "a.jpg", [item], relative=True),
        checks.PictureSize((40, 60), 8),
        problems,
        ["tip", "end"],
    )
    # As shown it is 40 wide and 60 high.
    np.testing.assert_array_equal(left.boxes, [[20, 15, 40, 30]])
    np.testing.assert_array_equal(left.points[0, 0], [19.5, 14.5])
    assert left.visible.tolist() == [[True, False]]
    assert problems.rows[0][1] == records.UNCERTAIN


def test_points_outside_are_not_visible():
    points = {"in": (59.4, 0.0, True), "out": (59.6, 0.0, True)}
    item = records.BoxObject(GOOD, "a", "", points=points)
    left, _ = checked(item, points=["in", "out"])
    assert left.visible.tolist() == [[True, False]]


def test_a_few_lines_tell_all():
    problems = records.Problems()
    for kind in range(9):
        for place in range(kind + 1):
            problems.add(f"kind {kind}", "a.xml", f"line {place}")
    lines = problems.lines()
    assert lines[0] == "kind 8: 9; the first: a.xml: line 0"
    assert lines[-1] == "3 other kinds: 6" and len(lines) == 7
