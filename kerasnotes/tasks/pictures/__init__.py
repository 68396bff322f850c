"""What tasks on pictures share."""

from kerasnotes.tasks.pictures.config import MODELS, POLICIES, Config, absolute
from kerasnotes.tasks.pictures.task import PictureTask

__all__ = ["MODELS", "POLICIES", "Config", "PictureTask", "absolute"]
