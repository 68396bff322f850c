"""Detection: all objects of a picture."""

from kerasnotes.tasks.detect.config import Config
from kerasnotes.tasks.detect.task import Detect

__all__ = ["Config", "Detect"]
