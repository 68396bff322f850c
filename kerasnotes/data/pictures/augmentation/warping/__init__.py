"""One warp for all the geometry of a picture, and of what lies on it."""

from kerasnotes.data.pictures.augmentation.warping.batches import apply
from kerasnotes.data.pictures.augmentation.warping.geometry import (
    Geometry,
    compose,
)
from kerasnotes.data.pictures.augmentation.warping.move import Move
from kerasnotes.data.pictures.augmentation.warping.warp import (
    Warps,
    backend,
    picture_fill,
)

__all__ = [
    "Geometry",
    "Move",
    "Warps",
    "apply",
    "backend",
    "compose",
    "picture_fill",
]
