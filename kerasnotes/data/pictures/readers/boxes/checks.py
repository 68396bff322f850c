"""The one check of what all formats say, beside the pictures themselves."""

import dataclasses

import numpy as np

from kerasnotes.data.pictures.readers.boxes import records

# What rounding moves a side: as much beyond the border isn't worth a word.
_ROUNDING = 0.5


@dataclasses.dataclass(frozen=True)
class PictureSize:
    """How large a picture is.

    Attributes:
        stored: height and width of what the file holds.
        orientation: EXIF's, from 1 to 8.
    """

    stored: tuple
    orientation: int = 1

    @property
    def shown(self):
        """Height and width of the picture as it is shown."""
        return self.stored[::-1] if self.orientation >= 5 else self.stored


@dataclasses.dataclass(frozen=True)
class Boxes:
    """The boxes of a picture that can be used, in pixels as it is shown.

    Attributes:
        boxes: float64 `[n, 4]`, `xyxy`, within the picture.
        labels: the names of their n classes.
        difficult: bool `[n]`.
        crowd: bool `[n]`.
        points: float64 `[n, k, 2]`, NaN where one isn't known.
        visible: bool `[n, k]`.
        shapes: a list of the objects' shapes, see `records.BoxObject`, in
            pixels of the picture as it is stored or as it is shown.
        turn: the EXIF orientation by which shapes are yet to be turned.
    """

    boxes: np.ndarray
    labels: list
    difficult: np.ndarray
    crowd: np.ndarray
    points: np.ndarray
    visible: np.ndarray
    shapes: list | None = None
    turn: int = 1


def check(annotation, size, problems, point_names=()):
    """Return the boxes of a picture that can be used, or None to skip it.

    Sides that are swapped are put right, what lies beyond the picture is
    clipped, and boxes of no area, outside the picture, without numbers, of an
    unknown class or that stand twice are dropped. A picture that had boxes
    and has none left isn't background, and is skipped.

    Args:
        annotation: an `Annotation`.
        size: the `PictureSize`.
        problems: the `Problems`, to which is added.
        point_names: the landmarks' names, in order.

    >>> box = records.BoxObject((6.0, 1.0, 2.0, 9.0), "cell", "line 7")
    >>> problems = records.Problems()
    >>> check(records.Annotation("a.xml", "a.jpg", [box]),
    ...       PictureSize((8, 8)), problems).boxes.tolist()
    [[2.0, 1.0, 6.0, 8.0]]
    >>> sorted(problems.counts())[0]
    'boxes that reach beyond their picture, clipped'
    """
    turn = _orientation(annotation, size, problems)
    if turn is None:
        return None
    values = _arrays(annotation.objects, point_names)
    if annotation.relative:
        height, width = size.shown
        values["boxes"] = values["boxes"] * [width, height, width, height]
        values["points"] = values["points"] * [width, height] - 0.5
    if turn > 1:
        values["boxes"] = _turned(values["boxes"], size.stored, turn)
        points = _turned(values["points"] + 0.5, size.stored, turn)
        values["points"] = points - 0.5
    rows = _usable(annotation, values, size.shown, problems)
    if annotation.objects and not len(rows):
        problems.add(records.ALL_BAD, annotation.file, annotation.place)
        return None
    labels = [annotation.objects[row].label for row in rows]
    height, width = size.shown
    values = {name: value[rows] for name, value in values.items()}
    points = values["points"]
    within = (points >= -0.5) & (points <= np.array([width, height]) - 0.5)
    values["visible"] = values["visible"] & within.all(-1)
    shapes = [annotation.objects[row].shape for row in rows]
    return Boxes(labels=labels, shapes=shapes, turn=turn, **values)


def _orientation(annotation, size, problems):
    """Return the EXIF orientation by which boxes turn; None to skip all."""
    file, place = annotation.file, annotation.place
    if size.orientation == 1:
        if annotation.size in (None, size.stored):
            return 1
    elif annotation.size is None or (
        annotation.size == size.shown == size.stored
    ):
        problems.add(records.UNCERTAIN, file, place)
        return 1
    elif annotation.size == size.shown:
        problems.add(records.SHOWN, file, place)
        return 1
    elif annotation.size == size.stored:
        problems.add(records.STORED, file, place)
        return size.orientation
    said, real = (
        "{1}×{0}".format(*shape) for shape in (annotation.size, size.shown)
    )
    where = f"{place}: " if place else ""
    problems.add(records.SIZE, file, f"{where}{said}, the picture {real}")
    return None


def _arrays(objects, point_names):
    """Return the arrays of `Boxes`, before the check."""
    count, known = len(objects), len(point_names)
    boxes = np.array([o.box for o in objects], np.float64).reshape(count, 4)
    points = np.full((count, known, 2), np.nan)
    visible = np.zeros((count, known), bool)
    for row, item in enumerate(objects):
        for column, name in enumerate(point_names):
            if name in item.points:
                x, y, is_visible = item.points[name]
                points[row, column] = x, y
                visible[row, column] = is_visible
    visible &= np.isfinite(points).all(-1)
    return {
        "boxes": boxes,
        "difficult": np.array([o.difficult for o in objects], bool),
        "crowd": np.array([o.crowd for o in objects], bool),
        "points": points,
        "visible": visible,
    }


def _turned(values, stored, orientation):
    """Return coordinates on the shown picture of those on the stored one.

    Args:
        values: x and y from edges, `[..., 2]` or `[..., 4]`.
        stored: height and width.
        orientation: EXIF's.
    """
    height, width = stored
    x, y = values[..., 0::2], values[..., 1::2]
    # Sides that cross over are put right with those that came so.
    x = width - x if orientation in (2, 3, 7, 8) else x
    y = height - y if orientation in (3, 4, 6, 7) else y
    pair = (y, x) if orientation >= 5 else (x, y)
    result = np.stack(pair, -1).reshape(values.shape)
    if values.shape[-1] == 4 and values.size:
        # Which corner is named first changes by the turn alone.
        result = _like_before(values, result, orientation)
    return result


def _like_before(before, after, orientation):
    """Return turned boxes whose sides are swapped only where they were."""
    wrong = before[..., :2] > before[..., 2:]
    if orientation >= 5:
        wrong = wrong[..., ::-1]
    low = np.minimum(after[..., :2], after[..., 2:])
    high = np.maximum(after[..., :2], after[..., 2:])
    return np.concatenate(
        [np.where(wrong, high, low), np.where(wrong, low, high)], -1
    )


def _usable(annotation, values, shown, problems):
    """Put boxes right in place, and return the rows of those that can be."""
    boxes, rows, known = values["boxes"], [], set()
    most = np.array([shown[1], shown[0]] * 2, np.float64)
    for row, item in enumerate(annotation.objects):
        reason, changes, boxes[row] = _repaired(boxes[row], most)
        key = (item.label, item.crowd, *boxes[row])
        if reason is None and item.label is None:
            reason = records.UNKNOWN
        elif reason is None and key in known:
            reason = records.TWICE
        for kind in changes if reason is None else [reason]:
            problems.add(kind, annotation.file, item.place)
        if reason is None:
            known.add(key)
            rows.append(row)
    return np.array(rows, np.int64)


def _repaired(box, most):
    """Return why a box can't be, or None; what changed; and it put right."""
    changes = []
    if not np.isfinite(box).all():
        return records.NO_NUMBER, changes, box
    if (box[:2] > box[2:]).any():
        changes.append(records.SWAPPED)
        pair = box[:2], box[2:]
        box = np.concatenate([np.minimum(*pair), np.maximum(*pair)])
    if (box[:2] == box[2:]).any():
        return records.NO_AREA, changes, box
    clipped = np.clip(box, 0, most)
    if (clipped[:2] >= clipped[2:]).any():
        return records.OUTSIDE, changes, box
    if np.abs(clipped - box).max() > _ROUNDING:
        changes.append(records.BEYOND)
    return None, changes, clipped
