"""Metrics: how good a model's answers are."""

from kerasnotes.metrics.boundaries import boundary_report
from kerasnotes.metrics.classification import (
    ClassificationMetrics,
    DecidedAccuracy,
    classification_report,
    decide,
)
from kerasnotes.metrics.components import Instances, connected_components
from kerasnotes.metrics.detection import detection_report, mask_report
from kerasnotes.metrics.instances import instance_report
from kerasnotes.metrics.localization import (
    box_report,
    landmark_report,
)
from kerasnotes.metrics.matching import (
    Curve,
    Matches,
    detection_matches,
    precision_recall,
)
from kerasnotes.metrics.multilabel import (
    MultilabelAccuracy,
    MultilabelMetrics,
    multilabel_report,
)
from kerasnotes.metrics.one_object import LocalizationMetrics
from kerasnotes.metrics.pixel_rates import (
    segmentation_confusion,
    segmentation_report,
)
from kerasnotes.metrics.proposals import proposal_recall
from kerasnotes.metrics.segmentation import SegmentationMetrics
from kerasnotes.metrics.sequences import SequenceAccuracy, TokenAccuracy
from kerasnotes.metrics.translation import Bleu, bleu, sentence_bleu

__all__ = [
    "Bleu",
    "ClassificationMetrics",
    "Curve",
    "DecidedAccuracy",
    "Instances",
    "LocalizationMetrics",
    "Matches",
    "MultilabelAccuracy",
    "MultilabelMetrics",
    "SegmentationMetrics",
    "SequenceAccuracy",
    "TokenAccuracy",
    "bleu",
    "boundary_report",
    "box_report",
    "classification_report",
    "connected_components",
    "decide",
    "detection_matches",
    "detection_report",
    "instance_report",
    "landmark_report",
    "mask_report",
    "multilabel_report",
    "precision_recall",
    "proposal_recall",
    "segmentation_confusion",
    "segmentation_report",
    "sentence_bleu",
]


def __dir__():
    return __all__
