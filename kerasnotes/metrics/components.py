"""Single objects from maps of classes."""

import dataclasses

import numpy as np
from scipy import ndimage

from kerasnotes.ops import pixel_labels as pixels


@dataclasses.dataclass(frozen=True)
class Instances:
    """The objects of a picture, of which each pixel has one at most.

    Attributes:
        ids: int32 `(height, width)`: the number of the object from 1 on, 0
            where there is none, -1 where nothing is known.
        labels: `(n,)`, the class of each object.
        scores: `(n,)`, how sure each is.
    """

    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def areas(self):
        """Return the pixels of each object, `(n,)`."""
        counts = np.bincount(self.ids[self.ids > 0], minlength=len(self) + 1)
        return counts[1:]

    def __len__(self):
        return len(self.labels)


def connected_components(
    labels,
    probabilities=None,
    things=None,
    connectivity=4,
    min_area=1,
    ignore=-1,
):
    """Return the regions of a map of classes as objects.

    A region are the pixels of a class that are joined by neighbours of the
    same class. Objects of a class that touch are one.

    Args:
        labels: the class of each pixel, `(height, width)`.
        probabilities: of the classes, `(height, width, C)`, of which a
            region's score is the mean of its class over its pixels; without
            them every score is 1.
        things: the classes of which regions are objects; None for all but 0,
            the background.
        connectivity: 4, neighbours above, below, left and right, or 8, those
            across corners too.
        min_area: the least pixels of an object; smaller regions are none.
        ignore: the label of pixels whose class isn't known.

    Returns:
        The `Instances`, by class and then in the order of their first pixels.

    Raises:
        ValueError: an argument is none of these, or a shape doesn't fit.

    >>> labels = np.array([[1, 1, 0, 2], [0, 0, 0, 2], [1, 0, 0, -1]])
    >>> objects = connected_components(labels)
    >>> objects.ids
    array([[ 1,  1,  0,  3],
           [ 0,  0,  0,  3],
           [ 2,  0,  0, -1]], dtype=int32)
    >>> objects.labels, objects.areas()
    (array([1, 1, 2]), array([2, 1, 2]))
    """
    labels = np.asarray(labels)
    pixels.require(
        "labels", labels.ndim == 2, "be (height, width)", labels.shape
    )
    pixels.require(
        "connectivity", connectivity in (4, 8), "be 4 or 8", connectivity
    )
    if probabilities is not None:
        probabilities = np.asarray(probabilities)
        pixels.require(
            "probabilities",
            probabilities.ndim == 3 and probabilities.shape[:2] == labels.shape,
            f"have the shape {labels.shape} and an axis of classes",
            probabilities.shape,
        )
    if things is None:
        things = [c for c in np.unique(labels) if c not in (0, ignore)]
    ids = np.where(labels == ignore, -1, 0).astype(np.int32)
    rows = []
    for label in things:
        for region, mask in _regions(labels == label, connectivity, min_area):
            score = 1.0
            if probabilities is not None:
                score = float(np.mean(probabilities[region][mask][:, label]))
            rows.append((label, score))
            ids[region][mask] = len(rows)
    table = np.array(rows, np.float64).reshape(-1, 2)
    return Instances(ids, table[:, 0].astype(np.int64), table[:, 1])


def _regions(mask, connectivity, min_area):
    """Yield each region's box as slices, and its pixels there."""
    structure = ndimage.generate_binary_structure(2, connectivity // 4)
    numbers, _ = ndimage.label(mask, structure)
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        inside = numbers[box] == number
        if inside.sum() >= min_area:
            yield box, inside
