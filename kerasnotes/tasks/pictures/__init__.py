"""What tasks on pictures share."""

from kerasnotes.tasks.pictures.task import MODELS, Config, PictureTask

__all__ = ["MODELS", "Config", "PictureTask"]
