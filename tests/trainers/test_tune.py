"""The search's command line."""

import json
import shlex
import signal
import time

import pytest

from kerasnotes.tasks import classify
from tests.support import csv_rows, forks

SEARCH = "--search=learning_rate=log:1e-3:0.1,optimizer.beta_1=uniform:0.8:0.95"
REST = ["--", "--model=mlp", "--hidden=16", "--epochs=2"]


@pytest.fixture(scope="module")
def searched(forked, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "search"
    words = [f"--study_dir={folder}", SEARCH, "--trials=4", "--processes=2"]
    return folder, words, forked("tune", *words, *REST)[1]


def test_two_processes_share_the_trials(searched):
    folder, _, output = searched
    rows = csv_rows.read(folder / "trials.csv")
    assert sorted(int(row["trial"]) for row in rows) == [0, 1, 2, 3]
    assert len({row["learning_rate"] for row in rows}) == 4
    assert {row["state"] for row in rows} == {"complete"}
    assert output.count("best: trial") >= 1


def test_the_best_command_gives_the_same_dev_metrics(here, searched):
    folder, _, _ = searched
    best = json.loads((folder / "study.json").read_text())["best"]
    python, dash, program, *words = shlex.split(best["command"])
    assert (python, dash, program) == ("python", "-m", "trainers.classify")
    mine = here(classify.Classify, *words)
    for side in ("dev", "test"):
        assert {k: mine[side][k] for k in best[side]} == best[side]


def test_the_best_trial_is_a_run_that_reports(here, searched, capsys):
    folder, _, _ = searched
    best = json.loads((folder / "study.json").read_text())["best"]
    mine = here(classify.Classify, f"--run_dir={best['folder']}")
    assert "after epoch 2" in capsys.readouterr().out
    assert mine["dev"]["accuracy"] == best["dev"]["accuracy"]
    assert (folder / best["folder"] / "report.html").exists()


def test_asked_to_stop_it_says_so_and_goes_on(forked, tmp_path):
    words = [f"--study_dir={tmp_path}", SEARCH, "--trials=1"]
    words += [*REST[:-1], "--epochs=20"]
    program = forks.Program("trainers.tune", *words)
    for _ in range(1200):
        if any(tmp_path.glob("trials/0000/checkpoints/last-*.npz")):
            break
        time.sleep(0.05)
    program.signal(signal.SIGTERM)
    status, output, _ = program.wait()
    assert status == 75 and "the same command goes on" in output
    forked("tune", *words)
    assert "going on from" in (tmp_path / "trials/0000.txt").read_text()
    assert (tmp_path / "study.json").exists()


def test_flags_of_the_trainer_stand_behind_a_bare_dash(forked, tmp_path):
    words = [f"--study_dir={tmp_path}/s", SEARCH, "--model=mlp"]
    status, _, told = forked("tune", *words, check=False)
    (line,) = told.splitlines()
    assert line.startswith("trainers.tune: --model=mlp: a flag of the trainer")
    assert status == 1 and not (tmp_path / "s").exists()


def test_help_imports_nothing_heavy_and_shows_the_kinds(trainer, monkeypatch):
    # Each module that is imported is then a line of stderr.
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    done = trainer("tune", "--help", check=False)
    lines = done.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "absl.flags" in imported
    assert not {"tensorflow", "keras", "matplotlib", "optuna"} & imported
    for kind in ("one_minus_log", "logint", "layers", "choice", "--zoom"):
        assert kind in done.stdout
