"""`--profile` writes a trace, whatever ends the run, and changes nothing."""

import os
import re
import signal

import keras
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training.fit import loop
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import session
from tests.support.runs import assert_same


class At(keras.callbacks.Callback):
    """Does something once, after so many steps of all."""

    def __init__(self, step, action):
        super().__init__()
        self._left, self._action = step, action

    def on_train_batch_begin(self, batch, logs=None):
        self._left -= 1
        if not self._left:
            self._action()


def learn(toy, folder, watchers=(), **given):
    """Trains two epochs of seven steps."""
    values = {"epochs": 2, "batch_size": 16, **given, "run_dir": str(folder)}
    task = toy(toy.Config(**values))
    task.config.check()
    keras.utils.clear_session(free_memory=False)
    place = run_folder.RunFolder(folder, task.name)
    place.open(task.config)
    with place.locked():
        run = session.Run(task.config, place, tuple(watchers))
        return loop.learn(task, run, task.data())


def traced(folder):
    """Return the first steps of the calls in the one trace."""
    (path,) = (folder / "logs").glob("plugins/profile/*/*.xplane.pb")
    space = _xplane().FromString(path.read_bytes())
    found = []
    for plane in space.planes:
        names = {k: m.name for k, m in plane.event_metadata.items()}
        keys = {k: m.name for k, m in plane.stat_metadata.items()}
        found += [
            stat.int64_value
            for line in plane.lines
            for event in line.events
            if names[event.metadata_id] == "train"
            for stat in event.stats
            if keys[stat.metadata_id] == "step_num"
        ]
    return found


def _xplane():
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    return xplane_pb2.XSpace


def test_a_trace_changes_nothing(toy, tmp_path, capsys):
    learn(toy, tmp_path / "plain")
    assert "--profile" not in capsys.readouterr().out
    learn(toy, tmp_path / "traced", profile="3,5")
    told = capsys.readouterr().out
    assert "steps 3 to 5 are traced" in told
    assert f"--logdir={tmp_path / 'traced' / 'logs'}" in told
    assert traced(tmp_path / "traced") == [3, 4, 5]
    assert not (tmp_path / "plain/logs/plugins").exists()
    assert_same(tmp_path / "plain", tmp_path / "traced")


def test_calls_are_traced_whole(toy, tmp_path, capsys):
    # Six steps in calls of two.
    given = {"batch_size": 20, "steps_per_execution": 2}
    learn(toy, tmp_path, profile="2,3", **given)
    assert "steps 1 to 4 are traced" in capsys.readouterr().out
    assert traced(tmp_path) == [1, 3]


def diverge():
    raise errors.Diverged("the loss is nan")


def preempt():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("end", [diverge, preempt])
def test_it_ends_with_the_run(toy, tmp_path, end):
    with pytest.raises((errors.Diverged, errors.Preempted)):
        learn(toy, tmp_path, [At(4, end)], profile="2,6")
    assert traced(tmp_path) == ([2, 3] if end is diverge else [2, 3, 4])
    # No session is left open.
    tf.profiler.experimental.start(str(tmp_path / "more"))
    tf.profiler.experimental.stop(save=False)


def test_an_epoch_that_goes_on_counts_from_its_start(toy, tmp_path, capsys):
    with pytest.raises(errors.Preempted):
        learn(toy, tmp_path, [At(3, preempt)])
    learn(toy, tmp_path, profile="2,5")
    assert "steps 4 to 5 are traced" in capsys.readouterr().out
    assert traced(tmp_path) == [4, 5]


def test_a_step_that_is_past_is_of_the_next_epoch(toy, tmp_path, capsys):
    with pytest.raises(errors.Preempted):
        learn(toy, tmp_path, [At(3, preempt)])
    learn(toy, tmp_path, profile="1,2")
    assert traced(tmp_path) == [1, 2]


@pytest.mark.parametrize("value", ["20,10", "5", "0,3", "a,b", "1,2,3", "3,8"])
def test_a_value_that_cannot_be_is_refused(toy, tmp_path, value):
    with pytest.raises(errors.UserError, match=f"--profile={value}: ") as told:
        learn(toy, tmp_path, profile=value)
    assert not re.search("\n", str(told.value))
    assert not (tmp_path / "logs").exists()
    assert not list(tmp_path.glob("config.json"))
