"""Boxes and landmarks on pictures."""

import io

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from kerasnotes.plots import boxes, figures

PICTURE = np.zeros([12, 16, 3], "uint8")


def drawn(figure):
    """Return the rectangles of the first picture as `xyxy` from edges."""
    patches = [p for p in figure.axes[0].patches if type(p) is Rectangle]
    return [p.get_bbox().extents + 0.5 for p in patches]


def test_a_box_around_the_whole_picture_is_its_border():
    figure = boxes.boxes([PICTURE], [[((0, 0, 16, 12), "")]])
    np.testing.assert_array_equal(drawn(figure), [[0, 0, 16, 12]])
    axes = figure.axes[0]
    assert axes.get_xlim() == (-0.5, 15.5) and axes.get_ylim() == (11.5, -0.5)
    assert not axes.texts


def test_a_class_has_one_colour():
    rows = [[((0, 0, 4, 4), "a"), ((1, 1, 5, 5), "b")], [((2, 2, 6, 6), "b")]]
    figure = boxes.boxes([PICTURE, PICTURE], rows, ["one", "two"], dashed=True)
    one, other = (axes.patches for axes in figure.axes)
    assert one[1].get_edgecolor() == other[0].get_edgecolor()
    assert one[0].get_edgecolor() != one[1].get_edgecolor()
    assert one[0].get_linestyle() == "--"
    assert [a.get_title() for a in figure.axes] == ["one", "two"]


def test_names_stay_within_the_picture():
    rows = [[((1, 0, 5, 5), "upper"), ((1, 6, 5, 9), "lower")]]
    upper, lower = boxes.boxes([PICTURE], rows).axes[0].texts
    assert upper.get_verticalalignment() == "top"
    assert lower.get_verticalalignment() == "bottom"


def test_landmarks():
    points = [np.array([[3.0, 4.0], [np.nan, np.nan], [5.0, 6.0]])]
    figure = boxes.boxes([PICTURE], [[]], points=[points])
    lines = figure.axes[0].lines
    assert [(*line.get_xdata(), *line.get_ydata()) for line in lines] == [
        (3, 4), (5, 6),
    ]  # fmt: skip
    assert lines[0].get_marker() != lines[1].get_marker()


def test_names_of_any_script_are_drawn_as_they_are():
    names = ["صورة", "$x$", "細胞", "two\nlines"]
    rows = [[((1, 1, 5, 5), name) for name in names]]
    figure = boxes.boxes([PICTURE], rows)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["صورة", "$x$", "細胞", "two lines"]
    assert figures.png(figure).startswith(b"\x89PNG")


def test_what_does_not_fit():
    with pytest.raises(ValueError, match="one list for each picture"):
        boxes.boxes([PICTURE], [])
    with pytest.raises(ValueError, match="one picture or more"):
        boxes.boxes([], [])


def test_boxes_of_less_than_a_pixel_are_drawn():
    picture = np.zeros((480, 640, 3), "uint8")
    thin = [(1, 1, 1.4, 5), (2, 2, 3, 3), (0, 0, 640, 0.5)]
    png = boxes.thumbnail_png(picture, thin, thin)
    pixels = np.array(Image.open(io.BytesIO(png)))
    assert pixels.any()


def test_a_class_has_a_colour_whatever_its_score():
    picture = np.zeros((8, 8, 3), "uint8")
    marks = [((0, 0, 2, 2), "cat 0.91"), ((3, 3, 5, 5), "cat 0.50")]
    marks.append(((5, 5, 8, 8), "dog 0.50"))
    figure = boxes.boxes([picture], [marks])
    one, other, dog = (p.get_edgecolor() for p in figure.axes[0].patches)
    assert one == other != dog
