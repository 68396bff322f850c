"""Regression from tables."""

from kerasnotes.tasks.regress.config import Config
from kerasnotes.tasks.regress.task import Regress

__all__ = ["Config", "Regress"]
