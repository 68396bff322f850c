import math

import numpy as np
import pytest
from scipy import stats

from kerasnotes.diagnosis import intervals
from kerasnotes.diagnosis.intervals import Measure


@pytest.mark.parametrize(
    ("wrong", "examples"),
    [(0, 1), (1, 1), (0, 10), (6, 360), (50, 100), (10, 10), (3, 10**6)],
)
def test_shares_have_wilsons_interval(wrong, examples):
    oracle = stats.binomtest(wrong, examples).proportion_ci(method="wilson")
    found = Measure(wrong / examples, examples).interval
    np.testing.assert_allclose(found, oracle, atol=1e-12)


def test_360_examples_say_so_much():
    low, high = Measure(0.015, 360).interval
    assert (round(1 - high, 3), round(1 - low, 3)) == (0.966, 0.993)


# R. G. Newcombe (1998), table II, method 10.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), NEWCOMBE)
def test_differences_of_shares_are_newcombes(a, m, b, n, low, high):
    found = intervals.difference(Measure(a / m, m), Measure(b / n, n))
    np.testing.assert_allclose(found, [low, high], atol=6e-5)


def test_a_difference_turned_round_is_turned_round():
    one, other = Measure(0.2, 50), Measure(0.4, 30, 0.1)
    low, high = intervals.difference(one, other)
    assert intervals.difference(other, one) == pytest.approx((-high, -low))


def test_other_errors_have_students_interval_on_the_logarithm():
    errors = np.random.default_rng(0).chisquare(1, 40)
    low, high = Measure.of_examples(errors).interval
    mean, sem = errors.mean(), stats.sem(errors)
    oracle = stats.t.interval(0.95, 39, math.log(mean), sem / mean)
    np.testing.assert_allclose([low, high], np.exp(oracle))


def test_it_holds_the_mean_of_squares_better_than_students():
    rng = np.random.default_rng(1)
    draws = rng.chisquare(1, [1000, 20])
    plain = stats.t.interval(0.95, 19, draws.mean(1), stats.sem(draws, axis=1))
    ends = np.array([Measure.of_examples(d).interval for d in draws]).T
    held, plainly = (((e[0] <= 1) & (e[1] >= 1)).mean() for e in (ends, plain))
    assert held > 0.9 and held > plainly + 0.01


def test_wrong_and_right_answers_are_shares():
    assert Measure.of_examples(np.array([0, 1, 1, 0])) == Measure(0.5, 4)
    assert Measure.of_examples(np.array([True, False])) == Measure(0.5, 2)
    assert Measure.of_examples(np.array([0.5, 1.0])).deviation == 0.25


def test_one_example_says_little_and_no_count_is_exact():
    assert Measure(0.3, 1, 0.0).interval == (0, math.inf)
    assert Measure(0.3).interval == (0.3, 0.3)
    assert intervals.difference(Measure(0.3), Measure(0.1)) == pytest.approx(
        (0.2, 0.2)
    )


def test_no_error_seen_is_no_certainty():
    assert Measure(0.0, 50, 0.0).interval == Measure(0.0, 50).interval
    low, high = Measure(1e-3, 2, 5.0).interval
    assert low == 0 and high == math.inf


@pytest.mark.parametrize("p", [0, 1e-4, 0.1, 1])
def test_intervals_narrow_to_the_error(p):
    widths = [
        np.ptp(Measure(p, n).interval) for n in (10, 100, 10**4, 10**9, 10**15)
    ]
    assert widths == sorted(widths, reverse=True)
    low, high = Measure(p, 10**15).interval
    assert low <= p <= high and widths[-1] < 1e-7


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ((math.nan,), "error"),
        ((-0.1,), "error"),
        ((math.inf, 10, 1.0), "error"),
        ((1.2, 10), "error"),
        ((0.1, 0), "examples"),
        ((0.1, 10, math.nan), "deviation"),
    ],
)
def test_what_is_no_error_is_refused(given, name):
    with pytest.raises(ValueError, match=f"`{name}`.*Received: "):
        Measure(*given)


def test_texts_are_rounded_for_people():
    assert Measure(0.052, 1000).text == "5.2 % (4.0–6.8)"
    assert Measure(0.052).text == "5.2 %"
    assert Measure(0.3, 1, 0.0).text == "30.0 % (0.0–∞)"
    assert intervals.percent(-1e-9) == "0.0"
    assert intervals.percent(0.00094) == "0.09"
    assert intervals.percent(0.00096) == "0.1"
    assert intervals.percent(0.9999) == "100"
    assert intervals.span(-math.inf, math.inf) == "-∞ to ∞"


@pytest.mark.parametrize("choices", [1, 14, 1000])
def test_what_choosing_can_win_is_the_reach_of_a_wider_interval(choices):
    """Of shares near the normal, and Student's of other errors."""
    tail = 0.025 / choices
    z = stats.norm.isf(tail)
    shares = Measure(0.3, 10**6)
    error = math.sqrt(0.3 * 0.7 / 10**6)
    assert shares.winnable(choices) == pytest.approx(z * error, rel=0.01)
    others = Measure(2.0, 10**4, 1.0)
    t = stats.t.isf(tail, 10**4 - 1)
    reach = 2 * math.expm1(t / (2 * math.sqrt(10**4 - 1)))
    assert others.winnable(choices) == pytest.approx(reach, rel=1e-9)
    assert Measure(0.3).winnable(choices) is None


def test_of_one_candidate_it_is_the_interval():
    for measure in (Measure(0.3, 70), Measure(0.0, 9), Measure(2.0, 30, 1.0)):
        high = measure.interval[1]
        assert measure.winnable(1) == pytest.approx(high - measure.error)
