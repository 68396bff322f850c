"""The diagnosis of real runs on digits whose trouble is known."""

import pytest

from kerasnotes.tasks import classify
from kerasnotes.training import runner
from tests.support.runs import no_report

FEW = "train=train[:200],dev=train[200:1000],test=train[1000:]"
PLAIN = {"model": "mlp", "image_size": 8, "augment": "none", "epochs": 25}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({**PLAIN, "hidden": "3"}, ["avoidable bias"]),
        ({**PLAIN, "split": FEW, "batch_size": 20}, ["variance"]),
        pytest.param(
            {"model": "lenet5_teaching", "batch_norm": True, "epochs": 40},
            [],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["a tiny network", "few examples", "neither"],
)
def test_verdict(given, problems, tmp_path):
    folder = tmp_path / "run"
    given = {**given, "run_dir": str(folder)}
    with no_report():
        found = runner.run(classify.Classify, given, [], "trainers.classify")
    assert found["diagnosis"]["problems"] == problems
