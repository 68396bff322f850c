import numpy as np
import pytest

from kerasnotes.plots import figures
from kerasnotes.plots.learning_curve import learning_curve

SIZES = [100, 400, 1600]
DEV = [(0.2, 0.15, 0.26), (0.1, 0.07, 0.14), (0.05, 0.03, 0.08)]
TRAIN = [(0.0, 0.0, 0.04), (0.01, 0.004, 0.02), (0.01, 0.006, 0.02)]


def test_points_are_where_the_errors_are():
    figure = learning_curve(SIZES[::-1], {"train": TRAIN, "dev": DEV[::-1]})
    (axes,) = figure.axes
    drawn = [line.get_xydata() for line in axes.lines]
    points = np.column_stack([SIZES, [20, 10, 5]])
    assert sum(np.array_equal(d, points) for d in drawn) == 2
    assert [t.get_text() for t in axes.texts] == ["train", "dev"]


def test_the_law_runs_on_to_twice_the_data():
    figure = learning_curve(
        SIZES, {"dev": DEV}, lambda m: 2 / m**0.5, (0.035, 0.02, 0.06)
    )
    (axes,) = figure.axes
    (law,) = [x for x in axes.lines if x.get_linestyle() == "--"]
    x, y = law.get_xydata().T
    assert (x[0], x[-1]) == pytest.approx((100, 3200))
    np.testing.assert_allclose(y, 200 / x**0.5)
    ahead = [x for x in axes.lines if x.get_markerfacecolor() == "white"]
    np.testing.assert_allclose(ahead[0].get_xydata(), [[3200, 3.5]])
    assert [t.get_text() for t in axes.get_xticklabels()][0] == "3,200"


@pytest.mark.parametrize("sizes", [[1], [1000, 1001, 1002], [5, 5_000_000]])
def test_draws_whatever_the_sizes(sizes):
    rows = [(0.1, 0.0, np.inf)] * len(sizes)
    figure = learning_curve(sizes, {"train": rows, "dev": rows})
    assert figures.png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("rows", [[], DEV[:2], [(0.1,)] * 3])
def test_a_row_for_each_size(rows):
    with pytest.raises(ValueError, match="`errors`.*Received: dev"):
        learning_curve(SIZES, {"dev": rows})
