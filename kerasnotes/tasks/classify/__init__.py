"""Classification of pictures."""

from kerasnotes.tasks.classify.config import Config
from kerasnotes.tasks.classify.task import Classify

__all__ = ["Classify", "Config"]
