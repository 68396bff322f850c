"""The promises of a run, kept on a toy task."""

import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, files
from kerasnotes.training import runner
from kerasnotes.training.fit import callbacks, checkpoints


def run(task, folder, **given):
    given = {"epochs": 4, "batch_size": 16, **given, "run_dir": str(folder)}
    rest = given.pop("rest", [])
    return runner.run(task, given, rest, "trainers.toy")


def weights(folder):
    (path,) = sorted((folder / "checkpoints").glob("last-*"))[-1:]
    return checkpoints.read(path)[0]


def assert_same(one, two):
    a, b = weights(one), weights(two)
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_a_run_leaves_what_is_promised(toy, tmp_path):
    metrics = run(toy, tmp_path / "a")
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
    assert metrics == files.read_sealed(tmp_path / "a/metrics.json")
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


def test_a_finished_run_says_so_and_changes_nothing(toy, tmp_path, capsys):
    run(toy, tmp_path)

    def stamps():
        return {
            p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()
        }

    before = stamps()
    run(toy, tmp_path)
    assert "finished" in capsys.readouterr().out
    after = stamps()
    after[tmp_path / ".lock"] = before[tmp_path / ".lock"]
    assert after == before


@pytest.mark.parametrize("extra", [{}, {"weight_average": 0.9}])
def test_killed_between_checkpoints_ends_the_same(
    toy, tmp_path, after_call, extra
):
    run(toy, tmp_path / "whole", **extra)
    with after_call(17, "killed"):
        run(toy, tmp_path / "cut", **extra)
    run(toy, tmp_path / "cut", **extra)
    assert_same(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize("extra", [{}, {"weight_average": 0.9}])
def test_preempted_within_an_epoch_ends_the_same(
    toy, tmp_path, after_call, extra
):
    run(toy, tmp_path / "whole", **extra)
    with after_call(18, "asked"):
        run(toy, tmp_path / "cut", **extra)
    (last,) = sorted((tmp_path / "cut/checkpoints").glob("last-*"))[-1:]
    assert last.name == "last-000000018.npz"
    run(toy, tmp_path / "cut", **extra)
    assert_same(tmp_path / "whole", tmp_path / "cut")
    whole, cut = (
        (tmp_path / n / "history.csv").read_text().splitlines()
        for n in ("whole", "cut")
    )
    timeless = [[line.rsplit(",", 1)[0] for line in x] for x in (whole, cut)]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_averaged_weights_are_tested_and_kept(toy, tmp_path, precision):
    run(toy, tmp_path, epochs=1, weight_average=0.9, precision=precision)
    last = list(weights(tmp_path).items())
    (best,) = (tmp_path / "checkpoints").glob("best-*")
    kernel = checkpoints.read(best)[0]["00000"]
    assert not np.array_equal(last[0][1], kernel)
    assert any(np.array_equal(value, kernel) for _, value in last)
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "watch, told",
    [
        ("gradients", "after training"),
        ("norms", "no gradient vanishes"),
        ("cost", "the cost of the whole training set"),
    ],
)
def test_watching_reports_and_changes_nothing(toy, tmp_path, watch, told):
    run(toy, tmp_path / "alone")
    run(toy, tmp_path / "watched", watch=watch)
    assert_same(tmp_path / "alone", tmp_path / "watched")
    alone, watched = (
        re.sub("<[^>]+>", "", (tmp_path / name / "report.html").read_text())
        for name in ("alone", "watched")
    )
    assert told in watched
    assert "What --watch found" in watched
    assert "What --watch found" not in alone


def test_epochs_may_grow(toy, tmp_path):
    run(toy, tmp_path / "whole", epochs=5)
    run(toy, tmp_path / "grown", epochs=3)
    run(toy, tmp_path / "grown", epochs=5)
    assert_same(tmp_path / "whole", tmp_path / "grown")
    with pytest.raises(errors.UserError, match="only grow"):
        run(toy, tmp_path / "grown", epochs=2)


def test_a_run_keeps_its_flags(toy, tmp_path):
    run(toy, tmp_path / "whole", epochs=4, units=5, learning_rate=0.01)
    run(toy, tmp_path / "again", epochs=3, units=5, learning_rate=0.01)
    given = {"run_dir": str(tmp_path / "again"), "epochs": 4}
    runner.run(toy, given, [], "trainers.toy")
    assert_same(tmp_path / "whole", tmp_path / "again")


def test_bounds_that_break_are_told(toy, tmp_path, capsys):
    run(toy, tmp_path, epochs=1, satisfy="accuracy>=1.5,loss<=100")
    told = capsys.readouterr().out
    assert "accuracy>=1.5 is BROKEN on dev" in told
    assert "loss<=100 is kept on dev" in told


def test_another_configuration_is_refused(toy, tmp_path):
    run(toy, tmp_path)
    with pytest.raises(errors.UserError, match="--units=9.*--units=8"):
        run(toy, tmp_path, units=9)
    run(toy, tmp_path, units=9, overwrite=True)


def test_a_broken_config_can_be_overwritten(toy, tmp_path):
    run(toy, tmp_path)
    (tmp_path / "config.json").write_text("{bad")
    with pytest.raises(errors.UserError, match="config.json: not valid JSON"):
        run(toy, tmp_path)
    run(toy, tmp_path, overwrite=True)
    for content in ("[1]", '{"task": "toy", "flags": {"epochs": "x"}}'):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(errors.UserError, match="not as it was written"):
            run(toy, tmp_path)


def test_what_never_learned_binds_nothing(toy, tmp_path):
    with pytest.raises(errors.UserError, match="the loss is"):
        run(toy, tmp_path, learning_rate=1e30, optimizer="sgd")
    assert not list((tmp_path / "checkpoints").glob("*.npz"))
    run(toy, tmp_path, learning_rate=0.01)


def test_a_vanished_folder_stops_the_run(toy, tmp_path, monkeypatch):
    def vanish(self, *_):
        shutil.rmtree(tmp_path)

    monkeypatch.setattr(callbacks.Keeper, "on_test_end", vanish)
    with pytest.raises(errors.UserError, match="run folder is gone"):
        run(toy, tmp_path)


def test_what_killed_processes_left_is_swept(toy, tmp_path):
    run(toy, tmp_path, epochs=3)
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


def test_a_corrupt_checkpoint_falls_back(toy, tmp_path, capsys):
    run(toy, tmp_path / "whole")
    run(toy, tmp_path / "hurt", epochs=3)
    (last,) = sorted((tmp_path / "hurt/checkpoints").glob("last-*"))[-1:]
    last.write_bytes(last.read_bytes()[:200])
    run(toy, tmp_path / "hurt", epochs=4)
    assert f"{last}: a corrupt checkpoint" in capsys.readouterr().out
    assert_same(tmp_path / "whole", tmp_path / "hurt")


def test_nan_loss_stops_and_names_the_step(toy, tmp_path):
    with pytest.raises(errors.UserError, match=r"the loss is .* at step \d+"):
        run(toy, tmp_path, learning_rate=1e30, optimizer="sgd")


def test_early_stop(toy, tmp_path):
    metrics = run(toy, tmp_path, epochs=60, early_stop=2, learning_rate=1e-9)
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert len(rows) - 1 == metrics["best_epoch"] + 2 < 60


def test_batch_larger_than_the_set(toy, tmp_path):
    with pytest.raises(errors.UserError, match="--batch_size=121.*only 120"):
        run(toy, tmp_path, batch_size=121)


def test_predict(toy, tmp_path, capsys):
    run(toy, tmp_path / "run", epochs=20, learning_rate=0.05)
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
