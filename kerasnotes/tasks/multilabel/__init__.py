"""Several yes-or-no labels a picture."""

from kerasnotes.tasks.multilabel.task import Config, Multilabel

__all__ = ["Config", "Multilabel"]
