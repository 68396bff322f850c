"""What a format says of a picture, the same for all formats."""

import collections
import dataclasses
import math

from kerasnotes import errors
from kerasnotes.data.common import sheet

NO_AREA = "boxes of no area, dropped"
OUTSIDE = "boxes outside their picture, dropped"
BEYOND = "boxes that reach beyond their picture, clipped"
SWAPPED = "boxes with their sides swapped, put right"
NO_NUMBER = "boxes without four numbers, dropped"
UNKNOWN = "boxes of an unknown class, dropped"
TWICE = "boxes that stand twice, dropped once"
ALL_BAD = "pictures of whose boxes none is left, skipped"
MISSING = "annotations of pictures that aren't there, skipped"
UNANNOTATED = "pictures without an annotation, a question, skipped"
BROKEN = "annotation files that can't be read, skipped"
SIZE = "pictures of another size than their annotation says, skipped"
STORED = "pictures that EXIF turns, annotated as stored: boxes turned too"
SHOWN = "pictures that EXIF turns, annotated as shown"
UNCERTAIN = "pictures that EXIF turns, taken as annotated as shown"
REPEATED = "pictures that are annotated twice, the second time skipped"
NOWHERE = "nowhere"
"""The split of a picture that is in none of those that there are."""
_LINES = 6


@dataclasses.dataclass(frozen=True, slots=True)
class BoxObject:
    """An object on a picture.

    Attributes:
        box: left, top, right and bottom, from edges: 0, 0, width and height
            are around a whole picture. In pixels, or shares of the picture
            where the annotation is `relative`. What is no number is NaN.
        label: the name of its class; None for one that isn't known.
        place: where it stands in its file, as "line 12".
        difficult: whether it isn't to count, found or not.
        crowd: whether it is a region with several of them.
        points: dictionary of landmark to x, y and whether it is visible; the
            first pixel's centre is 0 (of a relative one, its edge).
        shape: its pixels: a list of outlines, each a list of x, y, x, y, …
            from edges, or COCO's run lengths; None where only a box is known.
    """

    box: tuple
    label: str | None
    place: str
    difficult: bool = False
    crowd: bool = False
    points: dict = dataclasses.field(default_factory=dict)
    shape: list | dict | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Annotation:
    """What a file says of a picture.

    Attributes:
        file: the annotation's file.
        picture: the picture's name among the files, or None if it is
            missing.
        objects: the `BoxObject`s; none on a background picture.
        size: height and width of the picture that was annotated, or None.
        split: train, dev or test; None where nothing says it, and `NOWHERE`
            for a picture that others are chosen over, which is skipped.
        relative: whether coordinates are shares of the picture as shown.
        place: where it stands in its file, or "".
    """

    file: str
    picture: str | None
    objects: list
    size: tuple | None = None
    split: str | None = None
    relative: bool = False
    place: str = ""


@dataclasses.dataclass(frozen=True)
class AnnotationSet:
    """What a format says of all pictures.

    Attributes:
        format: its name, for people.
        annotations: the list of `Annotation`.
        class_names: the names of all classes in their order; None for those
            that occur, sorted.
        point_names: the names of the landmarks, in order.
        notes: lines that say what was decided.
        category_ids: dictionary of class to the number that the format has
            for it, or None.
    """

    format: str
    annotations: list
    class_names: list | None = None
    point_names: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    category_ids: dict | None = None


class Problems:
    """What is wrong with annotations, by kind, with each place.

    Attributes:
        rows: pairs of place and kind, as `Examples.skipped` has them.

    >>> problems = Problems()
    >>> problems.add(NO_AREA, "a.xml", "line 7")
    >>> problems.lines()
    ['boxes of no area, dropped: 1; the first: a.xml: line 7']
    """

    def __init__(self):
        self.rows = []

    def add(self, kind, file, place=""):
        """Count a problem, at a place in a file."""
        self.rows.append((f"{file}: {place}" if place else str(file), kind))

    def counts(self):
        """Return the `collections.Counter` of the kinds."""
        return collections.Counter(kind for _, kind in self.rows)

    def lines(self):
        """Return a few lines: each kind's count and its first place."""
        firsts = {}
        for place, kind in self.rows:
            firsts.setdefault(kind, place)
        counts = self.counts().most_common()
        lines = [
            errors.printable(f"{kind}: {n:,}; the first: {firsts[kind]}")
            for kind, n in counts[:_LINES]
        ]
        rest = counts[_LINES:]
        if rest:
            total = sum(n for _, n in rest)
            lines.append(f"{len(rest)} other kinds: {total:,}")
        return lines


def real(value):
    """Return what a file has for a number as a float; NaN if it is none.

    >>> real("12.5"), real(3), real(True), real("1_0")
    (12.5, 3.0, nan, nan)
    """
    if isinstance(value, str):
        try:
            return sheet.number(value)
        except ValueError:
            return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def sides(height, width):
    """Return the size of a picture as a file has it, or None if it has none.

    >>> sides("480", 640), sides("0", "0"), sides(None, 2.5)
    ((480, 640), None, None)
    """
    values = real(height), real(width)
    if all(1 <= value < 2**31 and value == int(value) for value in values):
        return int(values[0]), int(values[1])
    return None


def edges(box, first):
    """Return the edges of a box whose sides are pixels that belong to it.

    Args:
        box: the first and the last column and row: left, top, right, bottom.
        first: what the first pixel is called: 1 in Pascal VOC.

    Returns:
        Left, top, right and bottom; sides that are swapped stay so, and one
        that names the same pixel twice is of no length: nobody draws that.

    >>> edges((1, 1, 8, 6), 1), edges((8, 3, 1, 3), 1)
    ((0, 0, 8, 6), (8, 2, 0, 2))
    """

    def side(low, high):
        if low == high:
            return low - first, high - first
        if low > high:
            return low - first + 1, high - first
        return low - first, high - first + 1

    left, right = side(box[0], box[2])
    top, bottom = side(box[1], box[3])
    return left, top, right, bottom
