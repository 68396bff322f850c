"""Losses: what training makes small."""

from kerasnotes.losses.masked import MaskedBinaryCrossentropy

__all__ = ["MaskedBinaryCrossentropy"]
