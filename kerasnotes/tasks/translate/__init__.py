"""Translation from text to text."""

from kerasnotes.tasks.translate.config import Config
from kerasnotes.tasks.translate.task import Translate

__all__ = ["Config", "Translate"]
