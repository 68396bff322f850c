"""Maps of a classifier over a picture."""

import numpy as np

from kerasnotes.plots import figures, score_map

PICTURE = np.zeros((60, 80, 3), "uint8")


def panel(given, sure):
    return score_map.Panel(np.array(given), np.array(sure), (20, 20), (10, 10))


def test_cells_lie_around_the_centres_of_their_windows():
    one = panel([[0, 1, 1], [1, 1, 1]], np.full((2, 3), 0.9))
    figure = score_map.score_maps(
        PICTURE, [one], ["cat", "dog"], [([10, 0, 30, 20], 1, "dog, 90 %")]
    )
    whole, classes, legend, sure, bar = figure.axes
    # Window (0, 0) spans 0 to 20, its centre is 10, its cell 5 to 15.
    for axes in (classes, sure):
        assert list(axes.images[-1].get_extent()) == [5, 35, 25, 5]
        assert axes.get_xlim() == (0, 80) and axes.get_ylim() == (60, 0)
    cells = classes.images[-1].get_array()
    assert not np.allclose(cells[0, 0], cells[0, 1])
    np.testing.assert_array_equal(cells[0, 1], cells[1, 2])
    np.testing.assert_array_equal(sure.images[-1].get_array(), one.sure)
    assert [t.get_text() for t in legend.get_legend().texts] == ["cat", "dog"]
    assert whole.texts[0].get_text() == "dog, 90 %"
    assert whole.patches[0].get_bbox().bounds == (10, 0, 20, 20)
    assert whole.get_title() == "1 window kept"
    assert classes.get_title() == "windows of 20×20 pixels"


def test_the_surer_the_stronger_and_chance_is_clear():
    one = panel([[0, 1, 1]], [[0.5, 0.75, 1.0]])
    figure = score_map.score_maps(PICTURE, [one], ["cat", "dog"], [])
    alpha = figure.axes[1].images[-1].get_array()[0, :, 3]
    assert alpha[0] == 0 < alpha[1] < alpha[2] < 1


def test_many_classes_share_a_colour():
    given = np.arange(30).reshape(5, 6)
    figure = score_map.score_maps(
        PICTURE,
        [panel(given, np.linspace(0.5, 1, 30).reshape(5, 6))] * 2,
        [f"class $_{i}" for i in range(30)],
        [([0, 0, 20, 20], i, "class $_29") for i in (29, 3)],
    )
    texts = [t.get_text() for t in figure.axes[3].get_legend().texts]
    assert texts == [f"class $_{i}" for i in range(20, 30)] + [
        "every other class"
    ]
    assert figures.png(figure).startswith(b"\x89PNG")
