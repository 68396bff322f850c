"""One file a learning problem: its Config and its Task."""

import importlib

from kerasnotes import errors

_TASKS = {
    "classify": "classify.Classify",
    "multilabel": "multilabel.Multilabel",
    "regress": "regress.Regress",
    "translate": "translate.Translate",
}


def names():
    """Returns the name of every task."""
    return sorted(_TASKS)


def get(name):
    """Returns the `Task` class of that name.

    Raises:
        UserError: there is none.

    >>> get("classify").name
    'classify'
    """
    if name not in _TASKS:
        raise errors.unknown("task", name, _TASKS)
    module, found = _TASKS[name].split(".")
    return getattr(importlib.import_module(f"kerasnotes.tasks.{module}"), found)
