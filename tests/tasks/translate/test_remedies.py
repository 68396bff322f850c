import pytest

from kerasnotes.diagnosis.verdicts import BIAS, HUMAN, VARIANCE
from kerasnotes.tasks.translate.remedies import remedies
from kerasnotes.training.report.run_facts import RunFacts

FLAGS = {
    "model": "attention",
    "epochs": 12,
    "width": 128,
    "hidden": None,
    "dropout": 0.2,
    "lr_schedule": "cosine",
    "human_error": None,
}
MODELS = ("attention", "encoder_decoder", "transformer")


def examples(problem, flags=None, **facts):
    known = {
        "choices": {"model": MODELS},
        "arguments": frozenset({"width", "dropout"}),
        "epochs": 12,
        "best_epoch": 12,
    }
    facts = RunFacts(FLAGS | (flags or {}), **known | facts)
    return [r.example for r in remedies(problem, facts)]


def test_bias():
    assert examples(BIAS) == [
        "--epochs=24",
        "--dropout=0.1",
        "--width=256",
        "--model=transformer",
    ]


def test_variance():
    assert examples(VARIANCE) == ["", "--dropout=0.3", "--width=64"]
    assert "--dropout=0.2" in examples(VARIANCE, {"dropout": 0.0})


@pytest.mark.parametrize(
    ("model", "example"),
    [
        ("encoder_decoder", "--model=attention"),
        ("attention", "--model=transformer"),
        # Attention alone has no larger kin, and a smaller one fits worse.
        ("transformer", ""),
    ],
)
def test_bias_takes_no_smaller_model(model, example):
    assert examples(BIAS, {"model": model})[-1] == example


def test_what_trades_one_for_the_other_is_left_out():
    both = {"problems": (BIAS, VARIANCE)}
    assert "--dropout=0.1" not in examples(BIAS, **both)
    assert "--width=64" not in examples(VARIANCE, **both)


def test_what_people_reach_is_measured_on_tokens():
    facts = RunFacts(FLAGS)
    (remedy,) = remedies(HUMAN, facts)
    assert remedy.example == "--human_error=…" and "token" in remedy.why
