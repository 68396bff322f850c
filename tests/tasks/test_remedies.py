"""What each task tries, by what its run knows: a table over all tasks."""

import dataclasses

import pytest

from kerasnotes import tasks
from kerasnotes.diagnosis.verdicts import (
    BIAS,
    DIVERGED,
    HUMAN,
    MISMATCH,
    OTHER_TEST,
    OVERFIT,
    VARIANCE,
)
from kerasnotes.training.report.run_facts import RunFacts

PICTURES = {
    "train": 1079,
    "parameters": 61_706,
    "best_epoch": 40,
    "arguments": frozenset({"dropout", "batch_norm"}),
    "input_shape": (32, 32, 1),
}
RESNET = PICTURES | {"arguments": frozenset(), "input_shape": (32, 32, 3)}
TEXTS = {
    "train": 29_000,
    "best_epoch": 3,
    "arguments": frozenset({"width", "dropout"}),
}
CURVE = "--learning_curve=0.1,0.25,0.5"
# Task, problem, flags, facts, and the examples of the remedies.
TABLE = [
    (
        *("classify", BIAS, {}, PICTURES | {"data": {"picture_size": (8, 8)}}),
        [
            "--model=resnet20",
            "--batch_norm",
            "--learning_rate=0.001",
            "--augment=none",
            "--model=lenet5_teaching",
        ],
    ),
    (
        *("classify", BIAS, {"model": "resnet20", "augment": "none"}),
        RESNET | {"data": {"picture_size": (32, 32)}},
        ["--model=resnet32", "--learning_rate=0.001", ""],
    ),
    (
        *("classify", BIAS, {"model": "softmax_regression"}),
        RESNET | {"data": {"picture_size": (96, 96)}},
        [
            "--model=mlp",
            "--image_size=64",
            "--learning_rate=0.001",
            "--augment=none",
            "",
        ],
    ),
    (
        *("classify", VARIANCE, {"model": "resnet20", "l2": 1.0}, RESNET),
        [
            CURVE,
            "--augment=standard",
            "--model=mobilenet_v2 --weights=imagenet --freeze=all",
            "--l2=3",
            "--weight_average=0.99",
            "--model=lenet5",
        ],
    ),
    (
        *("classify", VARIANCE, {}, PICTURES | {"problems": (BIAS, VARIANCE)}),
        [
            *(CURVE, "--augment=standard", "--l2=1", "--dropout=0.2"),
            "--weight_average=0.99",
        ],
    ),
    ("classify", MISMATCH, {}, PICTURES, ["", "", ""]),
    (
        *("multilabel", BIAS, {"dropout": "0.5"}),
        PICTURES | {"best_epoch": 30, "data": {"picture_size": (48, 48)}},
        [
            "--epochs=60",
            "--dropout=0.25",
            "--model=resnet20",
            "--image_size=48",
            "--batch_norm",
            "--learning_rate=0.001",
            "--augment=none",
            "--model=lenet5",
        ],
    ),
    (
        *("multilabel", VARIANCE, {"augment": "none"}, PICTURES),
        [
            CURVE,
            "--augment=light",
            "--l2=1",
            "--dropout=0.2",
            "--weight_average=0.99",
            "--model=lenet5",
        ],
    ),
    (
        *("regress", BIAS, {}, {"parameters": 11}),
        ["--model=mlp", "--lr_schedule=cosine", "--learning_rate=0.03", ""],
    ),
    (
        *("regress", VARIANCE, {"model": "mlp", "hidden": "20"}, {}),
        [CURVE, "--l2=1", "--dropout=0.2", "--hidden=10"],
    ),
    ("regress", HUMAN, {}, {}, ["--human_error=…"]),
    (
        *("translate", BIAS, {"dropout": 0.2}, TEXTS | {"best_epoch": 4}),
        [
            "--epochs=8",
            "--dropout=0.1",
            "--width=256",
            "--learning_rate=0.0007",
            "--model=transformer",
        ],
    ),
    (
        *("translate", BIAS, {"model": "transformer"}, TEXTS),
        ["--width=256", "--learning_rate=0.0007", ""],
    ),
    (
        *("translate", VARIANCE, {}, TEXTS | {"more_data": "hardly"}),
        ["--l2=1", "--dropout=0.2", "--weight_average=0.99", "--width=64", ""],
    ),
    ("translate", HUMAN, {}, TEXTS, ["--human_error=…"]),
    (
        *("segment", BIAS, {"filters": "8,16"}, {}),
        [
            *("--filters=16,32", "--filters=8,16,32"),
            *("--pixel_loss=cross_entropy+dice", "--learning_rate=0.003"),
        ],
    ),
    (
        *("segment", VARIANCE, {"filters": "8,16"}, {"more_data": "hardly"}),
        [
            "--augment=standard:flip=true,warp=0.01",
            *("--l2=1", "--weight_average=0.99", "--filters=4,8", ""),
        ],
    ),
    (
        *("segment", BIAS, {"model": "resnet20"}, {}),
        ["--model=resnet32", "--learning_rate=0.003", "--augment=none", ""],
    ),
]


def remedies_of(name, problem, flags, facts):
    config = tasks.get(name).Config(**flags)
    choices = {
        field.name: field.metadata["choices"]
        for field in dataclasses.fields(config)
        if field.metadata["choices"]
    }
    known = {"epochs": config.epochs, "choices": choices}
    task = tasks.get(name)(config)
    facts = RunFacts(dataclasses.asdict(config), **known | facts)
    return list(task.remedies(problem, facts))


@pytest.mark.parametrize(
    ("name", "problem", "flags", "facts", "examples"), TABLE
)
def test_remedies(name, problem, flags, facts, examples):
    found = remedies_of(name, problem, flags, facts)
    assert [remedy.example for remedy in found] == examples
    assert all(remedy.what and remedy.why for remedy in found)


@pytest.mark.parametrize("name", tasks.names())
def test_every_problem_has_remedies_that_the_flags_take(name):
    problems = (
        BIAS,
        DIVERGED,
        VARIANCE,
        MISMATCH,
        OVERFIT,
        OTHER_TEST,
        DIVERGED,
        HUMAN,
    )
    flags = {f.name for f in dataclasses.fields(tasks.get(name).Config)}
    for problem in problems:
        found = remedies_of(name, problem, {}, {})
        assert found
        for remedy in found:
            for part in remedy.example.split():
                assert part.partition("=")[0].removeprefix("--") in flags
