"""One warp for all the geometry of a picture, and of what lies on it."""

from kerasnotes.data.warping.batches import apply
from kerasnotes.data.warping.geometry import Geometry, compose
from kerasnotes.data.warping.warp import Warps, backend

__all__ = ["Geometry", "Warps", "apply", "backend", "compose"]
