import dataclasses

import pytest

from kerasnotes.diagnosis import advice, components
from kerasnotes.diagnosis.advice import Remedy
from kerasnotes.diagnosis.intervals import Measure
from kerasnotes.diagnosis.verdicts import (
    BIAS,
    HUMAN,
    MISMATCH,
    OTHER_TEST,
    OVERFIT,
    VARIANCE,
)

TEXTS = {
    BIAS: ["larger", "longer", "another"],
    VARIANCE: ["more data", "another"],
    MISMATCH: ["look"],
    OVERFIT: ["new dev"],
    OTHER_TEST: ["one source"],
    HUMAN: ["ask people"],
}


def remedies(problem, facts):
    for text in TEXTS[problem]:
        yield Remedy(text, f"it helps against {facts}", f"--{text}")


def advise(**errors):
    errors = {n: Measure(e) for n, e in errors.items()}
    return texts(components.diagnose(errors, Measure(0.0)))


def texts(diagnosis):
    return [r.what for r in advice.advise(diagnosis, remedies, "noise")]


def test_each_problem_has_its_remedies():
    assert advise(train=0.1, dev=0.11) == ["larger", "longer", "another"]
    assert advise(train=0.01, dev=0.1) == ["more data", "another"]
    assert advise(train=0.01, train_dev=0.012, dev=0.1) == ["look"]
    assert advise(train=0.001, dev=0.002, test=0.05) == ["new dev"]


def test_the_task_is_given_the_facts():
    errors = {"train": Measure(0.1), "dev": Measure(0.1)}
    first, *_ = advice.advise(
        components.diagnose(errors, Measure(0.0)), remedies, "noise"
    )
    assert first == Remedy("larger", "it helps against noise", "--larger")
    assert Remedy("gather", "it helps").example == ""
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.what = "smaller"


def test_several_problems_take_turns_and_nothing_is_said_twice():
    def same(problem, facts):
        return [Remedy(text, "it helps") for text in TEXTS[problem]]

    def both(train, dev):
        errors = {"train": Measure(train), "dev": Measure(dev)}
        diagnosis = components.diagnose(errors, Measure(0.0))
        return [r.what for r in advice.advise(diagnosis, same)]

    larger_bias = ["larger", "more data", "longer", "another"]
    assert both(0.16, 0.3) == larger_bias
    larger_variance = ["more data", "larger", "another", "longer"]
    assert both(0.14, 0.3) == larger_variance


def test_nothing_to_do():
    (stop,) = advise(train=0.006, dev=0.009)
    assert "stop here" in stop
    # What is real but small comes after it.
    many = {"train": Measure(0.004, 10**6), "dev": Measure(0.009, 10**6)}
    found = texts(components.diagnose(many))
    assert "stop here" in found[0]
    assert found[1:] == ["more data", "another"]


def test_not_enough_to_tell():
    few = {"train": Measure(0.0, 10**5), "dev": Measure(0.0, 20)}
    (more,) = texts(components.diagnose(few))
    assert more == "gather about 370 more dev examples"


def test_unknown_human_level_is_asked_for_first():
    split = {"train": Measure(0.5, 900, 0.7), "dev": Measure(0.5, 900, 0.7)}
    assert texts(components.diagnose(split)) == ["ask people", *TEXTS[BIAS]]


def test_no_remedy_at_all_says_to_stop():
    errors = {"train": Measure(0.1), "dev": Measure(0.1)}
    diagnosis = components.diagnose(errors, Measure(0.0))
    (stop,) = advice.advise(diagnosis, lambda problem, facts: [])
    assert "stop here" in stop.what
