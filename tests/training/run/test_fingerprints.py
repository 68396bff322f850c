"""Data that moved between splits since the training are not judged by."""

import csv
import shutil

import numpy as np
import PIL.Image
import pytest

from kerasnotes import errors
from kerasnotes.data.pictures import batches, examples
from kerasnotes.tasks.classify.task import Classify
from kerasnotes.tasks.regress.task import Regress
from kerasnotes.tools import runs
from kerasnotes.training.run import fingerprints
from tests.support.runs import learn, run


@pytest.fixture
def table(tmp_path):
    """A table of 200 rows that differ, and a run on it."""
    path, rng = tmp_path / "table.csv", np.random.default_rng(0)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "y"])
        writer.writerows(rng.normal(size=[200, 3]))
    learn(Regress, tmp_path / "run", dataset=str(path), model="mlp", epochs=1)
    return path


def turn(path, rows=50):
    """Move the first rows of a table to its end."""
    header, *lines = path.read_text().splitlines()
    lines = lines[rows:] + lines[:rows]
    path.write_text("\n".join([header, *lines]))


def test_rows_that_moved_are_counted_and_refused(table, tmp_path):
    folder, told = tmp_path / "run", r"\d+ of 40 dev examples and \d+ of 40"
    run(Regress, folder, mode="evaluate")
    turn(table)
    with pytest.raises(errors.UserError, match=told):
        run(Regress, folder, mode="evaluate")
    with pytest.raises(errors.UserError, match="were in its training set"):
        runs.open_run(folder).outcome("dev")
    with pytest.raises(errors.UserError, match="the data have changed"):
        run(Regress, folder, dataset=str(table), model="mlp", epochs=2)
    turn(table, 150)
    run(Regress, folder, mode="evaluate")


def test_other_data_are_judged_and_what_was_in_train_is_told(
    table, tmp_path, capsys
):
    other = tmp_path / "other.csv"
    shutil.copy(table, other)
    turn(other)
    run(Regress, tmp_path / "run", mode="evaluate", dataset=str(other))
    assert "were in the run's training set" in capsys.readouterr().out


def test_hashes_lost_the_digests_still_refuse(table, tmp_path):
    turn(table)
    (tmp_path / "run" / fingerprints.NAME).unlink()
    with pytest.raises(errors.UserError, match="judged on; restore the data"):
        run(Regress, tmp_path / "run", mode="evaluate")


def test_a_picture_more_moves_others(tmp_path):
    folder, pictures = tmp_path / "run", tmp_path / "pictures"
    rng = np.random.default_rng(0)
    for label in ("ball", "cube"):
        (pictures / label).mkdir(parents=True)
        for number in range(20):
            array = rng.integers(0, 255, [8, 8, 3], np.uint8)
            PIL.Image.fromarray(array).save(pictures / label / f"{number}.png")
    flags = {"dataset": str(pictures), "model": "softmax_regression"}
    learn(Classify, folder, epochs=1, **flags)
    run(Classify, folder, mode="evaluate")
    for number in range(5):
        one = pictures / "ball" / "0.png"
        shutil.copy(one, one.with_stem(f"new{number}"))
    with pytest.raises(errors.UserError, match="restore the data"):
        run(Classify, folder, mode="evaluate")


def test_pictures_by_their_place_are_known_by_what_they_are():
    one, other = (
        examples.Examples(
            np.zeros([4, 2, 2, 1], np.uint8),
            np.array([0, 1, 0, 1]),
            list("abcd"),
            ["no", "yes"],
            keys=keys,
        )
        for keys in (list("1234"), list("2341"))
    )
    a, b = (
        fingerprints.hashes(batches.ImageSplit(e, [0, 1])) for e in (one, other)
    )
    assert a[1] == b[0] and a[0] != b[0]
