"""What pictures with boxes are like, before anything is learned of them."""

import dataclasses

import numpy as np

from kerasnotes import errors

TINY = 4.0
"""The least side, in pixels, of which a network may see anything."""


@dataclasses.dataclass(frozen=True)
class BoxStatistics:
    """What the boxes of some pictures are like.

    Attributes:
        pictures: how many pictures there are.
        background: how many of them have no object.
        classes: dictionary of class name to its number of boxes, the
            frequent ones first.
        class_pictures: dictionary of class name to the number of pictures
            that have it.
        counts: the boxes of each picture that has any, `[m]`.
        sides: width and height of each box, in pixels of the pictures as
            they are given to the network, `[boxes, 2]`.
        difficult: how many boxes don't count, crowds included.
        size: height and width of the pictures.

    >>> two = BoxStatistics(2, 1, {"cell": 1}, {"cell": 1}, np.array([1]),
    ...                     np.array([[3.0, 9]]), 0, (64, 64))
    >>> for line in two.lines():
    ...     print(line)
    2 pictures, of which 1 is background; 1 box, 1 a picture
    cell: 1 box on 1 picture
    sides at 64×64: 3 to 9 pixels (median 6); width / height: 0.33 to 0.33
    1 box has a side under 4 pixels; a larger --image_size shows more of it
    """

    pictures: int
    background: int
    classes: dict
    class_pictures: dict
    counts: np.ndarray
    sides: np.ndarray
    difficult: int
    size: tuple

    @property
    def tiny(self):
        """How many boxes have a side under `TINY` pixels."""
        return int((self.sides.min(1, initial=np.inf) < TINY).sum())

    def lines(self):
        """Return what is to be told before training, line by line."""
        if not len(self.sides):
            return [f"{_count(self.pictures, 'picture')}, all background"]
        low, middle, high = _spread(self.counts)
        each = f"{low:.0f} a picture"
        if high > low:
            each = f"{low:.0f} to {high:.0f} a picture (median {middle:.0f})"
        word = "is" if self.background == 1 else "are"
        lines = [
            f"{_count(self.pictures, 'picture')}, of which "
            f"{self.background:,} {word} background; "
            f"{_count(len(self.sides), 'box')}, {each}"
        ]
        lines += [
            f"{name}: {_count(number, 'box')} on "
            f"{_count(self.class_pictures[name], 'picture')}"
            for name, number in self.classes.items()
        ]
        height, width = self.size
        low, middle, high = _spread(self.sides)
        shapes = _spread(self.sides[:, 0] / self.sides[:, 1])
        lines.append(
            f"sides at {width}×{height}: {low:.3g} to {high:.3g} pixels "
            f"(median {middle:.3g}); width / height: {shapes[0]:.2g} to "
            f"{shapes[2]:.2g}"
        )
        if self.tiny:
            have, of = ("has", "it") if self.tiny == 1 else ("have", "them")
            lines.append(
                f"{_count(self.tiny, 'box')} {have} a side under {TINY:.0f} "
                f"pixels; a larger --image_size shows more of {of}"
            )
        return lines


def statistics(examples, indices=None):
    """Return the `BoxStatistics` of some pictures.

    Args:
        examples: the `BoxExamples`.
        indices: which of them: the training set; None for all.
    """
    indices = np.arange(len(examples.ids)) if indices is None else indices
    rows = np.asarray(indices, np.int64)
    splits = examples.labels.row_splits.numpy()
    counts = (splits[1:] - splits[:-1])[rows]
    objects = [np.arange(splits[row], splits[row + 1]) for row in rows]
    objects = np.concatenate([np.zeros(0, np.int64), *objects])
    owners = np.repeat(np.arange(len(rows)), counts)
    labels = examples.labels.flat_values.numpy()[objects]
    boxes = examples.boxes.flat_values.numpy()[objects].astype(np.float64)
    names = examples.class_names
    numbers = np.bincount(labels, minlength=len(names))
    pairs = np.unique(np.stack([owners, labels]), axis=1)
    pictures = np.bincount(pairs[1], minlength=len(names))
    order = np.argsort(-numbers, kind="stable")
    flags = examples.difficult.flat_values | examples.crowd.flat_values
    return BoxStatistics(
        len(rows),
        int((counts == 0).sum()),
        {names[i]: int(numbers[i]) for i in order},
        {names[i]: int(pictures[i]) for i in order},
        counts[counts > 0],
        boxes[:, 2:] - boxes[:, :2],
        int(flags.numpy()[objects].sum()),
        tuple(examples.images.shape[1:3]),
    )


def _spread(values):
    """Return the least, the median and the largest."""
    return values.min(), np.median(values), values.max()


def _count(number, word):
    """Return a number with its word.

    >>> _count(1, "box"), _count(2, "box"), _count(1200, "picture")
    ('1 box', '2 boxes', '1,200 pictures')
    """
    return f"{number:,} {errors.plural(word, number)}"
