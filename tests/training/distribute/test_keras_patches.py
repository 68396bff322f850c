"""Two workers with mended Keras are one process; with stock Keras they fail."""

import json
import socket

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.training.distribute import keras_patches
from tests.support import forks
from tests.support.programs import keras_patches_worker

# On an idle machine they take 15 s; a hang must end.
LIMIT = 240


def addresses(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    found = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for used in sockets:
        used.close()
    return found


def start(path, tf_config):
    settings = {
        "TF_CONFIG": json.dumps(tf_config),
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    return forks.Program(keras_patches_worker.__name__, path, **settings)


def alone():
    """Return what this process comes to, which two workers must equal."""
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    # A policy that some test has set outlasts another float type.
    keras.config.set_dtype_policy("float64")
    try:
        found = keras_patches_worker.outcomes(tf.distribute.get_strategy())
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(policy)
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What one process and the two workers found."""
    folder = tmp_path_factory.mktemp("workers")
    paths = [folder / name for name in ("worker0", "worker1")]
    cluster = {"worker": addresses(2)}
    tasks = [{"type": "worker", "index": index} for index in (0, 1)]
    configs = [{"cluster": cluster, "task": task} for task in tasks]
    programs = [start(*each) for each in zip(paths, configs, strict=True)]
    try:
        one = alone()
        for program in programs:
            status, *told = program.wait(LIMIT)
            assert not status, "".join(told)[-4000:]
    finally:
        for program in programs:
            program.kill()
    return [one, *(json.loads(path.read_text()) for path in paths)]


@pytest.mark.parametrize("part", ["fit", "evaluate", "weights", "state"])
@pytest.mark.parametrize("steps_per_execution", [1, 2])
@pytest.mark.parametrize("worker", [1, 2])
def test_workers_equal_one_process(found, worker, steps_per_execution, part):
    alone, given = (
        found[process]["runs"][steps_per_execution - 1][part]
        for process in (0, worker)
    )
    alone, given = tf.nest.flatten(alone), tf.nest.flatten(given)
    np.testing.assert_allclose(given, alone, rtol=0, atol=1e-9)


@pytest.mark.parametrize("steps_per_execution", [1, 2])
@pytest.mark.parametrize("worker", [1, 2])
def test_predictions_are_in_order(found, worker, steps_per_execution):
    alone, given = (
        np.array(found[process]["runs"][steps_per_execution - 1]["predict"])
        for process in (0, worker)
    )
    assert given.shape == (19, 3)
    np.testing.assert_allclose(given, alone, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", [mend[1] for mend in keras_patches.PATCHES])
def test_stock_keras_still_fails(found, name):
    for worker in found[1:]:
        assert worker["errors"][name], (
            f"keras_patches is no longer needed for {name}: remove it"
        )


def test_one_machine_stays_stock():
    keras_patches.mend()
    mended = [getattr(owner, name) for owner, name, _ in keras_patches.PATCHES]
    keras_patches.mend()
    again = [getattr(owner, name) for owner, name, _ in keras_patches.PATCHES]
    assert again == mended
    value = tf.constant([1.0, 3.0])
    reduce, strategy = mended[1], tf.distribute.get_strategy()
    assert reduce(value, strategy, "auto") is value
