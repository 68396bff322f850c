"""Whatever ends a command, it ends in one line."""

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
