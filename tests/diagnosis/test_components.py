import json
import math

import numpy as np
import pytest

from kerasnotes.diagnosis import differences, verdicts
from kerasnotes.diagnosis.components import FLOOR, RATIO, diagnose
from kerasnotes.diagnosis.intervals import Measure

BIAS, VARIANCE = "avoidable bias", "variance"
MISMATCH, OVERFIT = "data mismatch", "overfitting to dev"
# Human, train, train-dev and dev error in per cent.
ROWS = [
    ((0, 1, 9, 10), {VARIANCE}),
    ((0, 1, 1.5, 10), {MISMATCH}),
    ((1, 8, None, 10), {BIAS}),
    ((7.5, 8, None, 10), {VARIANCE}),
    ((0, 16, None, 30), {BIAS, VARIANCE}),
    ((0, 0.6, None, 0.9), set()),
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


def test_one_example_is_singular():
    need = differences.Need(VARIANCE, ("train_dev",), 1)
    assert verdicts.more_examples(need) == "1 more train-dev example"
    need = differences.Need(MISMATCH, ("dev", "train_dev"), 1234)
    assert verdicts.more_examples(need) == (
        "about 1,300 more dev and train-dev examples each"
    )
