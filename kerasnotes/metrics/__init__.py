"""Metrics: how good a model's answers are."""

from kerasnotes.metrics.classification import (
    ClassificationMetrics,
    DecidedAccuracy,
    classification_report,
    decide,
)
from kerasnotes.metrics.multilabel import (
    MultilabelAccuracy,
    MultilabelMetrics,
    multilabel_report,
)
from kerasnotes.metrics.sequences import SequenceAccuracy, TokenAccuracy
from kerasnotes.metrics.translation import Bleu, bleu, sentence_bleu

__all__ = [
    "Bleu",
    "ClassificationMetrics",
    "DecidedAccuracy",
    "MultilabelAccuracy",
    "MultilabelMetrics",
    "SequenceAccuracy",
    "TokenAccuracy",
    "bleu",
    "classification_report",
    "decide",
    "multilabel_report",
    "sentence_bleu",
]


def __dir__():
    return __all__
