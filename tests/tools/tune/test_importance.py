"""The order of importance, as searches."""

import dataclasses

import pytest

from kerasnotes import errors, tasks
from kerasnotes.tools.tune import importance, program, search_text

ALPHA = {"learning_rate"}
SECOND = ALPHA | {"beta", "batch_size"}
THIRD = SECOND | {"lr_schedule"}


def drawn(search, task, **flags):
    """Return the names that a trainer's search draws."""
    config = tasks.get(task).Config(**flags)
    space = search_text.parse(importance.expanded(search, config))
    program._check_names(space, tasks.get(task))
    return {d.name for d in space}


@pytest.mark.parametrize(
    "task, flags, second, third",
    [
        (
            "classify",
            {"model": "mlp"},
            {"hidden"},
            {"hidden.layers", "hidden.units"},
        ),
        ("classify", {"model": "lenet5"}, set(), set()),
        ("classify", {"model": "resnet20"}, {"width"}, {"width"}),
        ("regress", {"model": "linear_regression"}, set(), set()),
        ("translate", {}, {"width"}, {"width", "layers"}),
    ],
)
def test_each_level_adds_what_matters_less(task, flags, second, third):
    assert drawn("importance:1", task, **flags) == ALPHA
    assert drawn("importance:2", task, **flags) == SECOND | second
    assert drawn("importance:3", task, **flags) == THIRD | third


@pytest.mark.parametrize(
    "optimizer, has", [("sgd", 1), ("notes_rmsprop", 1), ("adagrad", 0)]
)
def test_momentum_is_drawn_where_there_is_one(optimizer, has):
    found = drawn("importance:2", "classify", optimizer=optimizer)
    assert ("beta" in found) == has


def test_more_may_stand_behind():
    found = drawn("importance:1,l2=log:1e-3:10", "regress")
    assert found == ALPHA | {"l2"}
    assert drawn("l2=log:1e-3:10", "regress") == {"l2"}


def test_other_levels_are_told():
    config = tasks.get("regress").Config()
    with pytest.raises(errors.UserError, match="importance: unknown '4'"):
        importance.expanded("importance:4", config)


@pytest.mark.parametrize(
    "given, zoom",
    [
        ({"search": "importance:2"}, 2),
        ({"search": "importance:2", "zoom": 3}, 3),
        ({"search": "l2=log:1e-3:10"}, 1),
    ],
)
def test_presets_go_from_coarse_to_fine(given, zoom):
    config = program._config(given)
    assert config.zoom == zoom
    assert dataclasses.asdict(config)["search"] == given["search"]
