"""Several yes-or-no labels a picture."""

from kerasnotes.tasks.multilabel.config import Config
from kerasnotes.tasks.multilabel.task import Multilabel

__all__ = ["Config", "Multilabel"]
