"""Whatever ends a command, it ends in one line."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from kerasnotes.training.run import command


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("of a host"),
        tf.errors.ResourceExhaustedError(None, None, "OOM\n\nDetected at"),
    ],
)
def test_what_is_too_large_is_told(error):
    def body():
        raise error

    with pytest.raises(SystemExit) as caught:
        command.guarded(body, "trainers.classify")
    told = str(caught.value)
    assert told.startswith("trainers.classify: out of memory; make")
    assert "\n" not in told


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_that_lacks_letters_shows_them_escaped(encoding):
    program = """if True:
        from kerasnotes.training.run import command
        command.guarded(lambda: print("α₀ is", "\\udcff"), "trainers.toy")
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == rb"\u03b1\u2080 is \udcff" + b"\n"


def test_help_is_printed_in_any_encoding():
    done = subprocess.run(
        [sys.executable, "-m", "trainers.regress", "--help"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert b"Traceback" not in done.stderr
    assert rb"\u03b1\u2080" in done.stdout
