"""Where the files that a run's flags name lie, which may have moved since.

What lies there is what binds a run: the facts of its data tell whether a data
set is the same, and a digest of other files.
"""

import dataclasses
import os

from kerasnotes import files, flag_paths
from kerasnotes.training.run import options as options_lib


def names(config):
    """Return the flags of a Config that hold paths."""
    return [
        field.name
        for field in dataclasses.fields(config)
        if options_lib.of_path(field)
        and flag_paths.are_in(getattr(config, field.name) or "")
    ]


def is_of_data(name):
    """Return whether a flag is of a data set, known by its facts."""
    return name.endswith("dataset")


def digests(config):
    """Return the digest of each file that a Config names, by the flag."""
    values = {name: getattr(config, name) for name in names(config)}
    return {
        name: files.digest(value)
        for name, value in values.items()
        if not is_of_data(name) and os.path.isfile(value)
    }


def moved(config, saved):
    """Return the flags that hold other paths than the run's.

    Args:
        config: the run's Config, as it is now.
        saved: what its config.json holds.

    Returns:
        A dictionary of flag to the two values, the run's first.
    """
    before = options_lib.resolved(type(config), saved.get("flags", {}))
    now = {name: getattr(config, name) for name in names(config)}
    return {
        name: (before[name], value)
        for name, value in now.items()
        if before.get(name) not in (None, value)
    }


def may_be_same(name, config, saved):
    """Return whether a file may be the run's although its path is another.

    Of data sets nobody knows before they are read.

    Args:
        name: the flag's name, one of `moved`.
        config: the run's Config, as it is now.
        saved: what its config.json holds.
    """
    if is_of_data(name):
        return True
    digest = saved.get("files", {}).get(name)
    return digest is not None and digest == files.digest(getattr(config, name))


def keep(folder, config, name):
    """Write down where the files of a run lie now.

    Args:
        folder: the `RunFolder`.
        config: the run's Config.
        name: what the facts of its data name it now, or None.
    """
    saved = folder.read()
    for flag, (_, now) in moved(config, saved).items():
        saved["flags"][flag] = now
    if name is not None:
        saved["data"]["name"] = name
    files.write_sealed(folder / "config.json", saved)
