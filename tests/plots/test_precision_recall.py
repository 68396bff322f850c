import numpy as np
import pytest

from kerasnotes.plots import figures, precision_recall


def test_lines_are_the_curves():
    curves = {f"class {i}": ([0.25, 0.5], [1.0, 0.8]) for i in range(14)}
    figure = precision_recall.precision_recall(curves, (0.5, 0.8))
    first, *_, dot = figure.axes[0].lines
    np.testing.assert_allclose(
        first.get_xydata(), [(0, 1), (0.25, 1), (0.5, 0.8)]
    )
    assert dot.get_xydata().tolist() == [[0.5, 0.8]]
    assert len(figure.axes[0].lines) == 11 + 1
    assert figures.png(figure)[:4] == b"\x89PNG"


def test_nothing_answered_is_a_line_of_one_point():
    figure = precision_recall.precision_recall({"$all$": ([], [])})
    assert len(figure.axes[0].lines[0].get_xydata()) == 1
    figures.png(figure)


@pytest.mark.parametrize("curves", [{}, {"all": ([0.5], [1.0, 0.5])}])
def test_what_it_refuses(curves):
    with pytest.raises(ValueError, match="`curves` needs.*Received"):
        precision_recall.precision_recall(curves)
