"""What the tasks on pictures with boxes share."""

from kerasnotes.tasks.boxes.config import Config
from kerasnotes.tasks.boxes.task import BoxTask

__all__ = ["BoxTask", "Config"]
