"""Metrics: how good a model's answers are."""

from kerasnotes.metrics.classification import (
    ClassificationMetrics,
    classification_report,
)
from kerasnotes.metrics.multilabel import MultilabelMetrics, multilabel_report

__all__ = [
    "ClassificationMetrics",
    "MultilabelMetrics",
    "classification_report",
    "multilabel_report",
]
