"""Pictures in, the class of each of their pixels out."""

from kerasnotes.tasks.segment.config import Config
from kerasnotes.tasks.segment.task import Segment

__all__ = ["Config", "Segment"]
