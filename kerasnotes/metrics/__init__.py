"""Metrics: how good a model's answers are."""

from kerasnotes.metrics.classification import (
    ClassificationMetrics,
    classification_report,
)

__all__ = ["ClassificationMetrics", "classification_report"]
