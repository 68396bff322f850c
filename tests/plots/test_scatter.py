import numpy as np
import pytest

from kerasnotes.plots import figures
from kerasnotes.plots.scatter import scatter


def test_points_are_where_the_values_are():
    true, predicted = np.array([1.0, 5.0, 9.0]), np.array([2.0, 5.0, -3.0])
    (axes,) = scatter(true, predicted).axes
    (points,) = axes.collections
    np.testing.assert_array_equal(
        points.get_offsets(), np.column_stack([true, predicted])
    )
    # One scale for both, with all points inside.
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlim()[0] < -3 and axes.get_xlim()[1] > 9


@pytest.mark.parametrize("values", [[3.0], [2.0, 2.0], [1e-9, 3e9]])
def test_draws_whatever_the_values(values):
    figure = scatter(values, values, "a $strange$ name" * 9)
    assert figures.png(figure).startswith(b"\x89PNG")


def test_many_points_are_faint():
    few, many = (
        scatter(np.arange(n), np.arange(n)).axes[0].collections[0].get_alpha()
        for n in (50, 50_000)
    )
    assert many < 0.5 * few


@pytest.mark.parametrize("true", [[], [1.0, 2.0], [[1.0]]])
def test_vectors_of_one_length(true):
    with pytest.raises(ValueError, match="Received: shapes"):
        scatter(true, [1.0] if len(true) else [])
