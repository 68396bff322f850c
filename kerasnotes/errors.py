"""Errors that are the user's to mend, and the words for them."""

import contextlib
import difflib
import importlib
import unicodedata
import weakref

_LISTED = 12
_LONGEST = 2000
# The share of letters in common: three of 'toto' are in 'photos', 0.6.
_ALIKE = 0.65
# Control and format characters, lone surrogates, ends of lines.
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_explaining = weakref.WeakSet()


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


class ArgumentError(ValueError):
    """An argument that a component refuses.

    Components know no flags. Where one is called for a command line,
    `as_flags` makes a `UserError` of this.

    Args:
        argument: the argument's name.
        message: one line, in which the name stands in backquotes.
    """

    def __init__(self, argument, message):
        super().__init__(message)
        self.argument = argument


class Diverged(UserError):
    """The loss is no number any more."""


class Preempted(BaseException):
    """The process was asked to end, and what needs it has been saved.

    As with `KeyboardInterrupt`, no handler of errors is to take it for one.
    """


def explain_by(source):
    """Register what can explain errors that surface far from it.

    A file that can't be decoded shows while a model trains, as an error of
    TensorFlow's that names none.

    Args:
        source: has `explain(error)`, which returns a `UserError` or None; it
            is forgotten with its last reference.
    """
    _explaining.add(source)


def explained(error):
    """Return the `UserError` behind an error, or None where nobody knows.

    >>> explained(KeyError("x"))
    """
    answers = (source.explain(error) for source in list(_explaining))
    return next(filter(None, answers), None)


def printable(text):
    r"""Return a text as one line that any terminal and file can take.

    >>> print(printable("two\nlines\udcff"))
    two\nlines\udcff
    """
    return "".join(
        c.encode("unicode_escape").decode()
        if unicodedata.category(c) in _UNPRINTABLE
        else c
        for c in str(text)
    )


def plural(word, number=2):
    """Return a noun for so many of it.

    >>> plural("box"), plural("entry"), plural("class", 1)
    ('boxes', 'entries', 'class')
    """
    if number == 1:
        return word
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return word + ("es" if word.endswith(("s", "x")) else "s")


def enumeration(names):
    """Return names in a sentence, of many the first.

    >>> enumeration(["a", "b"]), enumeration(map(str, range(99)))[-14:]
    ('a, b', '11 and 87 more')
    """
    names = list(map(str, names))
    left = len(names) - _LISTED
    rest = f" and {left} more" if left > 0 else ""
    return ", ".join(names[:_LISTED]) + rest


def refusal(subject, message):
    """Return the error for what is refused.

    Args:
        subject: what it is about: a flag, as a `UserError` names it, or an
            argument's name in backquotes, for an `ArgumentError`.
        message: one line that names the subject.

    >>> refusal("`rate`", "`rate` must be positive").argument
    'rate'
    """
    if subject.startswith("`"):
        return ArgumentError(subject.split("`")[1], message)
    return UserError(message)


def did_you_mean(name, names):
    """Return the question for one or two names that resemble another.

    Args:
        name: the name received.
        names: the valid names.

    Returns:
        The question, or "" where none resembles it.

    >>> did_you_mean("lite", ["light", "none"])
    "did you mean 'light'?"
    >>> did_you_mean("photos", ["toto"])
    ''
    """
    near = difflib.get_close_matches(str(name), names, n=2, cutoff=_ALIKE)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def unknown(subject, name, names):
    """Return the error for a name that is none of the known ones.

    Args:
        subject: what is named, see `refusal`.
        name: the name received.
        names: the valid names.

    >>> print(unknown("--model", "lenet", ["lenet5", "mlp"]))
    --model: unknown 'lenet'; did you mean 'lenet5'? Valid: lenet5, mlp
    """
    names = sorted(set(names))
    near = did_you_mean(name, names)
    hint = f"; {near}" if near else "."
    if names and (not near or len(names) <= _LISTED):
        hint += f" Valid: {', '.join(names)}"
    return refusal(subject, f"{subject}: unknown {name!r}{hint}")


def optional_import(purpose, module, extra, otherwise=None):
    """Import a module of a package that not every user has installed.

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


@contextlib.contextmanager
def as_flags(*arguments, default=None, **flags):
    """Turn the arguments that components refuse into a command line's flags.

    Args:
        *arguments: the arguments whose flags have their names.
        default: the flag, with its value, under which all else that is
            refused is told; by default that stays as it is.
        **flags: the flags of other arguments.

    Raises:
        UserError: what the block raised as a `ValueError`.

    >>> with as_flags(rate="--learning_rate"):
    ...     raise refusal("`rate`", "`rate` must be positive")
    Traceback (most recent call last):
    kerasnotes.errors.UserError: --learning_rate must be positive
    """
    flags |= {name: f"--{name}" for name in arguments}
    try:
        yield
    except UserError:
        raise
    except ValueError as error:
        name = getattr(error, "argument", None)
        message = " ".join(str(error).split())
        if name in flags:
            message = message.replace(f"`{name}`", flags[name])
        elif default:
            message = f"{default}: {message}"
        else:
            raise
        raise UserError(message) from error
