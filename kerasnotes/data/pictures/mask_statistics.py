"""What pictures with masks are like, before anything is learned of them."""

import dataclasses

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import mask_sizes


@dataclasses.dataclass(frozen=True)
class MaskStatistics:
    """What the masks of some pictures are like.

    Attributes:
        pictures: how many pictures there are.
        pixels: dictionary of class name to its number of pixels, the
            frequent ones first, at the size that the model is given.
        class_pictures: dictionary of class name to the number of pictures
            that have it.
        ignored: how many pixels count nothing.

    >>> for line in MaskStatistics(
    ...     2, {"background": 90, "cell": 6}, {"background": 2, "cell": 1}, 4
    ... ).lines():
    ...     print(line)
    2 pictures; 4.0 % of their pixels are ignored
    background: 93.75 % of the pixels that count, in 2 pictures
    cell: 6.25 % of the pixels that count, in 1 picture
    """

    pictures: int
    pixels: dict
    class_pictures: dict
    ignored: int

    @property
    def shares(self):
        """Each class's share of the pixels that count, a dictionary."""
        total = max(sum(self.pixels.values()), 1)
        return {name: count / total for name, count in self.pixels.items()}

    def lines(self):
        """Return what is to be told before training, line by line."""
        total = max(sum(self.pixels.values()) + self.ignored, 1)
        line = _count(self.pictures)
        if self.ignored:
            share = _percent(self.ignored / total, 1)
            line += f"; {share} % of their pixels are ignored"
        return [
            line,
            *(
                f"{name}: {_percent(share, 2)} % of the pixels that count, in "
                f"{_count(self.class_pictures[name])}"
                for name, share in self.shares.items()
            ),
        ]


def statistics(examples, indices=None):
    """Return the `MaskStatistics` of some pictures.

    Args:
        examples: the `MaskExamples`.
        indices: which of them: the training set; None for all.
    """
    indices = np.arange(len(examples.ids)) if indices is None else indices
    counts = examples.pixels[np.asarray(indices, np.int64)]
    names = examples.class_names
    numbers = counts[:, : len(names)]
    order = np.argsort(-numbers.sum(0), kind="stable")
    return MaskStatistics(
        len(counts),
        {names[i]: int(numbers[:, i].sum()) for i in order},
        {names[i]: int((numbers[:, i] > 0).sum()) for i in order},
        int(counts[:, mask_sizes.IGNORED].sum()),
    )


def _count(number):
    return f"{number:,} {errors.plural('picture', number)}"


def _percent(share, places):
    """Return a share in percent; of something, never 0.

    >>> _percent(0.1234, 1), _percent(1e-9, 2)
    ('12.3', 'under 0.01')
    """
    least = 10.0**-places
    if 0 < 100 * share < least:
        return f"under {least:.{places}f}"
    return f"{100 * share:.{places}f}"
