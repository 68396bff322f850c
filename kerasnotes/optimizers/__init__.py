"""Optimisers, learning-rate schedules, initialisers and regularisers."""

from kerasnotes.optimizers import initializers, regularizers, schedules
from kerasnotes.optimizers.averages import exponential_average
from kerasnotes.optimizers.descent import (
    NotesAdam,
    NotesMomentum,
    NotesRMSprop,
    get,
    names,
)

__all__ = [
    "NotesAdam",
    "NotesMomentum",
    "NotesRMSprop",
    "exponential_average",
    "get",
    "initializers",
    "names",
    "regularizers",
    "schedules",
]


def __dir__():
    return __all__
