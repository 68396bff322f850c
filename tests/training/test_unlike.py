"""Learning unlike classification runs the whole line, kills included."""

import json
import os

import pytest
import tensorflow as tf

from kerasnotes import files
from kerasnotes.training import runner
from kerasnotes.training.fit import checkpoints
from tests.support import forks, unlike
from tests.support.runs import assert_same, learn_only

EVERY = (*unlike.BY_STEPS, *unlike.SUPERVISED)


def run(task, folder, **flags):
    flags = {"export": "saved_model", **flags, "run_dir": str(folder)}
    return runner.run(task, flags, [], f"trainers.{task.name}")


@pytest.mark.parametrize("task", EVERY, ids=lambda t: t.name)
def test_the_whole_line(task, tmp_path, capsys):
    metrics = run(task, tmp_path)
    names = ("config.json", "history.csv", "model.keras", "report.html")
    for name in names:
        assert (tmp_path / name).exists(), name
    assert metrics == files.read_sealed(tmp_path / "metrics.json")
    assert metrics["export"]["saved_model"]["largest_difference"] < 1e-5
    served = tf.saved_model.load(str(tmp_path / "saved_model"))
    assert "serving_default" in served.signatures
    # A finished run says so, and its exports are made anew.
    run(task, tmp_path)
    assert "finished" in capsys.readouterr().out
    run(task, tmp_path, mode="export")


@pytest.mark.parametrize("task", unlike.BY_STEPS, ids=lambda t: t.name)
def test_what_has_no_dev_set_learns_and_has_no_diagnosis(task, tmp_path):
    metrics = run(task, tmp_path / "a", steps=60)
    assert metrics["cost"] < 0.7 * metrics["first_cost"]
    assert not {"dev", "diagnosis"} & set(metrics)
    assert "Diagnosis" not in (tmp_path / "a/report.html").read_text()
    with pytest.raises(Exception, match="has no true answers"):
        run(task, tmp_path / "a", mode="evaluate")


@pytest.mark.parametrize("task", unlike.BY_STEPS, ids=lambda t: t.name)
@pytest.mark.parametrize("how", ["killed", "asked"])
def test_steps_go_on_where_they_were(task, how, tmp_path, monkeypatch):
    learn_only(task, tmp_path / "whole")
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)

    def cost(self, model, number, cost=task.cost):
        if number == 9:
            if how == "killed":
                raise KeyboardInterrupt
            os.kill(os.getpid(), 15)
        return cost(self, model, number)

    with monkeypatch.context() as patch:
        patch.setattr(task, "cost", cost)
        with pytest.raises(BaseException) as caught:
            learn_only(task, tmp_path / "cut")
    assert type(caught.value).__name__ in ("KeyboardInterrupt", "Preempted")
    learn_only(task, tmp_path / "cut")
    assert_same(tmp_path / "whole", tmp_path / "cut")
    rows = (tmp_path / "cut/history.csv").read_text().splitlines()
    assert len(rows) == 1 + 20


def test_steps_may_grow(tmp_path):
    learn_only(unlike.Pixels, tmp_path / "a", steps=30)
    learn_only(unlike.Pixels, tmp_path / "b", steps=12)
    learn_only(unlike.Pixels, tmp_path / "b", steps=30)
    assert_same(tmp_path / "a", tmp_path / "b")
    with pytest.raises(Exception, match="steps may only grow"):
        learn_only(unlike.Pixels, tmp_path / "b", steps=3)


@pytest.mark.parametrize("task", unlike.SUPERVISED, ids=lambda t: t.name)
def test_a_killed_run_ends_the_same(task, tmp_path, after_call, monkeypatch):
    learn_only(task, tmp_path / "whole")
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    with after_call(5, "killed"):
        learn_only(task, tmp_path / "cut")
    learn_only(task, tmp_path / "cut")
    assert_same(tmp_path / "whole", tmp_path / "cut")


REPLICAS = """
import json, sys
import numpy as np
from kerasnotes.training.fit import checkpoints
from tests.support import runs, unlike

folder, apart = sys.argv[1], {}
for task in unlike.SUPERVISED:
    found = []
    for strategy in ("one_device", "mirrored"):
        path = f"{folder}/{task.name}-{strategy}"
        flags = {"strategy": strategy, "logical_cpus": 2, "epochs": 2}
        runs.learn_only(task, path, optimizer="sgd", batch_size=8, **flags)
        best = checkpoints.Checkpoints(f"{path}/checkpoints")
        _, state, _ = best.load_last()
        found.append(best.load_best(state))
    apart[task.name] = max(
        float(np.abs(a - b).max())
        for a, b in zip(found[0].values(), found[1].values(), strict=True)
    )
print(json.dumps(apart))
"""


def test_two_replicas_equal_one_device(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(REPLICAS)
    apart = json.loads(forks.run(program, tmp_path).splitlines()[-1])
    assert set(apart) == {task.name for task in unlike.SUPERVISED}
    assert max(apart.values()) < 1e-5, apart
