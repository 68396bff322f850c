import itertools
import math

import pytest

from kerasnotes import errors
from kerasnotes.diagnosis import selection
from kerasnotes.diagnosis.selection import Bound, Selection

TABLE = [
    {"accuracy": 0.90, "latency_ms": 80.0},
    {"accuracy": 0.92, "latency_ms": 95.0},
    {"accuracy": 0.95, "latency_ms": 1500.0},
]


def test_the_courses_table_in_every_order():
    chooser = Selection("accuracy", "latency_ms<=100")
    for order in itertools.permutations(TABLE):
        assert chooser.choose(list(order)) is TABLE[1]
    assert Selection("accuracy").choose(TABLE) is TABLE[2]
    assert Selection("latency_ms").choose(TABLE) is TABLE[0]


def test_the_courses_f1_under_a_bound():
    """The third table: 90, 92 and 92 % at 80, 95 and 1,500 ms."""
    rows = [
        {"f1": f1, "latency_ms": ms}
        for f1, ms in ((0.90, 80), (0.92, 95), (0.92, 1500))
    ]
    for order in itertools.permutations(rows):
        chooser = Selection("f1", "latency_ms<=1000")
        assert chooser.choose(list(order)) is rows[1]
        # Half a point of F1 for a second.
        chooser = Selection("f1 - 0.0005 * latency_ms")
        assert chooser.choose(list(order)) is rows[1]
    # Where seconds cost next to nothing, the most accurate.
    assert Selection("accuracy - latency_ms / 1e6").choose(TABLE) is TABLE[2]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("accuracy", 0.9),
        ("accuracy-0.5*loss", 0.7),
        (" -(loss - accuracy) / 2 + 2 * 0.5 * f1 ", 1.05),
        ("accuracy + accuracy", 1.8),
    ],
)
def test_one_number_from_several(text, value):
    metrics = {"accuracy": 0.9, "loss": 0.4, "f1": 0.8}
    chooser = Selection(text)
    assert chooser.value(metrics) == pytest.approx(value)
    assert chooser.scored(metrics)[text] == chooser.value(metrics)
    worse = metrics | {"accuracy": 0.8}
    assert chooser.better(metrics, worse) and not chooser.better(worse, metrics)


def test_checkpoints_have_no_latency_in_a_sum():
    chooser = Selection("f1 - 0.001*latency_ms - 2*loss")
    assert chooser.better({"f1": 0.9, "loss": 0.1}, {"f1": 0.9, "loss": 0.2})
    assert chooser.metric == "f1" and chooser.at_export == ["latency_ms"]
    assert Selection("f1", "size_mb<=5").at_export == ["size_mb"]


@pytest.mark.parametrize(
    "text",
    [
        *("accuracy*loss", "1/accuracy", "accuracy**2", "abs(loss)", "f1 +"),
        *("accuracy + 1", "2", "accuracy/0", "accuracy*1e999", "True*f1"),
        *("-0.5*latency_ms", "__import__('os')", "f1.real", "-" * 9999 + "f1"),
    ],
)
def test_what_is_no_sum_of_metrics_is_refused(text):
    with pytest.raises(errors.UserError, match="--optimize: .*write 'acc"):
        Selection(text)


def test_bounds_of_export_are_apart():
    chooser = Selection("f1", " recall_min >= 0.9, size_mb<=5,latency_ms<=1e2")
    assert chooser.bounds == [Bound("recall_min", ">=", 0.9)]
    assert [str(b) for b in chooser.export_bounds] == [
        "size_mb<=5",
        "latency_ms<=100",
    ]
    # Checkpoints have no latency yet.
    assert chooser.better({"f1": 0.9, "recall_min": 0.95}, None)


@pytest.mark.parametrize(
    ("candidate", "best", "expected"),
    [
        # Both keep the bound: the better f1.
        ((0.8, 0.90, 1), (0.7, 0.99, 1), True),
        ((0.7, 0.99, 1), (0.8, 0.90, 1), False),
        # One keeps it.
        ((0.1, 0.91, 1), (0.9, 0.89, 1), True),
        ((0.9, 0.89, 1), (0.1, 0.91, 1), False),
        # None does: the least violating, whatever its f1.
        ((0.1, 0.85, 1), (0.9, 0.80, 1), True),
        ((0.9, 0.80, 1), (0.1, 0.85, 1), False),
        # Ties: the lower loss, then the earlier.
        ((0.8, 0.95, 0.5), (0.8, 0.95, 0.6), True),
        ((0.8, 0.95, 0.6), (0.8, 0.95, 0.5), False),
        ((0.8, 0.95, 0.5), (0.8, 0.95, 0.5), False),
        # No number never wins, and always loses.
        ((math.nan, 0.95, 1), (0.1, 0.95, 1), False),
        ((0.1, 0.95, 1), (math.nan, 0.95, 1), True),
        ((0.9, math.nan, 1), (0.1, 0.1, 1), False),
        # 0.9 of float32.
        ((0.8, 0.8999999761581421, 1), (0.7, 0.95, 1), True),
    ],
)
def test_better(candidate, best, expected):
    names = ("f1", "recall_min", "loss")
    chooser = Selection("f1", "recall_min>=0.9")
    candidate, best = (
        dict(zip(names, values, strict=True)) for values in (candidate, best)
    )
    assert chooser.better(candidate, best) is expected


@pytest.mark.parametrize("name", ["loss", "error", "false_alarms"])
def test_smaller_is_better(name):
    assert Selection(name).better({name: 1.0}, {name: 2.0})
    assert not Selection(name).better({name: 2.0}, {name: 1.0})
    assert Selection("f1").better({"f1": 2.0}, {"f1": 1.0})
    assert not selection.smaller_is_better("f1 - 0.5*box_loss")


def test_violations_of_several_bounds_add_up():
    chooser = Selection("f1", "recall_min>=0.5,false_alarms<=10")
    rows = [
        {"f1": 1.0, "recall_min": 0.25, "false_alarms": 5},  # 0.5
        {"f1": 0.2, "recall_min": 0.45, "false_alarms": 12},  # 0.1 + 0.2
        {"f1": 0.9, "recall_min": 0.50, "false_alarms": 14},  # 0.4
    ]
    assert chooser.choose(rows) is rows[1]
    assert Bound("false_alarms", "<=", 0).violation(2) == 2


def test_unknown_names():
    metrics = {"accuracy": 1.0, "recall_min": 1.0}
    with pytest.raises(errors.UserError, match="--optimize: unknown 'acuracy'"):
        Selection("acuracy").better(metrics, None)
    with pytest.raises(
        errors.UserError, match="los: unknown .los.; did you mean .loss."
    ):
        Selection("accuracy-los").check(metrics | {"loss": 1.0})
    with pytest.raises(errors.UserError, match="--satisfy: unknown 'recal'"):
        Selection("accuracy", "recal>=0.9").check(metrics)


@pytest.mark.parametrize(
    "text", ["recall", "recall>0.9", "recall>=", "recall>=high", "a>=1;b<=2"]
)
def test_bad_syntax_names_the_flag(text):
    with pytest.raises(errors.UserError, match="--satisfy.*Received: "):
        Selection("accuracy", text)
