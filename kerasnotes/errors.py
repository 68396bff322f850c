"""Errors that are the user's to mend, and the words for them."""

import difflib

_LISTED = 12


class UserError(ValueError):
    """What the user can mend: one line that says what, and the way out.

    Trainers print the message without a traceback and exit with status 1.
    """


class Diverged(UserError):
    """The loss is no number any more."""


class Preempted(Exception):
    """The process was asked to end, and has saved its state."""


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
