"""Losses: importing them registers them, so that compiled models reload."""

from kerasnotes.losses.crossentropy import Crossentropy
from kerasnotes.losses.localization import (
    LocalizationLoss,
    LocalizationSquaredError,
)
from kerasnotes.losses.masked import MaskedBinaryCrossentropy
from kerasnotes.losses.masks import MaskLoss
from kerasnotes.losses.region_proposals import RegionProposalLoss
from kerasnotes.losses.regions import RegionLoss
from kerasnotes.losses.segmentation import SegmentationLoss
from kerasnotes.losses.yolo import YoloLoss

__all__ = [
    "Crossentropy",
    "LocalizationLoss",
    "LocalizationSquaredError",
    "MaskLoss",
    "MaskedBinaryCrossentropy",
    "RegionLoss",
    "RegionProposalLoss",
    "SegmentationLoss",
    "YoloLoss",
]


def __dir__():
    return __all__
