import fractions
import math

import numpy as np
import pytest
from scipy import stats

from kerasnotes.diagnosis import comparison


def pairs(both_right, second_wrong, first_wrong, both_wrong):
    """Return the errors of two models with these counts."""
    counts = [both_right, second_wrong, first_wrong, both_wrong]
    first = np.repeat([0, 0, 1, 1], counts)
    return first, np.repeat([0, 1, 0, 1], counts)


@pytest.mark.parametrize(
    "counts, p",
    [
        # Fagerland, Lydersen and Laake 2013: airway hyper-responsiveness
        # before and after a transplantation, complete response before and
        # after a therapy.
        ((12, 7, 1, 1), 0.039),
        ((80, 16, 6, 59), 0.035),
    ],
)
def test_published_examples(counts, p):
    found = comparison.compare(*pairs(*counts))
    assert round(found.p, 3) == p
    assert found.counts == (counts[:2], counts[2:])
    assert found.better == 0


def mid_p(b, c):
    """Sum the binomial distribution outcome by outcome, exactly."""
    n, total = b + c, fractions.Fraction()
    for k in range(n + 1):
        chance = fractions.Fraction(math.comb(n, k), 2**n)
        far, seen = abs(2 * k - n), abs(b - c)
        total += chance * (far > seen) + chance * (far == seen) / 2
    return float(total)


@pytest.mark.parametrize("b", range(12))
def test_mid_p_is_the_sum_over_outcomes(b):
    for c in range(1, 12):
        found = comparison.compare(*pairs(5, c, b, 2))
        assert found.p == pytest.approx(mid_p(b, c))


def test_the_interval_holds_the_truth():
    """Counts how often the 95 % interval covers the true difference."""
    rng = np.random.default_rng(0)
    chances, n = [0.8, 0.1, 0.04, 0.06], 120
    draws = rng.multinomial(n, chances, 2000)
    found = [comparison.compare(*pairs(*counts)) for counts in draws]
    held = np.mean([f.low <= chances[1] - chances[2] <= f.high for f in found])
    assert 0.94 < held < 0.98
    differences = (draws[:, 1] - draws[:, 2]) / n
    np.testing.assert_allclose([f.difference for f in found], differences)


def test_equally_good_models_are_rarely_told_apart():
    rng = np.random.default_rng(1)
    draws = rng.multinomial(200, [0.7, 0.1, 0.1, 0.1], 2000)
    found = [comparison.compare(*pairs(*counts)).better for counts in draws]
    assert 0.03 < np.mean([f is not None for f in found]) < 0.06


def test_the_other_way_round():
    first, second = pairs(200, 30, 7, 19)
    one, two = (
        comparison.compare(first, second),
        comparison.compare(second, first),
    )
    assert (one.better, two.better) == (0, 1)
    assert one.difference == -two.difference == pytest.approx(23 / 256)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))
    assert one.p == pytest.approx(two.p)


def test_equal_answers_are_not_told_apart():
    found = comparison.compare([0, 1, 0], [0, 1, 0])
    assert (found.p, found.difference, found.better) == (1, 0, None)
    assert found.low < 0 < found.high


def test_graded_errors_get_a_paired_t_test():
    rng = np.random.default_rng(2)
    first = rng.exponential(1, 80)
    second = first * rng.uniform(0.6, 1.1, 80)
    found = comparison.compare(first, second)
    want = stats.ttest_rel(second, first)
    assert found.counts is None
    assert found.p == pytest.approx(want.pvalue)
    assert (found.low, found.high) == pytest.approx(
        tuple(want.confidence_interval())
    )
    assert found.better == 1
    same = comparison.compare(first, first)
    assert (same.p, same.low, same.high) == (1, 0, 0)


def test_refuses_what_is_no_pair():
    with pytest.raises(ValueError, match=r"Received: \(2,\) and \(3,\)"):
        comparison.compare([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="at least 1"):
        comparison.compare([], [])
    for pair in ([np.nan, 0.5], [0.1, 0.2]), ([0.1, 0.2], [0.5, np.inf]):
        with pytest.raises(ValueError, match="must be finite .*Received"):
            comparison.compare(*pair)


def test_one_graded_example_tells_nothing():
    found = comparison.compare([0.5], [0.4])
    assert found.better is None and found.p == 1
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.difference == pytest.approx(-0.1)
