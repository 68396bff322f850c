"""A command line: flags from a dataclass, errors as one line."""

import contextlib
import importlib
import os
import pathlib
import signal
import sys

from absl import app, flags, logging

from kerasnotes import errors
from kerasnotes.training.run import flags as flags_lib

_PREEMPTED = 75  # EX_TEMPFAIL: the same command goes on.
_INTERRUPTED = 130  # As shells say of Ctrl-C.


def run(config_class, body):
    """Run a command line whose flags are the fields of a dataclass.

    Args:
        config_class: the dataclass, made of `config.option`s.
        body: a function of the fields that the user named, the arguments
            that are no flags, and the program's name; what it returns, if a
            number, is the exit status.
    """
    # The engine is TensorFlow's, whatever the user's own models run on.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    flags_lib.define(config_class)
    program = f"trainers.{pathlib.Path(sys.argv[0]).stem}"

    def begin(parsed):
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.ERROR)
            _import_quietly()
        status = body(*parsed, program)
        return status if isinstance(status, int) else 0

    def start():
        app.run(
            begin, flags_parser=lambda argv: flags_lib.parse(config_class, argv)
        )

    signal.signal(signal.SIGTERM, stop)
    try:
        guarded(start, program, getattr(config_class, "memory_flags", ()))
    finally:
        # What is left is Python's own end.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def stop(*_):
    """End the process where nothing needs saving; for signals."""
    raise errors.Preempted


def check_mode(mode, flag_names, valid):
    """Refuses flags that are not for the mode.

    Args:
        mode: the value of `--mode`.
        flag_names: the names of the flags that the user gave.
        valid: dictionary of mode to the set of names of its flags.

    Raises:
        UserError: see above.

    >>> check_mode("score", {"mode": "score", "seed": 1}, {"score": {"seed"}})
    """
    for name in sorted(set(flag_names) - {"mode"} - valid[mode]):
        raise errors.UserError(
            f"--{name}: is not for --mode={mode}; leave it out. Valid: "
            f"{', '.join(f'--{n}' for n in sorted(valid[mode]))}"
        )


def guarded(body, program, memory_flags=()):
    """Call `body`; what the user can mend ends in one line and status 1.

    Args:
        body: the function.
        program: the program's name.
        memory_flags: the names of flags that take less memory.
    """
    _escape_unprintable()
    try:
        body()
    except errors.UserError as error:
        sys.exit(f"{program}: {error}")
    except errors.Preempted:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _leave(f"asked to stop; {_again()}", sys.stdout, _PREEMPTED)
    except BrokenPipeError:
        # The reader has enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        message = f"{program}: interrupted; {_again()}"
        _leave(message, sys.stderr, _INTERRUPTED)
    except Exception as error:
        # By name, for TensorFlow isn't imported to print help.
        if type(error).__name__ not in (
            "MemoryError",
            "ResourceExhaustedError",
        ):
            reason = errors.explained(error)
            if reason is None:
                raise
            sys.exit(f"{program}: {reason}")
        names = ", ".join(f"--{name}" for name in memory_flags)
        sys.exit(
            f"{program}: out of memory; make the model or the batches smaller"
            f"{names and f': {names}'}"
        )


def _escape_unprintable():
    r"""Let letters that the output's encoding lacks come out as `\u03b1`."""
    for stream in (sys.stdout, sys.stderr):
        # What stands in for them, as in a notebook, may have no encoding.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _leave(message, stream, status):
    """End the process at once.

    In a tidy end, what TensorFlow was doing may abort with a status of its own.
    """
    # Who reads them may be gone.
    with contextlib.suppress(OSError):
        print(message, file=stream)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _again():
    """Return what goes on where an ended command was."""
    anew = any(word.startswith("--overwrite") for word in sys.argv)
    without = " without --overwrite" if anew else ""
    return f"the same command{without} goes on"


def _import_quietly():
    """Import TensorFlow without the greetings of its C++ side."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        importlib.import_module("tensorflow").config.list_physical_devices()
        importlib.import_module("keras")


@contextlib.contextmanager
def quiet():
    """Silence what TensorFlow's C++ side prints, whatever the log level.

    It goes to the process's stderr; what goes wrong in Python is still raised.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
