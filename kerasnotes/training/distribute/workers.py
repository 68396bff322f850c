"""What the workers of one run share; a process alone is its own chief."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile
import time

import numpy as np
import tensorflow as tf

from kerasnotes import errors, flag_paths
from kerasnotes.training.distribute import clusters, strategies
from kerasnotes.training.run import options as options_lib

# Steps after which workers ask one another, a millisecond each time.
_STEPS = 10
# What goes wrong in a worker itself.
_OWN = (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError)
# What a worker needs of a run that goes on.
_TAKEN = (
    "config.json",
    "metrics.json",
    "history.csv",
    "checkpoints",
    "examples.npz",
    "learning_curve",
    "model.keras",
)


def is_chief():
    """Return whether this process writes what all share."""
    return not strategies.several_workers() or clusters.is_chief()


def sum_all(array):
    """Return the sum of an int32 array over the workers, on each."""
    strategy = strategies.several_workers()
    total = strategy.run(_add, args=(tf.constant(array, tf.int32),))
    return strategy.experimental_local_results(total)[0].numpy()


# Traced once, as it is called within epochs.
@tf.function(input_signature=[tf.TensorSpec(None, tf.int32)], autograph=False)
def _add(value):
    replica = tf.distribute.get_replica_context()
    local = replica.num_replicas_in_sync // len(clusters.addresses())
    first = replica.replica_id_in_sync_group % local == 0
    return replica.all_reduce("SUM", value * tf.cast(first, value.dtype))


def from_chief(data):
    """Return the chief's bytes, on every worker."""
    if not strategies.several_workers():
        return data
    chief = is_chief()
    size = sum_all(len(data) if chief else 0)
    content = np.frombuffer(data, np.uint8) if chief else np.zeros(size)
    return sum_all(content).astype(np.uint8).tobytes()


def may_agree(step, together):
    """Return whether `any_of` is to be called after a call of steps.

    Args:
        step: the last of them, from 1.
        together: how many a call has.
    """
    return not strategies.several_workers() or step % _STEPS < together


def any_of(*asked):
    """Return, for each of some booleans, whether it is true on any worker."""
    if not strategies.several_workers():
        return asked
    return tuple(sum_all(np.int32(asked)) > 0)


def check_alike(value, message):
    """Check that all workers have the same; else one would wait for ever.

    Args:
        value: what this worker has, whose `repr` tells it.
        message: the error's text.

    Raises:
        UserError: they don't; on every worker.
    """
    value = repr(value).encode()
    if any_of(from_chief(value) != value)[0]:
        raise errors.UserError(message)


def check_flags(config):
    """Check that all workers do the same.

    Args:
        config: the run's `Config`, before its folder is this worker's own.

    Raises:
        UserError: they don't; on every worker.
    """
    flags = dataclasses.asdict(config) | {"run_dir": "", "data_dir": None}
    for field in dataclasses.fields(config):
        if options_lib.of_path(field) and flags[field.name]:
            # It may lie elsewhere on each machine.
            flags[field.name] = flag_paths.short(flags[field.name])
    check_alike(
        flags,
        "the workers have different flags, or don't see the same run; start "
        "the same command on each, with a --run_dir that all can read",
    )


def wait():
    """Wait until every worker is here."""
    if strategies.several_workers():
        sum_all(0)


def chief_first(function):
    """Call a function on the chief, then on the others."""
    if not is_chief():
        wait()
    value = function()
    if is_chief():
        wait()
    return value


@contextlib.contextmanager
def worker_folder(path):
    """Yield the folder in which this process runs.

    The chief's is the one given. What another worker does, it does silently
    in a temporary folder, with a copy of what the run has learned before.

    Args:
        path: the run's folder, which all workers can read.
    """
    if is_chief():
        yield path
        return
    with (
        tempfile.TemporaryDirectory(prefix="kerasnotes-worker-") as folder,
        open(os.devnull, "w", encoding="utf-8") as null,
        contextlib.redirect_stdout(null),
    ):
        _take(path, folder)
        try:
            yield folder
        except errors.UserError as error:
            # The temporary folder will be gone, and is the same run's.
            message = str(error).replace(folder, str(path))
            raise type(error)(message) from error


def _take(path, folder):
    try:
        for name in _TAKEN:
            taken = pathlib.Path(path, name)
            if taken.is_dir():
                shutil.copytree(taken, pathlib.Path(folder, name))
            elif taken.exists():
                shutil.copy(taken, folder)
    except OSError as error:
        raise errors.UserError(
            f"{path}: can't be copied to {folder} ({error}); set TMPDIR to a "
            "folder with room for a copy"
        ) from error


@contextlib.contextmanager
def together():
    """Tells of a worker that is gone in one line.

    Raises:
        UserError: the others can't go on without it.
    """
    try:
        yield
        # A worker that ends early would seem to have died.
        wait()
    except tf.errors.OpError as error:
        if not strategies.several_workers() or isinstance(error, _OWN):
            raise
        lines = str(error).splitlines()
        devices = [line for line in lines if line.startswith("/job:")]
        which = f" ({', '.join(devices)})" if devices else ""
        raise errors.UserError(
            f"another worker is gone{which}; its output or machine tells why; "
            "start all of them again: the same commands go on"
        ) from error
    finally:
        if strategies.several_workers():
            # The others may still be hearing what was agreed.
            time.sleep(1)
