"""Errors that are the user's to mend, and the words for them."""

import difflib
import importlib
import unicodedata

_LISTED = 12
_LONGEST = 2000
# Control and format characters, lone surrogates, ends of lines.
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


class UserError(ValueError):
    """What the user can mend: one line that says what, and the way out.

    Trainers print the message without a traceback and exit with status 1.

    Args:
        message: the line; what of it can't be printed is escaped, and the
            middle of more than 2,000 characters left out.
    """

    def __init__(self, message):
        if len(message) > _LONGEST:
            half = _LONGEST // 2
            message = f"{message[:half]} … {message[-half:]}"
        super().__init__(printable(message))


class Diverged(UserError):
    """The loss is no number any more."""


class Preempted(BaseException):
    """The process was asked to end, and what needs it has been saved.

    As with `KeyboardInterrupt`, no handler of errors is to take it for one.
    """


def printable(text):
    r"""Returns a text as one line that any terminal and file can take.

    >>> print(printable("two\nlines\udcff"))
    two\nlines\udcff
    """
    return "".join(
        c.encode("unicode_escape").decode()
        if unicodedata.category(c) in _UNPRINTABLE
        else c
        for c in str(text)
    )


def unknown(kind, name, names):
    """Returns the error for a name that is none of the known ones.

    Args:
        kind: what is named, as the user knows it: `"--model"`.
        name: the name received.
        names: the valid names.

    >>> print(unknown("--model", "lenet", ["lenet5", "mlp"]))
    --model: unknown 'lenet'; did you mean 'lenet5'? Valid: lenet5, mlp
    """
    names = sorted(set(names))
    near = difflib.get_close_matches(str(name), names, n=2, cutoff=0.5)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    if names and (not near or len(names) <= _LISTED):
        hint += f" Valid: {', '.join(names)}"
    return UserError(f"{kind}: unknown {name!r}{hint}")


def optional_import(purpose, module, extra, otherwise=None):
    """Imports a module of a package that not every user has installed.

    Args:
        purpose: what needs it, as the user knows it: `"--export=onnx"`.
        module: the dotted name of the module.
        extra: the extra of this package that installs it.
        otherwise: what the user can do without it, after "or".

    Returns:
        The module.

    Raises:
        UserError: it is not installed.

    >>> optional_import("the logarithm", "math", "onnx").log(1.0)
    0.0
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        way = f", or {otherwise}" if otherwise else ""
        raise UserError(
            f"{purpose}: needs {module.partition('.')[0]}, which is not "
            f"installed; pip install 'kerasnotes[{extra}]'{way}"
        ) from error
