"""The template of a task runs the whole line, as its copies will."""

import keras
import pytest
import sklearn.datasets
import tensorflow as tf

from kerasnotes import errors, files
from kerasnotes.training import runner
from tests.support import csv_rows
from tests.support.runs import assert_same, no_report
from tests.support.template_task import Wine


def run(folder, *inputs, **flags):
    flags = {**flags, "run_dir": str(folder)}
    return runner.run(Wine, flags, list(inputs), "trainers.wine")


def learn(folder, **flags):
    """Run it without exports, figures and page."""
    with no_report():
        return run(folder, **flags)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "wine"
    return folder, run(folder)


def test_it_learns_and_leaves_what_is_promised(finished):
    folder, metrics = finished
    assert metrics["dev"]["accuracy"] > 0.9
    assert metrics["diagnosis"]["advice"]
    assert metrics == files.read_sealed(folder / "metrics.json")
    for name in ("history.csv", "report.html", "model.keras", "mistakes.csv"):
        assert (folder / name).exists(), name
    wrong = round(metrics["dev"]["error"] * metrics["dev"]["size"])
    assert len(csv_rows.read(folder / "mistakes.csv")) == wrong


def test_it_evaluates_predicts_and_serves(finished, capsys):
    folder, metrics = finished
    again = run(folder, mode="evaluate")
    assert again["test"] == metrics["test"]
    x = sklearn.datasets.load_wine().data.astype("float32")
    served = tf.saved_model.load(str(folder / "saved_model"))
    answer = served.signatures["serving_default"]
    labels = answer(features=tf.constant(x[:3]))["label"].numpy()
    capsys.readouterr()
    texts = [",".join(map(str, row)) for row in x[:3]]
    assert run(folder, *texts, mode="predict", format="csv") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.rsplit(",", 1)[1].encode() for line in lines] == list(labels)
    assert run(folder, "1,2", mode="predict") == 1
    assert "give 13 numbers" in capsys.readouterr().err


def test_a_run_cut_short_goes_on_to_the_same_weights(finished, tmp_path):
    folder, _ = finished
    learn(tmp_path, epochs=20)
    learn(tmp_path, epochs=60)
    assert_same(folder, tmp_path)


def test_a_penalty_counts_or_is_refused(tmp_path, monkeypatch):
    plain = learn(tmp_path / "a", epochs=2)
    heavy = learn(tmp_path / "b", epochs=2, l2=1000.0)
    assert heavy["train"]["loss"] > plain["train"]["loss"]

    def without(self, facts):
        inputs = keras.Input([len(facts["features"])])
        return keras.Model(inputs, keras.layers.Dense(3)(inputs), name="bare")

    monkeypatch.setattr(Wine, "model", without)
    with pytest.raises(errors.UserError, match="--l2=1: bare has no penalty"):
        run(tmp_path / "c", epochs=2, l2=1.0)


def test_another_set_is_refused_in_one_line(tmp_path):
    with pytest.raises(errors.UserError, match="--dataset: unknown 'beer'"):
        run(tmp_path / "run", dataset="beer")
