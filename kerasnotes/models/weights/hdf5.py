"""Weights by layer, of HDF5 files that may be broken in any way."""

import os
import subprocess
import sys

import h5py

from kerasnotes import archives

_SECONDS, _BYTES_A_SECOND = 20, 1e7


def read(path):
    """Return the arrays of each layer in an HDF5 file, a dictionary.

    HDF5 itself never ends, or ends the process, on some that are broken (3
    of 8,000 damaged in a small place hung in HDF5 1.14): another process
    tries first.

    Args:
        path: the file.

    Raises:
        Exception: it can't be read.
    """
    limit = _SECONDS + os.path.getsize(path) / _BYTES_A_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-P", __file__, path],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError("reading it has no end") from error
    if done.returncode < 0:
        raise ValueError("it ends the process that reads it")
    with h5py.File(path) as file:
        return layers(file, path)


def layers(file, path):
    """Return the arrays of each layer, a dictionary.

    Args:
        file: an open `h5py.File`.
        path: the file that it is, or is in.

    Raises:
        Exception: it can't be read.
    """
    arrays = archives.Arrays(file, path)
    # A whole model of the older format has its weights in a group.
    if "model_weights" in file:
        file = arrays.group(file, "model_weights")
    if "layer_names" in file.attrs:
        names = map(_text, file.attrs["layer_names"])
        groups = {name: arrays.group(file, name) for name in names}
        return {
            name: [
                arrays.array(group, _text(weight))
                for weight in group.attrs["weight_names"]
            ]
            for name, group in groups.items()
        }
    stored = arrays.group(file, "layers")
    groups = [arrays.group(stored, f"{name}/vars") for name in stored]
    return {
        group.attrs["name"]: [
            arrays.array(group, str(i)) for i in range(len(group))
        ]
        for group in groups
    }


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)


if __name__ == "__main__":
    with h5py.File(sys.argv[1]) as tried:
        layers(tried, sys.argv[1])
