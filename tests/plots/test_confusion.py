import numpy as np
import pytest

from kerasnotes.plots import confusion, figures


def counts(classes):
    generator = np.random.default_rng(0)
    return generator.integers(1, 90, (classes, classes))


def draw(matrix, names=None):
    names = names or [f"c{i}" for i in range(len(matrix))]
    return confusion.confusion(matrix, names)


def shares(figure):
    return figure.axes[0].images[0].get_array()


def labels(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_rows_are_shares_of_the_true_class():
    np.testing.assert_allclose(
        shares(draw([[3, 1], [0, 5]])), [[0.75, 0.25], [0, 1]]
    )


def test_a_class_without_examples_is_blank():
    figure = draw([[0, 0], [1, 3]])
    np.testing.assert_array_equal(shares(figure)[0], [0, 0])
    assert [t.get_text() for t in figure.axes[0].texts] == ["1", "3"]


def test_counts_stand_in_their_cells():
    texts = draw([[7, 0], [2, 5]]).axes[0].texts
    assert {t.get_position(): t.get_text() for t in texts} == {
        (0, 0): "7",
        (0, 1): "2",
        (1, 1): "5",
    }


@pytest.mark.parametrize("classes", [1, 2, 10, 30, 150])
def test_any_number_of_classes(classes):
    figure = draw(counts(classes))
    assert figures.png(figure).startswith(b"\x89PNG")
    assert max(figure.get_size_inches()) < 13
    names = labels(figure.axes[0].yaxis)
    assert names[0] == "c0"
    step = 0.48 * 72 if classes <= 10 else 9.0 * 72 / len(names)
    assert step > 8, "labels overlap"
    assert bool(figure.axes[0].texts) == (classes < 100)


def test_it_grows_with_the_classes():
    sides = [draw(counts(n)).get_size_inches()[0] for n in (5, 10, 15)]
    assert sides == sorted(set(sides))


def test_the_cells_stay_as_large_under_long_names():
    def side(names):
        figure = draw(counts(2), names)
        figure.draw_without_rendering()
        return figure.axes[0].get_window_extent().width

    assert side(["a rather long name " * 3] * 2) > 0.9 * side(["a", "b"])


def test_names_are_text_and_no_markup():
    figure = draw(counts(3), ["$\\frac{", "a\nb", "\udcff"])
    figures.png(figure)
    assert labels(figure.axes[0].xaxis) == ["$\\frac{", "a b", "?"]


@pytest.mark.parametrize(
    ("matrix", "names"),
    [([[1, 2]], "a"), ([[1]], "ab"), (np.zeros((0, 0)), "")],
)
def test_another_shape_is_refused(matrix, names):
    with pytest.raises(ValueError, match="`matrix`.*Received: shape"):
        confusion.confusion(matrix, names)
