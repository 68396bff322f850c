"""A run is bound to its data, not to the words that named them."""

import csv
import os
import shutil

import numpy as np
import PIL.Image
import pytest

from kerasnotes import errors, files
from kerasnotes.tasks.classify.task import Classify
from kerasnotes.tasks.regress.task import Regress
from kerasnotes.tools import runs
from kerasnotes.training.run import places
from kerasnotes.training.serve import export
from tests.support.runs import learn, run

_ROWS = np.random.default_rng(0).normal(size=[60, 3])


def write_table(path, rows=_ROWS):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "y"], *rows])


def write_pictures(folder, seed=0):
    rng = np.random.default_rng(seed)
    for label in ("ball", "cube"):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            array = rng.integers(0, 255, [8, 8, 3], np.uint8)
            PIL.Image.fromarray(array).save(folder / label / f"{number}.png")


def flags_of(folder):
    return files.read_sealed(folder / "config.json")["flags"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table, and a run on it that named it by a relative path."""
    monkeypatch.chdir(tmp_path)
    write_table("table.csv")
    learn(Regress, tmp_path / "run", dataset="table.csv", epochs=1)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "table.csv"


def test_a_relative_path_holds_from_anywhere(table, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    assert flags_of(folder)["dataset"] == str(table)
    monkeypatch.chdir("elsewhere")
    # Of the same name, and another.
    write_table("table.csv", _ROWS + 1)
    run(Regress, folder, mode="evaluate")
    assert runs.open_run(folder).data.splits["dev"].size == 12
    learn(Regress, folder, epochs=2)
    with pytest.raises(errors.UserError, match="and other data") as caught:
        learn(Regress, folder, dataset="table.csv", epochs=3)
    assert f"has --dataset={table}" in str(caught.value)
    monkeypatch.chdir("..")
    learn(Regress, folder, dataset="table.csv", epochs=3)


def test_moved_data_are_found_again(table, tmp_path, capsys):
    folder, there = tmp_path / "run", tmp_path / "elsewhere" / "rows.csv"
    shutil.move(table, there)
    told = r"not there any more.*--run_dir=\S+ --dataset=PATH"
    with pytest.raises(errors.UserError, match=told):
        run(Regress, folder, mode="evaluate")
    run(Regress, folder, mode="evaluate", dataset=str(there))
    run(Regress, folder, dataset=str(there), epochs=1)
    assert f"has --dataset={there} now" in capsys.readouterr().out
    run(Regress, folder, mode="evaluate")
    saved = files.read_sealed(folder / "config.json")
    assert saved["flags"]["dataset"] == saved["data"]["name"] == str(there)


def test_a_finished_run_takes_no_other_data(table, tmp_path):
    write_table("other.csv", _ROWS + 1)
    with pytest.raises(errors.UserError, match="and other data"):
        run(Regress, tmp_path / "run", dataset="other.csv", epochs=1)
    assert flags_of(tmp_path / "run")["dataset"] == str(table)


def test_exports_and_answers_need_no_data(table, tmp_path):
    folder = tmp_path / "run"
    run(Regress, folder, mode="export")
    shutil.move(table, tmp_path / "elsewhere" / "asked.csv")
    shutil.rmtree(folder / "saved_model")
    run(Regress, folder, mode="export")
    assert (folder / "saved_model").exists()
    run(Regress, folder, mode="predict", rest=["elsewhere/asked.csv"])
    (folder / export.INPUTS).unlink()
    with pytest.raises(errors.UserError, match="not there any more"):
        run(Regress, folder, mode="export")


def test_moved_pictures_are_cut_as_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "pictures")
    flags = {"model": "softmax_regression", "split": "train=50%,dev=50%"}
    flags |= {"batch_size": 4}
    learn(Classify, tmp_path / "run", dataset="pictures", epochs=1, **flags)
    before = runs.open_run(tmp_path / "run").data.splits
    os.rename("pictures", "moved")
    # Others of the same names aren't those of the run.
    write_pictures(tmp_path / "pictures", seed=1)
    with pytest.raises(errors.UserError, match="the data have changed"):
        learn(Classify, tmp_path / "run", epochs=2, **flags)
    for name, own in (("moved", True), ("others", False)):
        if not own:
            write_pictures(tmp_path / name, seed=2)
        opened = runs.open_run(tmp_path / "run", dataset=name)
        splits = opened.data.splits
        assert (splits.keys() == before.keys()) == own
    assert "test" in splits and "test" not in before
    learn(Classify, tmp_path / "run", dataset="moved", epochs=2, **flags)


def test_a_file_is_known_again_by_its_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "pictures")
    weights = tmp_path / "weights.keras"
    weights.write_text("the same")
    config = Classify.Config(weights="weights.keras", dataset="pictures")
    saved = {
        "flags": {"weights": config.weights, "dataset": config.dataset},
        "files": places.digests(config),
    }
    assert saved["flags"]["weights"] == str(weights)
    assert [*saved["files"]] == ["weights"]
    shutil.move(weights, "moved.keras")
    for content, same in (("the same", True), ("another", False)):
        (tmp_path / "moved.keras").write_text(content)
        now = Classify.Config(weights="moved.keras", dataset="pictures")
        assert [*places.moved(now, saved)] == ["weights"]
        assert places.may_be_same("weights", now, saved) == same
    now = Classify.Config(weights="none", dataset="pictures")
    assert not places.moved(now, saved)


def test_a_run_is_opened_without_the_weights_that_it_began_with(tmp_path):
    config = Classify.Config(weights=str(tmp_path / "gone.keras"))
    with pytest.raises(errors.UserError, match="--weights=.*no such file"):
        config.check()
    Classify.Config(weights=config.weights, mode="export").check()


def test_weights_of_a_run_are_a_file_in_it(tmp_path):
    told = "a folder; give a file: .keras or .weights.h5"
    with pytest.raises(errors.UserError, match=told):
        Classify.Config(weights=str(tmp_path)).check()
    (tmp_path / "model.keras").touch()
    with pytest.raises(errors.UserError, match=f"file: {tmp_path}/model.keras"):
        Classify.Config(weights=str(tmp_path)).check()


@pytest.mark.parametrize(
    "text, want",
    [
        ("digits", "digits"),
        ("mnist:3.0.1", "mnist:3.0.1"),
        ("a,b", "{0}/a,{0}/b"),
        ("a,c", "a,c"),
        (
            "composed:foregrounds=a,backgrounds=noise,seed=0",
            "composed:foregrounds={0}/a,backgrounds=noise,seed=0",
        ),
    ],
)
def test_paths_in_words_are_made_absolute(text, want, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("digits", "noise", "0", "a", "b"):
        (tmp_path / name).mkdir()
    config = Classify.Config(dataset=text)
    assert config.dataset == want.format(tmp_path)
    assert config.subject == text.partition(":")[0]


def test_policies_are_no_paths(tmp_path, monkeypatch):
    from kerasnotes.data.pictures.augmentation import named
    from kerasnotes.tasks.pictures import config

    assert tuple(named.POLICIES) == config.POLICIES
    monkeypatch.chdir(tmp_path)
    (tmp_path / "light").touch()
    assert Classify.Config().augment == "light"
