"""Trainers run as users run them, or in this process, which is quicker."""

import os
import subprocess
import sys

import pytest
from absl import flags as absl_flags

from kerasnotes.training import runner
from kerasnotes.training.run import flags
from tests.support import forks
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def trainer(tmp_path_factory):
    """Return a function that runs a trainer and returns the process.

    Python starts anew, for what is imported and when.
    """
    data = tmp_path_factory.mktemp("data")

    def call(program, *words, check=True):
        done = subprocess.run(
            [sys.executable, "-m", f"trainers.{program}", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, "TFDS_DATA_DIR": str(data)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        if check:
            assert not done.returncode, done.stdout + done.stderr
        return done

    return call


@pytest.fixture(scope="session")
def forked(tmp_path_factory):
    """Return a function that runs a trainer; TensorFlow is there already.

    It returns exit status, output and errors.
    """
    data = str(tmp_path_factory.mktemp("data"))

    def call(program, *words, check=True):
        name = f"trainers.{program}"
        status, *told = forks.Program(name, *words, TFDS_DATA_DIR=data).wait()
        assert not check or not status, "".join(told)
        return status, *told

    return call


@pytest.fixture(scope="session")
def here():
    """Return a function that runs a task's command in this process.

    It returns what the runner returns, and raises its errors.
    """

    def call(task, *words):
        values = absl_flags.FlagValues()
        flags.define(task.Config, values)
        words = ["prog", *map(str, words)]
        given, rest = flags.parse(task.Config, words, values)
        return runner.run(task, given, rest, f"trainers.{task.name}")

    return call
