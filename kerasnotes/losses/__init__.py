"""Losses: what training makes small."""

from kerasnotes.losses.crossentropy import Crossentropy
from kerasnotes.losses.masked import MaskedBinaryCrossentropy

__all__ = ["Crossentropy", "MaskedBinaryCrossentropy"]
