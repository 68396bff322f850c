"""Trainers run as their users run them: in a process of their own."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def trainer(tmp_path_factory):
    """Returns a function that runs a trainer and returns the process."""
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
