"""Pictures with the class of each of their pixels."""

import collections
import dataclasses
import functools

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import examples, mask_sizes

MOST_CLASSES = 255
"""The classes that a mask of bytes has room for, beside what is ignored."""
# A combination of classes that fewer pictures have goes with its rarest.
_FEWEST = 10


@dataclasses.dataclass(frozen=True)
class MaskExamples(examples.Examples):
    """Pictures with masks: of each pixel its class, or that it is ignored.

    Attributes:
        images: as `Examples.images`.
        labels: the masks, uint8 `[n, height, width]`: the number of the class
            of each pixel, and `mask_sizes.IGNORED` (255) where it doesn't
            count.
        ids: as `Examples.ids`.
        class_names: the name of each class.
        official: as `Examples.official`.
        skipped: as `Examples.skipped`, with what is wrong with masks.
        sizes: height and width of the pictures as they were shown before
            they were resized, int32 `[n, 2]`.
        mode: how they were resized, see `decode.resize`.
        colours: the colour of each class, red, green and blue; None for
            those that `plots` chooses.
        notes: lines on what was read, decided and skipped.

    Raises:
        UserError: there is no picture, or all pixels are of one class.
        ValueError: arrays that don't fit together, or a class without a
            name.

    >>> examples = MaskExamples(
    ...     np.zeros((2, 1, 2, 1), "uint8"), [[[0, 1]], [[0, 255]]],
    ...     ["a", "b"], ["background", "cell"])
    >>> examples.strata.tolist(), examples.sizes.tolist()
    ([1, 0], [[1, 2], [1, 2]])
    """

    sizes: np.ndarray | None = None
    mode: str = "stretch"
    colours: list | None = None
    notes: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        if not len(self.ids):
            raise errors.UserError(
                f"--dataset: no picture could be read: {self._left_out()}"
            )
        self._set("labels", np.asarray(self.labels, np.uint8))
        if self.sizes is None:
            self._set("sizes", [self.images.shape[1:3]] * len(self.ids))
        self._set("sizes", np.asarray(self.sizes, np.int32).reshape(-1, 2))
        self._check_labels()

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    def _check_labels(self):
        shapes = {
            "images": tuple(self.images.shape[:3]),
            "labels": self.labels.shape,
            "ids": len(self.ids),
            "sizes": len(self.sizes),
        }
        if shapes["images"] != shapes["labels"] or {
            len(self.ids), len(self.sizes)
        } != {len(self.labels)}:  # fmt: skip
            raise ValueError(
                "`labels` are a mask for each picture, of its size, and `ids` "
                f"and `sizes` have a row for each. Received: {shapes}"
            )
        known = len(self.class_names)
        if not 1 < known <= MOST_CLASSES:
            raise errors.UserError(
                f"--dataset: {known} {errors.plural('class', known)} "
                f"({errors.enumeration(self.class_names[:5])}); masks have 2 "
                f"to {MOST_CLASSES}"
            )
        pixels = self.pixels.sum(0)
        if not pixels[: mask_sizes.IGNORED].any():
            raise errors.UserError("--dataset: no pixel of any mask counts")
        if pixels[known : mask_sizes.IGNORED].any():
            value = known + int(np.argmax(pixels[known:] > 0))
            raise ValueError(
                f"`labels` lie between 0 and {known - 1}, or are "
                f"{mask_sizes.IGNORED}. Received: {value}"
            )
        (present,) = np.nonzero(pixels[:known])
        if len(present) < 2:
            raise errors.UserError(
                "--dataset: all pixels are of one class, "
                f"{self.class_names[present[0]]!r}; nothing can be learned "
                f"({self._left_out()})"
            )

    @functools.cached_property
    def pixels(self):
        """How many pixels of each picture have each value, `[n, 256]`."""
        return np.stack(
            [np.bincount(mask.ravel(), minlength=256) for mask in self.labels]
        )

    @property
    def strata(self):
        """The stratum of each picture, by the classes that it has, `[n]`.

        Each combination of classes that ten pictures have is one; pictures of
        a rarer one go with the rarest class in it.
        """
        return strata(self.pixels[:, : len(self.class_names)] > 0)


def strata(present):
    """Return the stratum of each picture, see `MaskExamples.strata`.

    Args:
        present: whether each picture has each class, bool `[n, classes]`.

    >>> strata(np.array([[True, False], [True, True], [True, False]])).tolist()
    [0, 1, 0]
    """
    rows = [tuple(np.flatnonzero(row)) for row in present]
    pictures, combinations = present.sum(0), collections.Counter(rows)

    def stratum(row):
        if not row or combinations[row] >= _FEWEST:
            return row
        return (min(row, key=lambda label: (pictures[label], label)),)

    chosen = list(map(stratum, rows))
    numbers = {key: i for i, key in enumerate(sorted(set(chosen)))}
    return np.array([numbers[key] for key in chosen], np.int64)
