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

__all__ = [
    "ClassificationMetrics",
    "DecidedAccuracy",
    "MultilabelAccuracy",
    "MultilabelMetrics",
    "classification_report",
    "decide",
    "multilabel_report",
]
