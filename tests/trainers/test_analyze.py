"""The analysis as its users run it, on a run of their own."""

import csv
import json
import shutil
import subprocess
import sys

import pytest

from kerasnotes import errors
from kerasnotes.tasks import classify
from kerasnotes.tools import runs as runs_lib
from kerasnotes.tools.analyze import label_check
from kerasnotes.tools.analyze import program as analyze
from kerasnotes.training import runner
from kerasnotes.training.distribute import rendezvous
from tests.support import csv_rows
from tests.support.runs import no_report


def run(mode, *rest, **given):
    given = {"mode": mode, **{k: str(v) for k, v in given.items()}}
    return analyze.run(given, list(rest), "trainers.analyze")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs that hardly learned."""
    folder = tmp_path_factory.mktemp("runs")
    for model in ("mlp", "softmax_regression"):
        given = {"run_dir": str(folder / model), "model": model, "epochs": 1}
        with no_report():
            runner.run(classify.Classify, given, [], "trainers.classify")
    return folder


def tag(path):
    """Tags the sheet by the class: twos, and odd numbers."""
    rows = csv_rows.read(path)
    for row in rows:
        odd = "Odd" if int(row["true"]) % 2 else ""
        row["tags"] = "; ".join(filter(None, [odd, row["true"]]))
    rows[0]["comment"] = 'says "é";\nthe second line'
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_it_waits_for_no_other_workers(runs, monkeypatch):
    job = {"cluster": {"worker": ["a:1", "b:2"]}}
    job["task"] = {"type": "worker", "index": 0}
    monkeypatch.setenv("TF_CONFIG", json.dumps(job))
    monkeypatch.setattr(rendezvous, "meet", lambda *_: pytest.fail("it waits"))
    run = runs_lib.open_run(runs / "mlp")
    assert run.task.config.strategy == "one_device"


def test_a_sheet_is_tagged_and_scored(runs, tmp_path, capsys):
    folder = runs / "mlp"
    wrong = csv_rows.read(folder / "mistakes.csv")
    path = run("sheet", run_dir=folder, output=tmp_path)
    rows = tag(path)
    assert {r["id"] for r in rows} <= {r["id"] for r in wrong}
    assert len(rows) == min(100, len(wrong))
    assert (tmp_path / "mistakes.html").read_text().count("<img") == len(rows)
    every, _ = run("score", run_dir=folder, sheet=path)
    odd = sum(int(r["true"]) % 2 for r in rows)
    assert {c.tag: c.count for c in every}["odd"] == odd
    assert "most worth: " in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
def test_what_libreoffice_saves_is_scored(runs, tmp_path):
    path = run("sheet", run_dir=runs / "mlp", output=tmp_path)
    tag(path)
    want = run("score", run_dir=runs / "mlp", sheet=path)
    office = [
        "soffice",
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
    ]
    out = tmp_path / "out"
    out.mkdir()
    opened = ["--infilter=CSV:44,34,76,1", "--convert-to", "ods", path]
    saved = "csv:Text - txt - csv (StarCalc):59,34,76"
    sheet = out / "mistakes.ods"
    for words in (opened, ["--convert-to", saved, sheet]):
        subprocess.run(
            [*office, *words], check=True, capture_output=True, cwd=out
        )
    sheet = sheet.with_suffix(".csv")
    assert sheet.read_text(encoding="utf-8").startswith("id;")
    assert run("score", run_dir=runs / "mlp", sheet=sheet) == want


def test_two_runs_are_compared(runs, tmp_path, capsys):
    paths = [str(runs / name) for name in ("mlp", "softmax_regression")]
    found = run("compare", *paths, output=tmp_path)
    wrong = [
        {r["id"] for r in csv_rows.read(f"{p}/mistakes.csv")} for p in paths
    ]
    (_, second_alone), (first_alone, both) = found.counts
    assert second_alone == len(wrong[1] - wrong[0])
    assert first_alone == len(wrong[0] - wrong[1])
    assert both == len(wrong[0] & wrong[1])
    differ = {r["id"] for r in csv_rows.read(tmp_path / "compare.csv")}
    assert differ == wrong[0] ^ wrong[1]


@pytest.mark.parametrize(
    "mode, given, rest, told",
    [
        ("sheet", {}, [], "--run_dir: name the run"),
        ("sheet", {"run_dir": "x"}, ["y"], "'y': --mode=sheet takes flags"),
        ("score", {"run_dir": "x", "limit": 3}, [], "--limit: is not for"),
        ("compare", {"run_dir": "x"}, ["a", "b"], "--run_dir: is not for"),
        ("sheet", {"run_dir": "no/such"}, [], "no/such: no run here"),
    ],
)
def test_what_does_not_fit_the_mode_is_refused(mode, given, rest, told):
    with pytest.raises(errors.UserError) as caught:
        analyze.run({"mode": mode, **given}, rest, "trainers.analyze")
    assert told in str(caught.value)


def test_labels_are_handed_on(monkeypatch):
    asked = []
    for name in ("find", "apply"):
        monkeypatch.setattr(
            label_check,
            name,
            lambda *words, name=name: asked.append((name, *words)),
        )
    given = {"mode": "labels", "run_dir": "x"}
    analyze.run(given | {"folds": 3}, [], "p")
    analyze.run(given | {"sheet": "s.csv"}, [], "p")
    assert asked == [("find", "x", 3, 0, "p"), ("apply", "x", "s.csv")]


def test_help_is_light_and_errors_are_one_line(trainer):
    light = (
        "import sys, trainers.analyze; assert not {'tensorflow', 'keras', "
        "'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", light], check=True)
    done = trainer("analyze", "--limits=3", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("trainers.analyze: flag: unknown 'limits'")
    assert done.stderr.count("\n") == 1
