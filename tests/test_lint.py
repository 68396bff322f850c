"""The code keeps to the style that pyproject.toml sets."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT


@pytest.mark.parametrize("words", [["check"], ["format", "--check"]])
def test_ruff_is_content(words):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *words, "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stdout
