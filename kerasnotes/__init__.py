"""Every system of the five-course deep-learning curriculum, on Keras 3.

The subpackages load when they are first named, so that importing kerasnotes
costs nothing:

>>> import kerasnotes
>>> "lenet5" in kerasnotes.models.names()
True
"""

import importlib

__version__ = "0.1.0"

_SUBPACKAGES = frozenset(
    {
        "catalog",
        "data",
        "decoding",
        "diagnosis",
        "layers",
        "losses",
        "metrics",
        "models",
        "ops",
        "optimizers",
        "plots",
        "tasks",
        "testing",
        "tools",
        "training",
    }
)


def __getattr__(name):
    if name in _SUBPACKAGES:
        return importlib.import_module(f"kerasnotes.{name}")
    raise AttributeError(f"module 'kerasnotes' has no attribute {name!r}")


def __dir__():
    return sorted(_SUBPACKAGES | set(globals()))
