"""Checkpoints: all that a run needs to go on, each in one file."""

import io
import json
import pathlib

import numpy as np

from kerasnotes import archives, errors, files

SECONDS = 300.0
"""The time from one checkpoint within an epoch to the next."""

_KEEP = 2
# What of a run's state would be asked for at once.
_STATE = {
    "epoch": int,
    "step": int,
    "history": list,
    "nudges": list,
    "best": dict,
    "best_file": str,
}


def collect(variables):
    """Return the variables' values by position and path."""
    return {f"{i:05d} {v.path}": np.asarray(v) for i, v in enumerate(variables)}


def restore(variables, values, source):
    """Assign values that `collect` returned.

    Raises:
        UserError: they belong to another model.
    """
    names = [f"{i:05d} {v.path}" for i, v in enumerate(variables)]
    if names != list(values):
        odd = next(
            (n for n in [*names, *values] if (n in names) != (n in values)),
            "the order of variables",
        )
        raise errors.UserError(
            f"{source}: a checkpoint of another model ({odd[6:] or odd}); "
            "give another --run_dir, or --overwrite"
        )
    for variable, value in zip(variables, values.values(), strict=True):
        kind, shape = np.dtype(variable.dtype), tuple(variable.shape)
        if (kind, shape) != (value.dtype, value.shape):
            raise errors.UserError(
                f"{source}: a checkpoint of another model: {variable.path} "
                f"is {value.shape} {value.dtype}, expected {shape} {kind}; "
                "give another --run_dir, or --overwrite"
            )
    for variable, value in zip(variables, values.values(), strict=True):
        variable.assign(value)


def write(path, values, state):
    """Write arrays and a JSON-able state to one file."""
    state = np.frombuffer(json.dumps(state).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, __state__=state, **values)
    files.write_bytes(path, buffer.getvalue())


def read(path):
    """Return `(values, state)` of a file that `write` made.

    Raises:
        UserError: the file is absent or corrupt.
    """
    try:
        archives.check_zip(path)
        with np.load(path, allow_pickle=False) as archive:
            values = {name: archive[name] for name in archive.files}
        state = json.loads(values.pop("__state__").tobytes())
        if not all(isinstance(v, np.ndarray) for v in values.values()):
            raise ValueError("not all in it are arrays")
        for name, kind in _STATE.items():
            if not isinstance(state.get(name) or kind(), kind):
                raise ValueError(f"its {name} is no {kind.__name__}")
    except Exception as error:  # zlib, zipfile and struct raise at will
        raise errors.UserError(
            f"{path}: a corrupt checkpoint ({error})"
        ) from error
    return values, state


class Checkpoints:
    """The checkpoints of a run: the last two states, and the best weights.

    `last-N.npz` holds the whole state after N steps and names the
    `best-N.npz` that belongs to it, which is written first; so whenever the
    run is killed, one consistent pair is on the disk.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def save_best(self, step, values):
        """Write the best weights so far; return the file's name."""
        name = f"best-{step:09d}.npz"
        write(self.folder / name, values, {})
        return name

    def save_last(self, step, values, state):
        """Write the state after `step` steps and remove what is stale."""
        write(self.folder / f"last-{step:09d}.npz", values, state)
        # The last two states name no best but the last two.
        for pattern in ("last-*.npz", "best-*.npz"):
            for path in self._newest(pattern)[_KEEP:]:
                path.unlink()

    def load_last(self):
        """Return the newest sound `(values, state, path)`, or None.

        Corrupt files are named on the terminal and passed over.
        """
        # A run that has a history had a checkpoint.
        broken = (self.folder.parent / "history.csv").exists()
        for path in self._newest("last-*.npz"):
            try:
                values, state = read(path)
                if state.get("best_file"):
                    read(self.folder / state["best_file"])
                return values, state, path
            except errors.UserError as error:
                print(f"{error}; falling back to the one before")
                broken = True
        if broken:
            print(f"{self.folder}: no sound checkpoint left: starting anew")
        return None

    def load_best(self, state):
        """Return the best weights that `state` names."""
        return read(self.folder / state["best_file"])[0]

    def _newest(self, pattern):
        return sorted(self.folder.glob(pattern), reverse=True)
