"""The promises of a run, kept on a toy task."""

import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, files
from kerasnotes.training import runner
from kerasnotes.training.fit import callbacks, checkpoints
from kerasnotes.training.run import config
from kerasnotes.training.run import folder as run_folder
from tests.support import csv_rows, toys
from tests.support.runs import assert_same, learn, no_report, run, weights


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return a function: the folder of a run never cut, made once a module.

    Its arguments are the run's flags; only the run without any has exports,
    figures and a page. Nobody writes into the folder.
    """
    folders = {}

    def folder(**flags):
        key = tuple(sorted(flags.items()))
        if key not in folders:
            folders[key] = tmp_path_factory.mktemp("reference") / "run"
            make = learn if flags else run
            make(toys.Toy, folders[key], **flags)
        return folders[key]

    return folder


@pytest.fixture
def finished(reference, tmp_path):
    """Return a function that copies such a run to where it may change."""

    def copy(name="run", **flags):
        shutil.copytree(reference(**flags), tmp_path / name)
        return tmp_path / name

    return copy


def test_all_is_the_training_set(tmp_path, capsys):
    more = {"batch_size": config.ALL, "watch": "cost"}
    learn(toys.Toy, tmp_path / "all", epochs=2, **more)
    out = capsys.readouterr().out
    assert re.search("whole training set, .*; (smooth )?descent: ", out)
    assert out.count("--batch_size=all: there are 120 examples") == 1
    learn(toys.Toy, tmp_path / "size", epochs=2, batch_size=120)
    assert_same(tmp_path / "all", tmp_path / "size")
    assert len(csv_rows.read(tmp_path / "all" / "history.csv")) == 2


def test_a_run_leaves_what_is_promised(finished, tmp_path):
    metrics = files.read_sealed(finished("a") / "metrics.json")
    for name in (
        "config.json",
        "metrics.json",
        "history.csv",
        "checkpoints",
        "model.keras",
        "saved_model",
        "figures/curves.png",
        "report.html",
    ):
        assert (tmp_path / "a" / name).exists(), name
    assert {"train", "dev", "test", "seconds", "parameters"} <= set(metrics)
    rows = (tmp_path / "a/history.csv").read_text().splitlines()
    assert len(rows) == 1 + 4
    assert not list(tmp_path.rglob(".partial*"))
    for side in ("train", "dev"):
        (events,) = (tmp_path / "a" / "logs" / side).iterdir()
        tags = [
            value.tag
            for record in tf.compat.v1.train.summary_iterator(str(events))
            for value in record.summary.value
        ]
        assert tags.count("loss") == 4


def test_a_finished_run_says_so_and_changes_nothing(toy, finished, capsys):
    tmp_path = finished()
    metrics = files.read_sealed(tmp_path / "metrics.json")

    def stamps():
        return {
            p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()
        }

    before = stamps()
    assert run(toy, tmp_path) == metrics
    assert "finished" in capsys.readouterr().out
    after = stamps()
    after[tmp_path / ".lock"] = before[tmp_path / ".lock"]
    assert after == before


@pytest.mark.parametrize("extra", [{}, {"weight_average": 0.9}])
def test_killed_between_checkpoints_ends_the_same(
    toy, reference, tmp_path, after_call, extra
):
    with after_call(17, "killed"):
        learn(toy, tmp_path, **extra)
    learn(toy, tmp_path, **extra)
    assert_same(reference(**extra), tmp_path)


@pytest.mark.parametrize("extra", [{}, {"weight_average": 0.9}])
def test_preempted_within_an_epoch_ends_the_same(
    toy, reference, tmp_path, after_call, extra
):
    with after_call(18, "asked"):
        learn(toy, tmp_path, **extra)
    (last,) = sorted((tmp_path / "checkpoints").glob("last-*"))[-1:]
    assert last.name == "last-000000018.npz"
    learn(toy, tmp_path, **extra)
    assert_same(reference(**extra), tmp_path)
    whole, cut = (
        (folder / "history.csv").read_text().splitlines()
        for folder in (reference(**extra), tmp_path)
    )
    timeless = [[line.rsplit(",", 1)[0] for line in x] for x in (whole, cut)]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_averaged_weights_are_tested_and_kept(toy, tmp_path, precision):
    learn(toy, tmp_path, epochs=1, weight_average=0.9, precision=precision)
    last = list(weights(tmp_path).items())
    (best,) = (tmp_path / "checkpoints").glob("best-*")
    kernel = checkpoints.read(best)[0]["00000"]
    assert not np.array_equal(last[0][1], kernel)
    assert any(np.array_equal(value, kernel) for _, value in last)


@pytest.mark.parametrize(
    "watch, told",
    [
        ("gradients", "after training"),
        ("norms", "no gradient vanishes"),
        ("cost", "the cost of the whole training set"),
    ],
)
def test_watching_reports_and_changes_nothing(
    toy, reference, tmp_path, watch, told
):
    run(toy, tmp_path, watch=watch)
    assert_same(reference(), tmp_path)
    alone, watched = (
        re.sub("<[^>]+>", "", (folder / "report.html").read_text())
        for folder in (reference(), tmp_path)
    )
    assert told in watched
    assert "What --watch found" in watched
    assert "What --watch found" not in alone


def test_epochs_may_grow(toy, reference, finished):
    grown = finished(epochs=3)
    learn(toy, grown)
    assert_same(reference(), grown)
    with pytest.raises(errors.UserError, match="only grow"):
        run(toy, grown, epochs=2)


def test_a_run_keeps_its_flags(toy, tmp_path):
    learn(toy, tmp_path / "whole", epochs=4, units=5, learning_rate=0.01)
    learn(toy, tmp_path / "again", epochs=3, units=5, learning_rate=0.01)
    given = {"run_dir": str(tmp_path / "again"), "epochs": 4}
    with no_report():
        runner.run(toy, given, [], "trainers.toy")
    assert_same(tmp_path / "whole", tmp_path / "again")


def test_the_history_shows_the_rate_of_its_own_epoch(toy, tmp_path):
    learn(toy, tmp_path, learning_rate=0.2, lr_schedule="inverse:rate=1")
    rows = csv_rows.read(tmp_path / "history.csv")
    rates = [float(row["learning_rate"]) for row in rows]
    right = [0.2 / (1 + epoch) for epoch in range(1, 5)]
    np.testing.assert_allclose(rates, right, rtol=1e-6)
    (events,) = (tmp_path / "logs/train").iterdir()
    shown = [
        float(tf.make_ndarray(value.tensor))
        for record in tf.compat.v1.train.summary_iterator(str(events))
        for value in record.summary.value
        if value.tag == "learning_rate"
    ]
    np.testing.assert_allclose(shown, right, rtol=1e-6)


def test_bounds_that_break_are_told(toy, tmp_path, capsys):
    learn(toy, tmp_path, epochs=1, satisfy="accuracy>=1.5,loss<=100")
    told = capsys.readouterr().out
    assert "accuracy>=1.5 is BROKEN on dev" in told
    assert "loss<=100 is kept on dev" in told


def test_another_configuration_is_refused(toy, finished):
    folder = finished()
    with pytest.raises(errors.UserError, match="--units=9.*--units=8"):
        run(toy, folder, units=9)
    learn(toy, folder, units=9, overwrite=True)


def test_a_broken_config_can_be_overwritten(toy, finished):
    tmp_path = finished()
    (tmp_path / "config.json").write_text("{bad")
    with pytest.raises(errors.UserError, match="config.json: not valid JSON"):
        run(toy, tmp_path)
    learn(toy, tmp_path, overwrite=True)
    for content in ("[1]", '{"task": "toy", "flags": {"epochs": "x"}}'):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(errors.UserError, match="not as it was written"):
            run(toy, tmp_path)


def test_what_never_learned_binds_nothing(toy, tmp_path):
    with pytest.raises(errors.UserError, match="the loss is"):
        run(toy, tmp_path, learning_rate=1e30, optimizer="sgd")
    assert not list((tmp_path / "checkpoints").glob("*.npz"))
    learn(toy, tmp_path, learning_rate=0.01)


def test_a_vanished_folder_stops_the_run(toy, tmp_path, monkeypatch):
    folder = tmp_path / "run"

    def vanish(self, *_):
        shutil.rmtree(folder)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.Keeper, "on_test_end", vanish)
        told = f"--run_dir={folder}: the run folder is gone"
        with pytest.raises(errors.UserError, match=told):
            run(toy, folder)
    assert not folder.exists()
    # As the message says, the same command starts anew.
    learn(toy, folder)


def test_what_is_written_to_a_vanished_folder_is_swept(toy, tmp_path):
    folder = run_folder.RunFolder(tmp_path / "run", toy.name)
    with folder.locked():
        folder.begin(toy.Config(), {})
        shutil.rmtree(folder.path)
        files.write_bytes(folder / "model.keras", b"too late")
    assert not folder.path.exists()
    with folder.locked():
        folder.begin(toy.Config(), {})
        files.write_bytes(folder / "model.keras", b"in time")
        (folder / "config.json").unlink()
        # Who deletes one file loses no other.
        with pytest.raises(errors.UserError, match="config.json: is gone"):
            folder.check_there()
    assert (folder / "model.keras").exists()


def test_what_killed_processes_left_is_swept(toy, finished):
    tmp_path = finished(epochs=3)
    (tmp_path / "checkpoints" / ".partial-9-last-3.npz").write_text("half")
    (tmp_path / ".partial-9-saved_model").mkdir()
    run(toy, tmp_path, epochs=4)
    assert not list(tmp_path.rglob(".partial-*"))


def test_overwrite_spares_what_is_not_a_run(toy, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(errors.UserError, match="not a run"):
        run(toy, tmp_path, overwrite=True)
    with pytest.raises(errors.UserError, match="not a run"):
        run(toy, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_corrupt_checkpoint_falls_back(toy, reference, finished, capsys):
    hurt = finished(epochs=3)
    (last,) = sorted((hurt / "checkpoints").glob("last-*"))[-1:]
    last.write_bytes(last.read_bytes()[:200])
    learn(toy, hurt, epochs=4)
    assert f"{last}: a corrupt checkpoint" in capsys.readouterr().out
    assert_same(reference(), hurt)


def test_nan_loss_stops_and_names_the_step(toy, tmp_path):
    with pytest.raises(errors.UserError, match=r"the loss is .* at step \d+"):
        run(toy, tmp_path, learning_rate=1e30, optimizer="sgd")


def test_early_stop(toy, tmp_path):
    metrics = learn(toy, tmp_path, epochs=60, early_stop=2, learning_rate=1e-9)
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert len(rows) - 1 == metrics["best_epoch"] + 2 < 60


def test_batch_larger_than_the_set(toy, tmp_path):
    with pytest.raises(errors.UserError, match="--batch_size=121.*only 120"):
        run(toy, tmp_path, batch_size=121)


def test_predict(toy, tmp_path, capsys):
    learn(toy, tmp_path / "run", epochs=20, learning_rate=0.05)
    point = tmp_path / "point.txt"
    point.write_text("1 -1 2 0.5")
    capsys.readouterr()
    status = run(
        toy, tmp_path / "run", mode="predict", rest=[str(point)], format="csv"
    )
    assert not status
    assert capsys.readouterr().out == f"file,label\n{point},1\n"


def test_modes_need_a_run(toy, tmp_path):
    for mode in ("evaluate", "predict", "export"):
        with pytest.raises(errors.UserError, match="no run here"):
            run(toy, tmp_path, mode=mode)
