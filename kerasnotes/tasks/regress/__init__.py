"""Regression from tables."""

from kerasnotes.tasks.regress.task import Config, Regress

__all__ = ["Config", "Regress"]
