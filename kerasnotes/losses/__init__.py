"""Losses: importing them registers them, so that compiled models reload."""

from kerasnotes.losses.crossentropy import Crossentropy
from kerasnotes.losses.localization import (
    LocalizationLoss,
    LocalizationSquaredError,
)
from kerasnotes.losses.masked import MaskedBinaryCrossentropy

__all__ = [
    "Crossentropy",
    "LocalizationLoss",
    "LocalizationSquaredError",
    "MaskedBinaryCrossentropy",
]


def __dir__():
    return __all__
