"""Losses: importing them registers them, so that compiled models reload."""

from kerasnotes.losses.crossentropy import Crossentropy
from kerasnotes.losses.masked import MaskedBinaryCrossentropy

__all__ = ["Crossentropy", "MaskedBinaryCrossentropy"]


def __dir__():
    return __all__
