"""What is wrong with a model, a run or a data set, and what to try.

The modules load when they are first named:

>>> from kerasnotes import diagnosis
>>> diagnosis.selection.Selection("f1", "recall_min>=0.9").optimize
'f1'
"""

import importlib

_MODULES = frozenset(
    {
        "advice",
        "blame",
        "calibration",
        "comparison",
        "components",
        "detection_errors",
        "error_analysis",
        "gradient_check",
        "human_level",
        "intervals",
        "label_errors",
        "learning_curves",
        "selection",
        "thresholds",
    }
)


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"kerasnotes.diagnosis.{name}")
    raise AttributeError(
        f"module 'kerasnotes.diagnosis' has no attribute {name!r}"
    )
