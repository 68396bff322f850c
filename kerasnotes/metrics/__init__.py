"""Metrics: how good a model's answers are."""

from kerasnotes.metrics.classification import (
    ClassificationMetrics,
    DecidedAccuracy,
    classification_report,
    decide,
)
from kerasnotes.metrics.multilabel import MultilabelMetrics, multilabel_report

__all__ = [
    "ClassificationMetrics",
    "DecidedAccuracy",
    "MultilabelMetrics",
    "classification_report",
    "decide",
    "multilabel_report",
]
