"""One object a picture, or none: its box, class and landmarks."""

from kerasnotes.tasks.localize.config import Config
from kerasnotes.tasks.localize.task import Localize

__all__ = ["Config", "Localize"]
