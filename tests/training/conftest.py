"""What tests of the engine share."""

import contextlib
import itertools
import os
import signal

import keras
import pytest

from kerasnotes import errors
from kerasnotes.training.fit import callbacks
from tests.support import toys


@pytest.fixture(autouse=True)
def float32_after():
    """The precision of a run stays its process's, also where it fails."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def toy():
    return toys.Toy


class Killed(Exception):
    pass


def kill():
    raise Killed


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def after_call(monkeypatch):
    """Return a context manager in which runs are cut.

    Its arguments: after how many calls of training steps, and how: `killed`,
    or `asked` to stop. A run that isn't cut fails the test.
    """

    @contextlib.contextmanager
    def cut(number, how):
        act, raised = {
            "killed": (kill, Killed),
            "asked": (terminate, errors.Preempted),
        }[how]
        calls, original = itertools.count(1), callbacks.Guard.on_train_batch_end

        def on_train_batch_end(self, batch, logs=None):
            original(self, batch, logs)
            if next(calls) == number:
                act()

        with monkeypatch.context() as patch, pytest.raises(raised):
            patch.setattr(
                callbacks.Guard, "on_train_batch_end", on_train_batch_end
            )
            yield

    return cut
