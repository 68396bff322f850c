"""The search's trials, on a task on arrays that takes no time."""

import dataclasses
import json
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from optuna.trial import TrialState

from kerasnotes import errors
from kerasnotes.tools.tune import program as tune
from kerasnotes.tools.tune import report as search_report
from kerasnotes.tools.tune import search_text, study, trials
from kerasnotes.training import records
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib
from tests.support.splits import ArraySplit

SEARCH = "learning_rate=log:1e-3:1,units=int:2:9"


@dataclasses.dataclass(frozen=True)
class Config(config_lib.FitConfig):
    optimize: str = config_lib.redefault("optimize", "accuracy")
    units: int = config_lib.option(8, "Hidden units.", bounds=(1, 50))
    scale: float = config_lib.option(1.0, "Of the loss.")


class Line(task_lib.SupervisedTask):
    """Which side of a line a point is on."""

    name = "line"
    Config = Config

    def data(self, facts=None):
        if self.config.dataset == "bad":
            raise errors.UserError("--dataset=bad: no such folder")
        x = np.random.default_rng(0).normal(size=[96, 4]).astype("float32")
        y = (x @ [1, -1, 2, 0.5] > 0).astype("float32")[:, None]
        sides = {"train": (0, 64), "dev": (64, 80), "test": (80, 96)}
        return records.Data(
            {n: ArraySplit(x[a:b], y[a:b]) for n, (a, b) in sides.items()},
            {"name": "line", "train": 64},
        )

    def model(self, facts):
        if self.config.units == 13:
            raise errors.UserError("--units=13: unlucky")
        inputs = keras.Input([4])
        x = keras.layers.Dense(self.config.units, "relu")(inputs)
        return keras.Model(inputs, keras.layers.Dense(1)(x), name="line")

    def loss(self, facts):
        def loss(y, logits):
            return self.config.scale * keras.losses.binary_crossentropy(
                y, logits, from_logits=True
            )

        return loss

    def metrics(self, facts, decisions):
        return records.Metrics(
            [keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)]
        )

    def signatures(self, trained):
        def answer(points):
            return {"logits": trained.model(points, training=False)}

        spec = tf.TensorSpec([None, 4], tf.float32, name="points")
        return {"model_inputs": records.Signature(answer, (spec,))}

    def outcome(self, trained, answers):
        raise AssertionError("no trial asks for outcomes")

    def predict(self, trained, inputs):
        raise AssertionError("no trial predicts")


def opened(folder, search=SEARCH, words=(), **more):
    settings = {"trials": 4, "search": search, "prune": False} | more
    return study.Study(
        folder,
        Line,
        tune.Configured(Line, ["--epochs=2", "--batch_size=16", *words]),
        search_text.parse(search),
        tune.Config(study_dir=str(folder), **settings),
    )


def test_a_study_goes_on_where_its_data_have_moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    words = ["--epochs=1", "--dataset=data"]
    work(opened(tmp_path / "study", words=words, trials=1))
    (tmp_path / "data").rename("moved")
    words = ["--epochs=1", "--dataset=moved"]
    moved = opened(tmp_path / "study", words=words, trials=2)
    assert moved.optuna.user_attrs["told"]["dataset"] == f"{tmp_path}/moved"
    assert len(moved.trials()) == 1
    (tmp_path / "other").mkdir()
    facts = {"name": "line", "train": 63}
    one = Line.data(Line(Config()))
    monkeypatch.setattr(
        Line, "data", lambda self: dataclasses.replace(one, facts=facts)
    )
    with pytest.raises(errors.UserError, match="and other data"):
        opened(tmp_path / "study", words=[*words[:1], "--dataset=other"])


def test_a_trial_waits_for_no_other_workers():
    assert tune.Configured(Line, [])({})[1].strategy == "one_device"
    with pytest.raises(errors.UserError, match="auto: a trial is one process"):
        tune.Configured(Line, ["--strategy=auto"])


def work(found):
    while True:
        with found.claimed() as trial:
            if trial is None:
                return
            trials.attempt(found, trial)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    found = opened(tmp_path_factory.mktemp("study"))
    work(found)
    search_report.finish(found)
    return found


def test_the_best_is_named_with_test_beside_dev(done):
    told = json.loads((done.folder / "study.json").read_text())
    scores = [t.user_attrs["dev"]["accuracy"] for t in done.trials()]
    assert told["best"]["dev"]["accuracy"] == max(scores)
    assert told["best"]["test"].keys() == told["best"]["dev"].keys()
    assert told["trials"] == told["complete"] == 4
    for name in ("trials.csv", "figures/parallel.png", "report.html"):
        assert (done.folder / name).exists(), name
    # The test set is looked at for the best alone.
    assert not any("test" in t.user_attrs for t in done.trials())


def test_finished_says_so_without_training(done, capsys):
    before = (done.folder / "study.json").stat().st_mtime_ns
    again = opened(done.folder)
    work(again)
    search_report.finish(again)
    assert "best: trial" in capsys.readouterr().out
    assert (done.folder / "study.json").stat().st_mtime_ns == before


def test_what_is_drawn_does_not_depend_on_the_processes(done, tmp_path):
    one, two = opened(tmp_path), opened(tmp_path)
    with one.claimed() as a, two.claimed() as b, one.claimed() as c:
        drawn = {t.number: t.params for t in (a, b, c)}
    assert drawn == {n: done.trials()[n].params for n in range(3)}


def test_no_more_trials_than_asked_for_over_all_processes(tmp_path):
    one, two = opened(tmp_path, trials=2), opened(tmp_path, trials=2)
    with one.claimed() as a, two.claimed() as b, one.claimed() as none:
        assert (a.number, b.number, none) == (0, 1, None)
        search_report.finish(two)
    assert not (tmp_path / "study.json").exists()


def test_a_killed_trial_goes_on_from_its_checkpoints(done, tmp_path):
    class Kill(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    left = opened(tmp_path)
    with pytest.raises(KeyboardInterrupt), left.claimed() as trial:
        _, config = left.flags(trial.params)
        trials.learn(left, left.run_folder(0), config, [Kill()])
    assert [t.state for t in left.trials()] == [TrialState.RUNNING]
    found = opened(tmp_path)
    work(found)
    assert "going on from" in (tmp_path / "trials/0000.txt").read_text()
    for mine, whole in zip(found.trials(), done.trials(), strict=True):
        assert mine.user_attrs["dev"] == whole.user_attrs["dev"]


def test_a_trial_that_diverges_fails_alone(tmp_path):
    search = "scale=choice:1e38|1.0,learning_rate=log:0.1:1"
    found = opened(tmp_path, search, words=["--optimizer=sgd"], trials=6)
    work(found)
    states = {t.params["scale"]: t.state for t in found.trials()}
    assert states == {"1e38": TrialState.FAIL, "1.0": TrialState.COMPLETE}
    search_report.finish(found)
    assert "the loss is" in (tmp_path / "trials.csv").read_text()


def test_a_value_refused_fails_its_trial_once_others_passed(tmp_path):
    found = opened(tmp_path, "units=choice:5|7|13", trials=5)
    assert found.draw(0)["units"] != "13"
    work(found)
    states = {t.params["units"]: t.state.name for t in found.trials()}
    assert states.pop("13") == "FAIL" and set(states.values()) == {"COMPLETE"}


def test_what_every_trial_would_meet_stops_at_once(tmp_path):
    with pytest.raises(errors.UserError, match="no such folder"):
        work(opened(tmp_path, words=["--dataset=bad"]))
    # Nothing is learned: the flags may be mended.
    found = opened(tmp_path, words=["--dataset=good"])
    assert not found.trials()


def test_hopeless_trials_are_pruned(tmp_path):
    search = "learning_rate=choice:1e-6|0.1"
    words = ["--epochs=5", "--optimize=loss"]
    found = opened(tmp_path, search, words, trials=10, prune=True)
    work(found)
    told = {t.number: t for t in found.trials(TrialState.PRUNED)}
    assert told and {t.params["learning_rate"] for t in told.values()} == {
        "1e-6"
    }
    for record in told.values():
        # The warm-up is a tenth of the epochs.
        assert 2 <= record.user_attrs["epochs"] < 5
        assert record.value == pytest.approx(record.user_attrs["dev"]["loss"])


def test_bounds_count_in_the_choice(tmp_path):
    words = ["--satisfy=size_mb<=0.0001,loss<=0.69,latency_ms<=1e9"]
    found = opened(tmp_path, words=words, trials=3)
    work(found)
    search_report.finish(found)
    for record in found.trials():
        assert {"size_mb", "latency_ms"} <= record.user_attrs["dev"].keys()
    assert not (found.run_folder(0) / "saved_model").exists()
    # None is so small: the one that breaks the bounds least is the best.
    candidates = [t.user_attrs["dev"] for t in found.trials()]
    best = json.loads((tmp_path / "study.json").read_text())["best"]
    assert best["dev"] == found.chooser.choose(candidates)


def test_a_search_weighs_latency_against_accuracy(tmp_path):
    text = "accuracy - 0.01*latency_ms"
    found = opened(tmp_path, words=[f"--optimize={text}"], trials=1)
    work(found)
    search_report.finish(found)
    (record,) = found.trials()
    best = json.loads((tmp_path / "study.json").read_text())["best"]
    latency = best["dev"]["latency_ms"]
    assert latency > 0 and record.value == best["dev"][text]
    for split in ("dev", "test"):
        want = best[split]["accuracy"] - 0.01 * latency
        assert best[split][text] == pytest.approx(want)


def test_an_epoch_of_a_sum_is_told_by_its_value():
    told = []
    trial = types.SimpleNamespace(
        number=0,
        report=lambda score, epoch: told.append(score),
        should_prune=lambda: False,
    )
    chooser = study.selection.Selection("accuracy - 0.5*loss")
    reporter = trials.Reporter(trial, chooser, {})
    reporter.on_epoch_end(0, {"val_accuracy": 0.9, "val_loss": 0.4})
    assert told == pytest.approx([0.7])


def test_an_epoch_that_breaks_a_bound_is_behind_those_that_keep_it():
    class Trial:
        number, scores = 0, []

        def report(self, score, epoch):
            self.scores.append(score)

        def should_prune(self):
            return False

    chooser = study.selection.Selection("accuracy", "recall>=0.5")
    reporter = trials.Reporter(Trial(), chooser, {})
    for epoch, (accuracy, recall) in enumerate([(0.9, 0.4), (0.6, 0.5)]):
        reporter.on_epoch_end(
            epoch, {"val_accuracy": accuracy, "val_recall": recall}
        )
    assert Trial.scores[0] < 0 and Trial.scores[1] == 0.6


def test_zoom_narrows_around_the_best_and_numbers_on(tmp_path):
    found = opened(tmp_path, trials=24, zoom=2)
    for number in range(12):
        with found.claimed() as trial:
            # As if a learning rate of 0.03 were the best.
            rate = trial.params["learning_rate"]
            score = -abs(np.log10(rate / 0.03))
            trial.set_user_attr("dev", {"accuracy": score})
            found.optuna.tell(trial, score)
            assert trial.number == number
    coarse = [t.params["learning_rate"] for t in found.trials()]
    fine = [found.draw(n)["learning_rate"] for n in range(12, 24)]
    assert 1e-3 <= min(coarse) < min(fine)
    assert np.ptp(np.log10(fine)) < 0.6 * np.ptp(np.log10(coarse))
    assert min(fine) < 0.03 < max(fine)


def test_another_search_in_the_folder_is_refused(done):
    with pytest.raises(errors.UserError, match="--study_dir") as caught:
        opened(done.folder, "units=int:2:9")
    assert "--search=units=int:2:9: the search in" in str(caught.value)
    with pytest.raises(errors.UserError, match="--epochs=3: the search"):
        opened(done.folder, words=["--epochs=3"])


@pytest.mark.parametrize(
    "search, words, told",
    [
        ("units=int:2:51", [], "--units: must be from 1 to 50. Received: 51"),
        ("units=uniform:2:9", [], "--units"),
        ("optimizer=choice:adam|adan", [], "did you mean 'adam'"),
        ("optimizer.beta=uniform:0:0.9", [], "--optimizer=adam: unknown"),
        ("units=int:2:9", ["--run_dir=x"], "--run_dir: the search gives"),
        ("units=int:2:9", ["x"], "'x': behind --"),
    ],
)
def test_one_line_before_anything_is_trained(tmp_path, search, words, told):
    with pytest.raises(errors.UserError, match=r"^[^\n]+$") as caught:
        opened(tmp_path / "none", search, words)
    assert told in str(caught.value)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "given, told",
    [
        ({}, "--search: say what to draw"),
        ({"search": "betas=log:1:2"}, "optimizer.beta_1=one_minus_log"),
        ({"search": "epochs=int:1:9"}, "changes what is learned, alone"),
        ({"search": "l2.x=int:1:9"}, "--l2 takes no arguments"),
        ({"search": "l2=log:-1:1"}, "above 0"),
        ({"search": SEARCH, "trials": 0}, "--trials: must be from 1"),
    ],
)
def test_one_line_for_what_the_search_cannot_be(tmp_path, given, told):
    given = {"study_dir": str(tmp_path / "none"), **given}
    with pytest.raises(errors.UserError, match=r"^[^\n]+$") as caught:
        tune.run(given, [], "trainers.tune")
    assert told in str(caught.value)
    assert not (tmp_path / "none").exists()


def test_a_spoilt_database_is_told(tmp_path):
    (tmp_path / "study.db").write_text("no database" * 99)
    given = {"study_dir": str(tmp_path), "search": "l2=log:0.1:1"}
    with pytest.raises(errors.UserError, match="study.db: .*not a database"):
        tune.run(given, [], "trainers.tune")


def test_without_optuna_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    way = r"needs optuna, which .*pip install 'kerasnotes\[tune\]'"
    with pytest.raises(errors.UserError, match=way):
        tune.run({"search": SEARCH}, [], "trainers.tune")
