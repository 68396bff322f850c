"""nudge.json changes a run while it trains, and the log replays it."""

import functools
import json
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.optimizers import regularizers, schedules
from kerasnotes.training import records, runner
from kerasnotes.training.fit import compiling, loop, nudging
from kerasnotes.training.run import config, session
from kerasnotes.training.run import folder as run_folder
from tests.support import csv_rows
from tests.support.runs import last

SIGTERM = 15


@pytest.fixture
def nudged(toy):
    """The toy task with a penalty."""

    class Nudged(toy):
        def model(self, facts):
            inputs = keras.Input([4])
            penalty = regularizers.l1_l2(self.config.l1, self.config.l2, 120)
            x = inputs
            for units in (8, 2):
                layer = keras.layers.Dense(units, kernel_regularizer=penalty)
                x = keras.layers.Dropout(0.2)(layer(x))
            return keras.Model(inputs, x, name="toy")

    return Nudged


class Hand(keras.callbacks.Callback):
    """Writes texts to nudge.json as epochs begin, and ends the run in one.

    Args:
        path: the file.
        texts: them, by epoch from 1.
        cut: None, or a function called in the third step of the fourth.
    """

    def __init__(self, path, texts, cut=None):
        super().__init__()
        self.path, self.texts, self.cut = path, texts, cut

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        if self.epoch in self.texts:
            self.path.write_text(self.texts[self.epoch])

    def on_train_batch_end(self, batch, logs=None):
        if self.cut and (self.epoch, batch) == (4, 2):
            self.cut()


def run(task, folder, texts=None, cut=None, **given):
    """Trains as the runner does, up to the best weights."""
    hand = Hand(folder / "nudge.json", texts or {}, cut)
    given = {"epochs": 6, "batch_size": 16, "optimizer": "sgd", **given}
    toy = task(task.Config(run_dir=str(folder), **given))
    compiling.configure(toy.config)
    place = run_folder.RunFolder(folder, toy.name)
    place.open(toy.config)
    session_run = session.Run(toy.config, place)
    _, model, data, _ = loop.prepare(toy, session_run, toy.data())
    place.begin(toy.config, data.facts)
    return loop.fit(model, session_run, data.splits, [hand])


def same(one, two):
    a, b = last(one)[0], last(two)[0]
    assert list(a) == list(b)
    return all(np.array_equal(a[name], b[name]) for name in a)


def history(folder):
    return csv_rows.read(folder / "history.csv")


def kill():
    raise KeyboardInterrupt


def preempt():
    os.kill(os.getpid(), SIGTERM)


@pytest.mark.parametrize(
    "cut, extra",
    [
        (kill, {}),
        (preempt, {"lr_schedule": "cosine", "weight_average": 0.9, "l1": 0.1}),
        (preempt, {"precision": "mixed_float16"}),
    ],
)
def test_a_cut_run_replays_its_nudges(nudged, tmp_path, cut, extra):
    extra = {"l2": 0.5, **extra}
    first, second = '{"learning_rate": 0.05, "l2": 40}', '{"l2": 2}'
    whole, part = tmp_path / "whole", tmp_path / "cut"
    run(nudged, whole, {2: first, 5: second}, **extra)
    with pytest.raises((KeyboardInterrupt, errors.Preempted)):
        run(nudged, part, {2: first}, cut, **extra)
    (part / "nudge.json").unlink()
    run(nudged, part, {5: second}, **extra)
    assert same(whole, part)
    for folder in (whole, part):
        assert last(folder)[1]["nudges"] == [
            {"epoch": 2, "key": "learning_rate", "value": 0.05},
            {"epoch": 2, "key": "l2", "value": 40.0},
            {"epoch": 5, "key": "l2", "value": 2.0},
        ]


def test_a_nudge_that_spoils_the_run_can_be_taken_back(nudged, tmp_path):
    with pytest.raises(errors.UserError, match="the loss is"):
        run(nudged, tmp_path, {2: '{"learning_rate": 1e30}'})
    (tmp_path / "nudge.json").write_text('{"learning_rate": 0.01}')
    state = run(nudged, tmp_path)
    assert state["epoch"] == 6
    assert [n["value"] for n in state["nudges"]] == [1e30, 0.01]
    assert "1e+30" in state["history"][1]["nudge"]


def test_nudges_change_the_run_and_are_logged(nudged, tmp_path, capsys):
    a, b = tmp_path / "a", tmp_path / "b"
    run(nudged, a, l2=0.5)
    plain = capsys.readouterr().out
    text = json.dumps({"learning_rate": 0.05, "l2": 40, "l1": 0})
    run(nudged, b, {2: text}, l2=0.5)
    told = capsys.readouterr().out
    line = f"{b / 'nudge.json'}: after epoch 2: learning_rate=0.05 l2=40.0"
    assert told.count("nudge.json") == 1 and line in told
    assert "nudge.json" not in plain and "nudge" not in history(a)[0]
    rows = history(b)
    assert [row["nudge"] for row in rows] == [
        "",
        "learning_rate=0.05 l2=40.0",
        *[""] * 4,
    ]
    assert [float(row["l2"]) for row in rows] == [0.5] * 2 + [40.0] * 4
    rates = [float(row["learning_rate"]) for row in rows]
    np.testing.assert_allclose(rates, [1e-3] * 2 + [0.05] * 4, rtol=1e-6)
    losses = [[row["loss"] for row in history(folder)] for folder in (a, b)]
    assert losses[0][:2] == losses[1][:2] and losses[0][2] != losses[1][2]
    # A run that has no l1 keeps no column of it.
    assert "l1" not in rows[0]


def test_stop_ends_the_run_as_early_stopping_does(
    nudged, tmp_path, capsys, monkeypatch
):
    given = {"epochs": 6, "run_dir": str(tmp_path)}
    hand = Hand(tmp_path / "nudge.json", {3: '{"stop": true}'})
    with monkeypatch.context() as patch:
        patch.setattr(
            session, "Run", functools.partial(session.Run, watchers=(hand,))
        )
        metrics = runner.run(nudged, given, [], "trainers.toy")
    rows = history(tmp_path)
    assert [row["nudge"] for row in rows] == ["", "", "stop=true"]
    assert "test" in metrics and (tmp_path / "report.html").exists()
    capsys.readouterr()
    runner.run(nudged, given, [], "trainers.toy")
    assert "finished" in capsys.readouterr().out


BAD = {
    '{"learning_rate": 1e-2, "l2": 4': "not JSON that can be read",
    "": "not JSON that can be read",
    "[" * 10**5: "not JSON that can be read",
    "[1]": 'give {"learning_rate": 0.001}. Received: [1]',
    '{"lr": 0.1}': "unknown 'lr'",
    '{"learning_rate": "0.1"}': "learning_rate: must be a number",
    '{"learning_rate": true}': "learning_rate: must be a number",
    '{"l2": null}': "l2: must be a number. Received: None",
    '{"l2": NaN}': "l2: must be from 0 to 1e+30. Received: nan",
    '{"l2": -1}': "l2: must be from 0 to 1e+30. Received: -1",
    '{"l2": 1' + "0" * 999 + "}": "l2: must be from 0",
    '{"learning_rate": 0, "l2": 9}': "learning_rate: must be from 1e-30",
    '{"stop": 1}': "stop: must be true or false",
    '{"l1": 0.5}': "l1: the run has no such penalty",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_cannot_be_taken_is_told_once(tmp_path, capsys, text):
    made = nudger(config.FitConfig(l2=0.5), tmp_path / "nudge.json")
    assert made.read(1, []) == []
    (tmp_path / "nudge.json").write_text(text)
    assert made.read(2, []) == made.read(3, []) == []
    told = capsys.readouterr().out
    assert told.count("\n") == 1 and f"{tmp_path / 'nudge.json'}: " in told
    assert BAD[text] in told and len(told) < 400
    (tmp_path / "nudge.json").write_text('{"l2": 4}')
    found = made.read(4, [])
    assert found == [{"epoch": 4, "key": "l2", "value": 4.0}]
    assert made.read(5, found) == []


def test_a_bad_file_harms_no_run(nudged, tmp_path):
    (a, b) = tmp_path / "a", tmp_path / "b"
    run(nudged, a, l2=0.5)
    run(nudged, b, {2: '{"l2": 4', 4: '{"l2": 4, "lr": 3}'}, l2=0.5)
    assert same(a, b)


class Numbers:
    """The losses of a task, counting how often they are traced."""

    def __init__(self):
        self.traced = 0

    def loss(self, facts):
        def loss(y, z):
            self.traced += 1
            return keras.losses.mean_squared_error(y, z)

        return loss


def network(penalty):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(n, kernel_regularizer=penalty) for n in (5, 2)]
    return keras.Sequential([keras.Input([3]), *layers])


def nudger(given, path, task=None):
    model = network(regularizers.l1_l2(given.l1, given.l2, 10))
    loss = (task or Numbers()).loss({})
    compiling.compile(model, loss, records.Metrics([]), given, 4)
    made = nudging.Nudger(path, model, given)
    made.model = model
    return made


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"lr_schedule": "inverse", "warmup_epochs": 0.5},
        {"lr_schedule": "cosine", "clip_norm": 0.1},
        {"precision": "mixed_float16"},
    ],
)
def test_a_nudged_model_learns_as_one_of_those_numbers(tmp_path, flags):
    given = config.FitConfig(
        optimizer="sgd", learning_rate=0.1, l1=0.2, l2=0.5, epochs=3, **flags
    )
    x = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    y = x[:, :2]
    task = Numbers()
    keras.config.set_dtype_policy(given.precision)
    made = nudger(given, tmp_path / "nudge.json", task)
    keras.config.set_dtype_policy("float32")
    fit = {"batch_size": 4, "shuffle": False, "verbose": 0}
    made.model.fit(x, y, **fit)
    middle, traced = made.model.get_weights(), task.traced
    (tmp_path / "nudge.json").write_text(
        '{"learning_rate": 0.3, "l1": 0, "l2": 2}'
    )
    made.apply(made.read(1, []))
    made.model.fit(x, y, **fit)
    assert task.traced == traced
    # Keras alone, from the same weights, under the numbers nudged to.
    again = config.FitConfig(
        optimizer="sgd", learning_rate=0.3, epochs=3, **flags
    )
    keras.config.set_dtype_policy(given.precision)
    oracle = network(keras.regularizers.L2(2 / 20))
    compiling.compile(oracle, Numbers().loss({}), records.Metrics([]), again, 4)
    keras.config.set_dtype_policy("float32")
    oracle.set_weights(middle)
    oracle.optimizer.iterations.assign(4)
    oracle.fit(x, y, **fit)
    for a, b in zip(
        made.model.get_weights(), oracle.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_a_scaled_rate_is_followed_without_tracing_anew(jit):
    rate = nudging.Scaled(schedules.get("inverse", 0.2, 5, 10))
    traced = []

    @tf.function(jit_compile=jit)
    def at(step):
        traced.append(step)
        return rate(step)

    first = tf.constant(0)
    assert float(at(first)) == pytest.approx(0.1)
    rate.scale.assign(3.0)
    assert float(at(first)) == pytest.approx(0.3)
    assert len(traced) == 1
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(rate)
    )
    assert float(again(first)) == pytest.approx(0.3)
