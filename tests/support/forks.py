"""Programs in processes of their own that need not import TensorFlow.

Each is forked from a process that has imported it and done nothing else. It
has words, an environment, output and an end of its own, as where a shell starts
it; a test of what is imported, and when, needs a process from the start.
"""

import multiprocessing
import os
import pathlib
import runpy
import sys
import tempfile
from multiprocessing import forkserver
from unittest import mock

from tests.support.paths import ROOT

_CONTEXT = multiprocessing.get_context("forkserver")


class Program:
    """A program at work.

    Args:
        name: a module, as behind `python -m`, or the path of a file.
        *words: what follows on the command line.
        **settings: variables of its environment, beside those of this one.
    """

    def __init__(self, name, *words, **settings):
        self._folder = tempfile.TemporaryDirectory()
        self._paths = [pathlib.Path(self._folder.name, n) for n in "12"]
        for path in self._paths:
            path.touch()
        _serve()
        self._process = _CONTEXT.Process(
            target=_work,
            args=(
                [str(name), *map(str, words)],
                os.environ | settings,
                self._paths,
            ),
            # It ends with this process.
            daemon=True,
        )
        self._process.start()

    @property
    def status(self):
        """Its exit status, negative after a signal; None while it works."""
        return self._process.exitcode

    @property
    def output(self):
        """What it has written to stdout by now."""
        return self._paths[0].read_text(encoding="utf-8")

    @property
    def errors(self):
        """What it has written to stderr by now."""
        return self._paths[1].read_text(encoding="utf-8")

    def signal(self, number):
        """Send it a signal."""
        os.kill(self._process.pid, number)

    def kill(self):
        """End it, if it still works."""
        self._process.kill()

    def wait(self, seconds=600):
        """Return status, output and errors when it has ended."""
        self._process.join(seconds)
        if self.status is None:
            self.kill()
            raise AssertionError(f"{seconds} s: {self.output}{self.errors}")
        return self.status, self.output, self.errors


def run(name, *words, **settings):
    """Return the output of a program that must end well."""
    status, output, told = Program(name, *words, **settings).wait()
    assert status == 0, output + told
    return output


def _serve():
    """Start the process that all are forked from, where there is none."""
    _CONTEXT.set_forkserver_preload(["tensorflow", "sklearn.datasets"])
    with mock.patch.dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3"):
        forkserver.ensure_running()


def _work(words, settings, paths):
    """Be the program that these words name."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(settings)
    for number, path in enumerate(paths, start=1):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    sys.argv = words
    if words[0].endswith(".py"):
        runpy.run_path(words[0], run_name="__main__")
    else:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
