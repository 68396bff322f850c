import numpy as np
import pytest

from kerasnotes.diagnosis import cost_curve

STEPS = np.arange(101)
HALVING = 2.0 * 0.97**STEPS


@pytest.mark.parametrize(
    "costs, told",
    [
        (HALVING, "smooth descent: it fell at every step"),
        # Gradient descent on w² at rates of 0.6 and 1.1: w changes sign, J
        # falls at one and rises at the other.
        ([0.2 ** (2 * t) for t in range(4)], "smooth descent"),
        ([1.2 ** (2 * t) for t in range(9)], "divergence"),
        ([1.0, np.inf, np.nan], "divergence"),
        ([2.0, 1.0, np.nan], "divergence"),
        (HALVING + 0.3 * (-1.0) ** STEPS, "oscillation: it rose at 50 of 100"),
        (np.full(50, 0.693), "plateau: it hardly fell"),
        (np.zeros(4), "plateau: it hardly fell"),
        (1 + 2.0 * 0.8**STEPS, "plateau: it fell, and by less than 1 %"),
        (HALVING + 0.2 * (STEPS == 50), "descent: it rose at 1 of 100 steps"),
        # Noise about a flat bottom goes both ways.
        (np.maximum(HALVING, 0.5) + 0.01 * np.sin(STEPS * 2), "oscillation"),
    ],
)
def test_what_a_curve_shows(costs, told):
    assert cost_curve.verdict(costs).startswith(told)


def test_rises_are_counted_from_the_first_step():
    assert cost_curve.rises([3.0, 3.1, 2.0, np.nan, 1.0]) == [1, 3, 4]
    assert cost_curve.rises([1.0, 1.0 + 1e-7, 1.0]) == []
