"""A folder each learning problem: its Config and its Task."""

import importlib

from kerasnotes import catalog


def names():
    """Return the name of every task."""
    return sorted(catalog.TASKS)


def get(name):
    """Return the `Task` class of that name.

    Raises:
        UserError: there is none.

    >>> get("classify").name
    'classify'
    """
    spec = catalog.task(name)
    module = importlib.import_module(f"kerasnotes.tasks.{spec.module}")
    return getattr(module, spec.attribute)
