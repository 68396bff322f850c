"""Flags made from a Config, and a Config made from flags."""

import dataclasses
import sys
import types
import typing

from absl import flags

from kerasnotes import errors

_PARSERS = {
    int: flags.IntegerParser,
    float: flags.FloatParser,
    str: flags.ArgumentParser,
}


class _IntegerOrWord(flags.IntegerParser):
    """Reads integers, and words that stand for some.

    Args:
        words: dictionary of word to number.
    """

    def __init__(self, words):
        super().__init__()
        self._words = words
        self.syntactic_help = f"an integer, or {', '.join(words)}"

    def convert(self, argument):
        try:
            return self._words.get(argument) or super().convert(argument)
        except ValueError as error:
            raise ValueError(f"give {self.syntactic_help}") from error


def define(config_class, values=None):
    """Define one flag for each field of a Config.

    Args:
        config_class: the dataclass.
        values: the `absl.flags.FlagValues` to define in; the global by
            default.
    """
    values = flags.FLAGS if values is None else values
    for field in dataclasses.fields(config_class):
        kind = _type(config_class, field)
        help = field.metadata["help"]
        if field.metadata["choices"]:
            help += f" One of: {', '.join(field.metadata['choices'])}."
        # The program is named as the module, so that --help lists the flag.
        common = {"flag_values": values, "module_name": sys.argv[0]}
        if kind is bool:
            flags.DEFINE_boolean(field.name, field.default, help, **common)
        else:
            words = field.metadata["words"]
            parser = _IntegerOrWord(words) if words else _PARSERS[kind]()
            flags.DEFINE(parser, field.name, field.default, help, **common)


def parse(config_class, argv, values=None):
    """Read the command line.

    Returns:
        `(given, rest)`: the fields that the user named, a dictionary; and
        the arguments that are no flags.

    Raises:
        UserError: an unknown flag, or a value that doesn't fit.
    """
    values = flags.FLAGS if values is None else values
    names = [f.name for f in dataclasses.fields(config_class)]
    try:
        rest = values(argv)[1:]
    except flags.UnrecognizedFlagError as error:
        raise errors.unknown("flag", error.flagname, names) from error
    except flags.Error as error:
        raise errors.UserError(" ".join(str(error).split())) from error
    present = {n: values[n].value for n in names if values[n].present}
    for name in present:
        if present[name] == "":
            raise errors.UserError(f"--{name}=: give a value, or no such flag")
    for field in dataclasses.fields(config_class):
        choices = field.metadata["choices"]
        if field.name in present and choices:
            value = present[field.name]
            if value not in choices:
                raise errors.unknown(f"--{field.name}", value, choices)
    return present, rest


def command(program, values, rest=()):
    """Return the command line that gives these fields.

    >>> command("trainers.classify", {"epochs": 9, "overwrite": True})
    'python -m trainers.classify --epochs=9 --overwrite'
    """
    import shlex

    words = ["python", "-m", program]
    for name, value in values.items():
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no{name}")
        elif value is not None:
            words.append(f"--{name}={value}")
    return shlex.join([*words, *rest])


def fits(config_class, field, value):
    """Return whether a field of a Config takes a value.

    >>> from kerasnotes.training.run import config
    >>> epochs = config.FitConfig.__dataclass_fields__["epochs"]
    >>> values = 3, 3.5, True, None
    >>> [fits(config.FitConfig, epochs, value) for value in values]
    [True, False, False, False]
    """
    if value is None:
        return field.default is None
    kind = _type(config_class, field)
    kinds = {int, float} if kind is float else {kind}
    if type(value) not in kinds:
        return False
    choices = field.metadata["choices"]
    return not choices or value in choices


def _type(config_class, field):
    """Return int, float, str or bool, also of an optional field."""
    kind = typing.get_type_hints(config_class)[field.name]
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    return kind
