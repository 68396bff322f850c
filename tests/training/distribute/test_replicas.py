"""Two replicas on unlike halves of each batch equal one device."""

import json
import socket
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, optimizers
from kerasnotes.training.distribute import replicas
from kerasnotes.training.run import config
from tests.support import forks
from tests.support.paths import ROOT

PROGRAMS = ROOT / "tests/support/programs"
# Not about learning, or different in each run.
OTHER = ("export", "seconds", "examples_per_second", "checksum")


def worker(index, ports):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    task = {"type": "worker", "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """All programs at work, each in a folder of its name."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, other)]
    programs = {
        "runs": ("replicas_runs.py", {}),
        "steps": ("two_replicas.py", {}),
        "worker0": ("two_replicas.py", worker(0, ports)),
        "worker1": ("two_replicas.py", worker(1, ports)),
    }
    begun = {}
    for name, (program, settings) in programs.items():
        path = tmp_path_factory.mktemp(name, numbered=False)
        at_work = forks.Program(PROGRAMS / program, path, **settings)
        begun[name] = path, at_work
    yield begun
    for _, at_work in begun.values():
        at_work.kill()


def found_by(scripts, name):
    path, program = scripts[name]
    status, *told = program.wait()
    assert not status, "".join(told)[-4000:]
    return json.loads((path / "found.json").read_text())


@pytest.fixture(scope="module")
def steps(scripts):
    return found_by(scripts, "steps")


@pytest.fixture(scope="module")
def runs(scripts):
    return found_by(scripts, "runs")


def assert_equal(one, two, tolerance):
    """Compare structures of numbers and texts."""
    one, two = map(keras.tree.flatten_with_path, (one, two))
    assert [path for path, _ in one] == [path for path, _ in two]
    for (path, a), (_, b) in zip(one, two, strict=True):
        if isinstance(a, float):
            np.testing.assert_allclose(
                b, a, rtol=tolerance, atol=tolerance, err_msg=str(path)
            )
        else:
            assert a == b, path


STEPS = [
    "plain",
    "l1 and l2",
    "clipping",
    "clipping by value",
    "weight average",
    "weights",
    "masked",
    "soft labels",
    "schedule",
    "steps in one call",
    "batch norm",
]
METRICS = ["two classes", "classes", "regression", "labels"]


@pytest.mark.parametrize(
    "case",
    [
        *("plain", "clipping", "weight average", "masked"),
        *("steps in one call", "batch norm", *METRICS),
    ],
)
@pytest.mark.parametrize("name", ["worker0", "worker1"])
def test_two_processes(scripts, steps, name, case):
    one, _ = steps[case]
    (two,) = found_by(scripts, name)[case]
    assert_equal(one, two, 1e-9)


@pytest.mark.parametrize(
    "case",
    [
        *STEPS,
        *optimizers.names(),
        "adam:amsgrad=true,weight_decay=0.01",
        "rmsprop:centered=true,momentum=0.5",
        "sgd:momentum=0.9,nesterov=true,weight_decay=0.1",
    ],
)
def test_five_steps(steps, case):
    assert_equal(*steps[case], 1e-9)


@pytest.mark.parametrize("case", METRICS)
def test_metrics_of_partial_batches(steps, case):
    assert_equal(*steps[case], 1e-9)


@pytest.mark.parametrize("kind", ["norms", "cost"])
def test_what_is_watched(steps, kind):
    assert_equal(*steps[f"watch {kind}"], 1e-9)


def test_side_heads(steps):
    assert_equal(*steps["side heads"], 1e-9)


def test_frozen_blocks(steps):
    assert_equal(*steps["frozen blocks"], 1e-9)
    first, second = steps["frozen blocks"][0]["loss"]
    assert second < first


@pytest.mark.parametrize("nudge", ["l2 9.0", "learning_rate 0.1"])
def test_a_nudged_run(steps, nudge):
    assert_equal(*steps[nudge], 1e-9)
    assert steps[nudge][1]["state"] != steps["l2 2.0"][1]["state"]


def test_the_gradient_was_clipped(steps):
    # Five steps of at most 0.1 · 0.05.
    assert steps["clipping"][1]["moved"] <= 0.025 < steps["plain"][1]["moved"]
    moved = steps["clipping by value"][1]["moved"]
    assert 0 < moved < steps["plain"][1]["moved"]


def test_batch_norm_of_one_half_would_differ(steps):
    one, _ = steps["batch norm"]
    assert abs(steps["unsynchronized"]["moved"] - one["moved"]) > 1e-3


def test_a_copy_for_one_device_is_not_synchronized(steps):
    assert steps["copy"]["synchronized"] == [True, False]
    assert_equal(*steps["copy"]["answers"], 1e-9)


def test_an_overflow_on_the_second_replica_leaves_the_step_out(steps):
    one, two = steps["overflow"]
    assert np.isfinite([np.sum(w) for w in two]).all()
    # In half precision.
    assert_equal(one, two, 1e-3)


def test_a_run_that_goes_on_is_the_same_bit_for_bit(steps):
    assert_equal(*steps["resumed"], 0)


def test_replicas_drop_units_of_their_own(steps):
    first, second = map(np.array, steps["masks"]["mended"])
    assert (first[0] != first[1]).any() and (first != second).any()
    for first, second in steps["masks"]["stock"]:
        assert first == second, "Keras draws apart: remove _draw_apart"


@pytest.mark.parametrize(
    "task",
    [
        *("classify", "detect", "localize", "regress", "multilabel"),
        *("fast_rcnn", "mask_rcnn", "segment", "translate"),
    ],
)
def test_a_whole_run(runs, task):
    one, two = (
        {name: part for name, part in each.items() if name not in OTHER}
        for each in runs[task]
    )
    assert {"train", "dev", "test", "diagnosis"} <= one.keys()
    assert_equal(one, two, 1e-5)


@pytest.mark.parametrize(
    "flags, reason",
    [
        ({"batch_size": 33}, "--batch_size=33: 2 replicas share each batch; "),
        ({"jit_compile": "true"}, "--jit_compile=true: XLA compiles a step"),
        (
            {"optimizer": "adam:gradient_accumulation_steps=2"},
            "gradient_accumulation_steps",
        ),
        (
            {"optimizer": "sgd:ema_overwrite_frequency=3"},
            "ema_overwrite_frequency",
        ),
    ],
)
def test_what_cannot_be_equal_is_refused(flags, reason):
    given = config.FitConfig(**flags)
    with pytest.raises(errors.UserError, match=reason) as caught:
        replicas.check(given, types.SimpleNamespace(num_replicas_in_sync=2))
    assert "\n" not in str(caught.value)
    replicas.check(given, tf.distribute.get_strategy())


def test_two_replicas_take_what_they_can():
    given = config.FitConfig(batch_size=34, optimizer="adam:weight_decay=0.1")
    replicas.check(given, types.SimpleNamespace(num_replicas_in_sync=2))
