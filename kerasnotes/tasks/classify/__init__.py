"""Classification of pictures."""

from kerasnotes.tasks.classify.task import Classify, Config

__all__ = ["Classify", "Config"]
