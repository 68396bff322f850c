"""Boxes in which an object may lie, by selective search."""

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures.proposals import (
    colours,
    graph_segmentation,
    hierarchy,
    regions,
)

VERSION = 1
"""Counts up with each change of what `propose` returns."""
MIN_SIDE = 4
SPACES = (colours.hsv, colours.lab)
SCALES = (50, 100)
MEASURES = (hierarchy.MEASURES, hierarchy.MEASURES[1:])
OVERLAP = 0.8
# The likenesses of a segmentation's regions are a table of them all.
_REGIONS = 2048


def propose(picture, number=300, seed=0):
    """Return boxes of regions that may be objects, the best first.

    Selective search in its fast mode: in two colour spaces, HSV and L*a*b*,
    and at two scales, 50 and 100, the picture is segmented into regions of
    at least as many pixels, which are merged in two ways, see
    `hierarchy.boxes`: by colour, texture, size and fill, and by the last
    three. That gives eight hierarchies. Their boxes are sorted by the place
    in the hierarchy, from 1 at its top, times a random number from 0 to 1.

    Unlike in the paper a box that overlaps an earlier one by an IoU above 0.8
    is left out, not only its exact double, so that a small number holds
    different ones; so is one with a side below four pixels, or below the
    picture's.

    Args:
        picture: 0–255, of any number type, `[h, w, 1]` or `[h, w, 3]` as RGB.
        number: how many boxes at most.
        seed: of the random numbers.

    Returns:
        float32 `[k, 4]`, `xyxy` in pixels of the picture, at least one. For
        the same arguments they are always the same; of fewer the first.

    Raises:
        ValueError: the picture has another shape, no pixel, or values that
            are no numbers or not from 0 to 255; `number` is below 1, or the
            seed below 0.

    Source: Uijlings et al., Selective search for object recognition (2013).

    >>> picture = np.zeros([40, 60, 3], "uint8")
    >>> picture[10:30, 20:50] = 200
    >>> [20.0, 10.0, 50.0, 30.0] in propose(picture).tolist()
    True
    """
    picture = _checked(picture)
    _require_count("number", number, 1)
    _require_count("seed", seed, 0)
    parts = _hierarchies(picture)
    boxes = np.concatenate(parts)
    places = np.concatenate([np.arange(1, len(part) + 1) for part in parts])
    rank = places * np.random.default_rng(seed).random(len(places))
    boxes = boxes[np.argsort(rank, kind="stable")]
    height, width = picture.shape[:2]
    least = np.minimum([width, height], MIN_SIDE)
    boxes = boxes[(boxes[:, 2:] - boxes[:, :2] >= least).all(1)]
    return _different(boxes.astype(np.float32), number)


def _checked(picture):
    """Return the picture with three channels."""
    picture = np.asarray(picture)
    if (
        picture.ndim != 3
        or picture.shape[-1] not in (1, 3)
        or not picture.size
        or picture.dtype.kind not in "uif"
    ):
        raise errors.refusal(
            "`picture`",
            "`picture` must be numbers of shape (height, width, 1 or 3). "
            f"Received: {picture.dtype} {picture.shape}",
        )
    low, high = picture.min(), picture.max()
    # NaN is neither.
    if not (low >= 0 and high <= 255):
        raise errors.refusal(
            "`picture`",
            f"`picture` must be from 0 to 255. Received: {low} to {high}",
        )
    return np.broadcast_to(picture, (*picture.shape[:2], 3))


def _require_count(name, value, least):
    if isinstance(value, bool) or int(value) != value or value < least:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must be a whole number, at least {least}. "
            f"Received: {name}={value}",
        )


def _hierarchies(picture):
    """Return the boxes of each hierarchy, from its top."""
    parts = []
    least = picture.shape[0] * picture.shape[1] // _REGIONS
    for space in SPACES:
        image = space(picture)
        graph = graph_segmentation.PixelGraph(graph_segmentation.smooth(image))
        appearance = regions.Appearance(image)
        for scale in SCALES:
            labels = graph.segments(scale, max(scale, least))
            histograms = appearance.histograms(labels)
            parts += [
                hierarchy.boxes(labels, histograms, measures)
                for measures in MEASURES
            ]
    return parts


def _different(boxes, number):
    """Return the first boxes that overlap none before them."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left = np.ones(len(boxes), bool)
    rows = []
    for row in range(len(boxes)):
        if len(rows) == number:
            break
        if not left[row]:
            continue
        rows.append(row)
        low = np.maximum(boxes[row, :2], boxes[:, :2])
        high = np.minimum(boxes[row, 2:], boxes[:, 2:])
        common = np.maximum(high - low, 0).prod(1)
        left &= common <= OVERLAP * (areas[row] + areas - common)
    return boxes[rows]
