"""A command line: flags from a dataclass, errors as one line."""

import importlib
import os
import pathlib
import sys

from absl import app, flags, logging

from kerasnotes import errors
from kerasnotes.training import flags as flags_lib

_PREEMPTED = 75  # EX_TEMPFAIL: the same command goes on.


def run(config_class, body):
    """Runs a command line whose flags are the fields of a dataclass.

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

    guarded(start, program)


def check_mode(mode, given, valid):
    """Refuses flags that are not for the mode.

    Args:
        mode: the value of `--mode`.
        given: the names of the flags that the user gave.
        valid: dictionary of mode to the set of names of its flags.

    Raises:
        UserError: see above.

    >>> check_mode("score", {"mode": "score", "seed": 1}, {"score": {"seed"}})
    """
    for name in sorted(set(given) - {"mode"} - valid[mode]):
        raise errors.UserError(
            f"--{name}: is not for --mode={mode}; leave it out. Valid: "
            f"{', '.join(f'--{n}' for n in sorted(valid[mode]))}"
        )


def guarded(body, program):
    """Calls `body`; what the user can mend ends in one line and status 1."""
    try:
        body()
    except errors.UserError as error:
        sys.exit(f"{program}: {error}")
    except errors.Preempted:
        print("asked to stop: the state is saved; the same command goes on")
        sys.exit(_PREEMPTED)
    except BrokenPipeError:
        # The reader has enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(f"{program}: interrupted; the same command goes on")
    except Exception as error:
        # By name, for TensorFlow isn't imported to print help.
        if type(error).__name__ not in (
            "MemoryError",
            "ResourceExhaustedError",
        ):
            raise
        sys.exit(
            f"{program}: out of memory; make the model, its pictures or the "
            "batches smaller: --width, --image_size, --batch_size"
        )


def _import_quietly():
    """Imports TensorFlow without the greetings of its C++ side.

    They go to the process's stderr whatever the log level; what goes wrong
    in Python is still raised.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stderr = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        importlib.import_module("tensorflow").config.list_physical_devices()
        importlib.import_module("keras")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
