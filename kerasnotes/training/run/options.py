"""One flag as a field of a dataclass, and what holds for any such field."""

import dataclasses
import math
import typing
from collections.abc import Callable

from kerasnotes import errors


def option(
    default: typing.Any,
    help: str,
    *,
    choices: tuple | None = None,
    bounds: tuple[float, float] | None = None,
    learned: bool = True,
    shown: bool = False,
    grows: bool = False,
    words: dict | None = None,
    path: Callable[[str], str] | None = None,
) -> typing.Any:
    """Return a dataclass field for one flag.

    Args:
        default: the default value.
        help: the flag's help text, a phrase.
        choices: the values allowed, or None.
        bounds: the least and the largest number allowed, or None.
        learned: whether another value makes another model.
        shown: whether a finished run has to show something else under
            another value.
        grows: whether a run goes on under a larger value.
        words: dictionary of the words that stand for a number, or None.
        path: for values that are or hold paths, a function of one that
            returns it with absolute ones, such as `flag_paths.absolute`: a run
            knows them again from any working directory.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "choices": choices,
            "bounds": bounds,
            "learned": learned,
            "shown": shown,
            "grows": grows,
            "words": words,
            "path": path,
        },
    )


def setting(default: typing.Any, help: str, **more: typing.Any) -> typing.Any:
    """Return a field that leaves what is learned as it is."""
    return option(default, help, learned=False, **more)


def resolved(config_class: typing.Any, flags: dict) -> dict:
    """Return flags with the paths in their values absolute.

    Args:
        config_class: the dataclass of `option`s that they are fields of.
        flags: a dictionary; what is no field of it stays.

    >>> from kerasnotes.training.run import config
    >>> resolved(config.RunConfig, {"data_dir": "/tmp/../sets", "seed": 1})
    {'data_dir': '/sets', 'seed': 1}
    """
    fields = config_class.__dataclass_fields__
    return {
        name: fields[name].metadata["path"](value)
        if isinstance(value, str) and of_path(fields.get(name))
        else value
        for name, value in flags.items()
    }


def of_path(field: dataclasses.Field | None) -> bool:
    """Return whether values of a field, or None, are or hold paths."""
    return bool(field and field.metadata["path"])


def check_bounds(config: typing.Any) -> None:
    """Refuses numbers that no run can use.

    Args:
        config: a dataclass of `option`s.

    Raises:
        UserError: a number is infinite or out of its bounds.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise errors.UserError(
                f"--{field.name}: must be finite. Received: {value}"
            )
        bounds = field.metadata["bounds"]
        if bounds and value is not None:
            least, most = bounds
            if not least <= value <= most:
                raise errors.UserError(
                    f"--{field.name}: must be from {least:g} to "
                    f"{most:g}. Received: {value}"
                )
