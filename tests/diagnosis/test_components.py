import json
import math

import numpy as np
import pytest

from kerasnotes.diagnosis import differences, verdicts
from kerasnotes.diagnosis.components import FLOOR, RATIO, diagnose
from kerasnotes.diagnosis.intervals import Measure

BIAS, VARIANCE = "avoidable bias", "variance"
MISMATCH, OVERFIT = "data mismatch", "overfitting to dev"
OTHER_TEST = "dev-test mismatch"
# Human, train, train-dev and dev error in per cent.
ROWS = [
    ((0, 1, 9, 10), {VARIANCE}),
    ((0, 1, 1.5, 10), {MISMATCH}),
    ((1, 8, None, 10), {BIAS}),
    ((7.5, 8, None, 10), {VARIANCE}),
    ((0, 16, None, 30), {BIAS, VARIANCE}),
    ((0, 0.6, None, 0.9), set()),
    # The first course of practice: 1, 15, 15 and 0.5 % on train.
    ((0, 1, None, 11), {VARIANCE}),
    ((1, 15, None, 16), {BIAS}),
    ((1, 15, None, 30), {BIAS, VARIANCE}),
    ((0, 0.5, None, 1), set()),
    # Train-dev beside dev of other data.
    ((0, 10, 11, 12), {BIAS}),
    ((0, 10, 11, 20), {BIAS, MISMATCH}),
]


def measures(train, train_dev, dev, test=None, examples=None):
    errors = {"train": train, "train_dev": train_dev, "dev": dev, "test": test}
    if not isinstance(examples, dict):
        examples = dict.fromkeys(errors, examples)
    return {
        name: Measure(error / 100, examples[name])
        for name, error in errors.items()
        if error is not None
    }


def of_row(row, examples=None):
    human, *errors = row
    found = measures(*errors, examples=examples)
    return diagnose(found, Measure(human / 100))


@pytest.mark.parametrize("examples", [None, 3000, 10**4, 10**9, 10**15])
@pytest.mark.parametrize(("row", "problems"), ROWS)
def test_the_courses_examples(row, problems, examples):
    found = of_row(row, examples)
    assert set(found.problems) == problems
    assert "can't" not in found.verdict
    assert not found.needs and not found.below_human and not found.assumed


@pytest.mark.parametrize(("row", "problems"), ROWS)
def test_few_examples_never_name_what_the_points_deny(row, problems):
    for examples in (1, 5, 20, 50, 100, 360, 1000):
        found = of_row(row, examples)
        # A larger problem may not be shown yet, and it is asked about then.
        asked = {need.component for need in found.needs}
        assert set(found.problems) <= problems or problems & asked
        if not found.problems:
            assert found.needs or "nothing stands out" in found.verdict


@pytest.mark.parametrize(
    ("human", "bias", "variance"), [(1, 7, 2), (7.5, 0.5, 2)]
)
def test_one_training_error_is_much_or_little_by_the_human_level(
    human, bias, variance
):
    found = of_row((human, 8, None, 10))
    values = [100 * c.value for c in found.components]
    assert values == pytest.approx([bias, variance])


def test_what_people_misread_as_often_is_no_avoidable_bias():
    """Pictures so blurred that the best people err on 15 %."""
    for examples in (None, 3000, 10**9):
        found = of_row((15, 15, None, 16), examples)
        assert found.component(BIAS).value == 0
        assert BIAS not in found.problems


# Errors of radiologists' pictures, in per cent.
LEVELS = {
    "typical": 3.0,
    "doctor": 1.0,
    "experienced doctor": 0.7,
    "team": 0.5,
}


@pytest.mark.parametrize(
    ("train", "dev", "bias", "variance", "problems"),
    [
        (5, 6, 4.5, 1, {BIAS}),
        (1, 5, 0.5, 4, {VARIANCE}),
        (0.7, 0.8, 0.2, 0.1, set()),
    ],
)
def test_of_several_human_levels_the_lowest_stands_for_bayes_error(
    train, dev, bias, variance, problems
):
    levels = {n: Measure(e / 100) for n, e in LEVELS.items()}
    found = diagnose(measures(train, None, dev), levels)
    values = [100 * c.value for c in found.components]
    assert values == pytest.approx([bias, variance])
    assert set(found.problems) == problems
    (note,) = found.notes
    assert "typical 3.0 %, doctor 1.0 %" in note and "of team," in note
    assert found.to_dict()["human_levels"]["doctor"] == 0.01
    assert not found.assumed


def test_below_human_level_the_estimate_no_longer_guides():
    for examples in (None, 100, 10**6):
        found = of_row((0.5, 0.3, None, 0.4), examples)
        assert found.below_human and BIAS not in found.problems
        assert "no longer guides" in found.notes[0]
        assert BIAS not in [need.component for need in found.needs]
    assert of_row((0.5, 0.3, None, 8)).problems == (VARIANCE,)


def test_huge_counts_say_what_the_points_say():
    rng = np.random.default_rng(0)
    for _ in range(200):
        row = np.round(rng.uniform(0, 20, 4), 2)
        points, counted = of_row(row), of_row(row, 10**15)
        assert points.problems == counted.problems, row
        assert not counted.needs


def test_the_rule():
    rng = np.random.default_rng(1)
    for _ in range(300):
        row = rng.uniform(0, 15, 4) * rng.integers(0, 2, 4)
        found = of_row(row, int(rng.integers(5, 3000)))
        parts = {c.name: c for c in found.components}
        largest = max((c.value for c in parts.values() if c.low > 0), default=0)
        for name, c in parts.items():
            shown = c.low > 0 and c.value >= FLOOR
            if name == BIAS and found.below_human:
                shown = False
            rank = c.value >= RATIO * largest
            assert (name in found.problems) == (shown and rank)
        values = [parts[name].value for name in found.problems]
        assert values == sorted(values, reverse=True)


def test_more_examples_settle_it_and_no_fewer():
    found = of_row((1, 1, None, 2.5), {"train": 10**5, "dev": 100})
    (need,) = found.needs
    assert need.component == VARIANCE and need.splits == ("dev",)

    def with_more(more):
        return of_row((1, 1, None, 2.5), {"train": 10**5, "dev": 100 + more})

    assert with_more(need.examples).problems == (VARIANCE,)
    assert with_more(need.examples - 1).needs


def test_where_one_split_is_not_enough_both_grow():
    found = of_row((0, 0, 3, 5), {"train": 10**5, "train_dev": 40, "dev": 40})
    need = found.needs[-1]
    assert need.component == MISMATCH
    assert need.splits == ("dev", "train_dev")
    more = 40 + need.examples
    settled = of_row(
        (0, 0, 3, 5), {"train": 10**5, "train_dev": more, "dev": more}
    )
    assert MISMATCH not in [n.component for n in settled.needs]
    assert "more dev and train-dev examples each would" in found.verdict


def test_where_train_is_too_small_it_says_so():
    found = of_row((0, 0, None, 3), 20)
    need = next(n for n in found.needs if n.component == VARIANCE)
    assert need.examples is None
    assert "more dev examples alone would not tell" in found.verdict


def test_nothing_wrong_on_few_examples_is_no_proof():
    found = of_row((0, 0, None, 0), {"train": 10**5, "dev": 20})
    assert found.verdict == (
        "can't tell yet whether you have a variance problem: about 370 more "
        "dev examples would"
    )
    # Without an error on n, Wilson's end is z²/(n + z²), and train's adds 0.
    exact = math.ceil(1.959964**2 * (1 / FLOOR - 1))
    assert found.needs[0].examples == pytest.approx(exact - 20, abs=1)


def test_dev_is_overfitted_only_where_test_is_shown_to_be_worse():
    def problems(dev, test, examples):
        found = measures(0.1, None, dev, test, examples=examples)
        return diagnose(found, Measure(0)).problems

    assert problems(1, 4, 5000) == (OVERFIT,)
    assert problems(1, 4, None) == (OVERFIT,)
    assert OVERFIT not in problems(1, 4, 50)
    assert OVERFIT not in problems(4, 1, 5000)
    assert OVERFIT not in problems(1, 1.5, 10**6)
    # Whatever else is wrong, the yardstick is judged by itself.
    assert set(problems(30, 34, 5000)) == {VARIANCE, OVERFIT}
    found = diagnose(measures(0.1, None, 30, 34, examples=5000), Measure(0))
    assert found.verdict == "you have a variance problem and overfitted dev"


def test_choosing_wins_so_much_and_no_more():
    """Dev of 1,000 with 40 % wrong has a standard error of 1.55 %.

    The 97.5 % point of the normal for the best of 14 is that of a tail of
    0.025/14, which is 2.914: choosing wins 4.6 % at most. Test's error is as
    uncertain, 4.5 %, and √(4.6² + 4.5²) is 6.4 %.
    """

    def problems(test, choices, dev=40, examples=1000):
        row = measures(40, None, dev, test, examples=examples)
        return diagnose(row, Measure(0.4), choices=choices).problems

    assert problems(45.0, 14) == (OVERFIT,)
    assert problems(46.6, 14) == (OTHER_TEST,)
    # More choices may have won as much.
    assert problems(46.6, 10**4) == (OVERFIT,)
    # Who chose nothing has overfitted nothing.
    assert problems(45.0, 1) == (OTHER_TEST,)
    # Nor where nobody knows of choices, or counts examples.
    assert problems(46.6, None) == (OVERFIT,)
    assert problems(46.6, 14, examples=None) == (OVERFIT,)
    # Many examples leave nothing to win by chance.
    assert problems(42.0, 100, examples=10**5) == (OTHER_TEST,)
    # What isn't real or doesn't matter is no problem, whatever its name.
    assert problems(40.5, 1, examples=10**7) == ()
    assert problems(41.0, 14) == ()


def test_other_data_in_test_are_said_with_their_numbers():
    row = measures(40, None, 40, 46.6, examples=1000)
    found = diagnose(row, Measure(0.4), choices=14)
    assert found.verdict.split("; ")[0] == (
        "dev and test are of different data: test is 6.6 % worse, and "
        "choosing one of 14 models wins 4.6 % at most"
    )
    assert found.notes == [
        "Choices among other runs aren't counted: a thousand times as many "
        "would win 7.3 % at most."
    ]
    kept = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert kept["choices"] == 14
    assert kept["components"][OTHER_TEST]["of"] == ["test", "dev"]
    one = diagnose(row, Measure(0.4), choices=1)
    assert "6.6 % worse, and nothing was chosen on dev" in one.verdict


def test_other_errors_of_other_data_in_test():
    """Squared errors of mean 0.2 and deviation 0.3 on 500."""
    row = {
        "train": Measure(0.2, 500, 0.3),
        "dev": Measure(0.2, 500, 0.3),
        "test": Measure(0.4, 500, 0.6),
    }
    assert diagnose(row, choices=250).problems == (OTHER_TEST,)
    row["test"] = Measure(0.26, 500, 0.39)
    assert diagnose(row, choices=250).problems == (OVERFIT,)
    row["test"] = Measure(0.21, 500, 0.3)
    assert not diagnose(row, choices=250).problems


def test_the_best_of_many_equal_models_is_never_other_data():
    """Drawn: dev's error is the lowest of 30, test's is one of the same."""
    rng = np.random.default_rng(0)
    named = 0
    for _ in range(400):
        dev = rng.binomial(800, 0.3, 30).min() / 800
        test = rng.binomial(800, 0.3) / 800
        # Those of one run are more alike, and win less.
        row = measures(30, None, 100 * dev, 100 * test, examples=800)
        found = diagnose(row, Measure(0.3), choices=30)
        named += OTHER_TEST in found.problems
    assert named <= 0.025 * 400


def test_where_0_cannot_be_reached_bias_is_no_verdict():
    def run(least, human=None):
        row = {n: Measure(0.45, 5000, least=least) for n in ("train", "dev")}
        return diagnose(row, human and Measure(human))

    assert run(0.0).problems == (BIAS,)
    unknown = run(None)
    assert unknown.unknown and unknown.problems == ()
    assert "give --human_error" in unknown.verdict
    assert run(None, 0.4).problems == (BIAS,)
    assert not run(None, 0.4).unknown


def test_other_errors_and_no_human():
    def measure(error, examples=5000):
        return Measure(error, examples, 1.4 * error)

    split = {"train": measure(0.4), "dev": measure(0.6)}
    found = diagnose(split)
    assert found.problems == (VARIANCE,) and found.unknown
    assert "give --human_error" in found.verdict
    assert found.notes == [
        "Human-level error is unknown: the avoidable bias is at most this."
    ]
    given = diagnose(split, Measure(0.1))
    assert given.problems == (BIAS, VARIANCE) and not given.unknown
    # A training error of nothing leaves no bias to ask about.
    fitted = {"train": measure(1e-6), "dev": measure(0.6)}
    assert diagnose(fitted).verdict == "you have a variance problem"


def test_shares_without_human_take_0_and_say_so():
    found = diagnose(measures(16, None, 30))
    assert found.assumed and set(found.problems) == {BIAS, VARIANCE}
    assert "taken to be 0" in found.notes[0]


def test_synthetic_training_examples_are_named_where_they_mismatch():
    row = measures(1, 1.5, 10)
    (note,) = diagnose(row, Measure(0), synthetic=True).notes
    assert "synthesised" in note
    assert not diagnose(row, Measure(0)).notes
    fine = measures(1, 1.5, 1.6)
    assert not diagnose(fine, Measure(0), synthetic=True).notes


def test_json_keeps_it_and_infinity_is_null():
    row = {"train": Measure(0.1, np.int64(1), 0.0), "dev": Measure(0.2, 9, 0.1)}
    kept = json.loads(json.dumps(diagnose(row).to_dict(), allow_nan=False))
    assert kept["errors"]["train"]["interval"] == [0, None]
    assert kept["components"]["variance"]["of"] == ["dev", "train"]
    for row, problems in ROWS:
        kept = json.loads(
            json.dumps(of_row(row, 50).to_dict(), allow_nan=False)
        )
        assert set(kept["components"]) >= problems


def test_a_count_on_one_side_only_is_no_crash():
    found = diagnose({"train": Measure(0.01, 30), "dev": Measure(0.03)})
    assert found.components[1].low < 0.02 < found.components[1].high


@pytest.mark.parametrize("names", [["train"], ["dev"], ["train", "dev", "x"]])
def test_wrong_splits_are_refused(names):
    with pytest.raises(ValueError, match="`measures`.*Received: "):
        diagnose(dict.fromkeys(names, Measure(0.1)))


def test_one_graded_example_tells_no_number():
    measures = {"train": Measure(0.2, 900, 0.1), "dev": Measure(0.3, 1, 0.0)}
    found = diagnose(measures)
    need = next(n for n in found.needs if n.component == VARIANCE)
    assert need.examples == 0
    assert "one dev example doesn't say how many more" in found.verdict
    assert found.to_dict()["more_examples"][VARIANCE] == {"dev": None}


def test_one_example_is_singular():
    need = differences.Need(VARIANCE, ("train_dev",), 1)
    assert verdicts.more_examples(need) == "1 more train-dev example"
    need = differences.Need(MISMATCH, ("dev", "train_dev"), 1234)
    assert verdicts.more_examples(need) == (
        "about 1,300 more dev and train-dev examples each"
    )


@pytest.mark.parametrize(
    ("losses", "error", "diverged"),
    [
        ((2.3, 1e31), 90, True),
        ((2.3, 40.0), 90, True),
        ((2.3, 20.0), 90, False),
        ((1e-6, 1e-4), 0.5, False),  # from weights that were right already
        (None, 90, False),
    ],
)
def test_a_loss_far_above_the_untrained_models(losses, error, diverged):
    found = diagnose(measures(error, None, error), losses=losses)
    assert (found.problems == (verdicts.DIVERGED,)) == diverged
    assert found.verdict.startswith("the run diverged: its") == diverged
