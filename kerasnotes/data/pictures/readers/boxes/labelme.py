"""LabelMe: a JSON file a picture, with shapes and points.

Source: https://github.com/wkentaro/labelme: points are x and y from edges.
The picture that a file may hold in Base64 isn't read.
"""

import math

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures.readers.boxes import (
    json_files,
    layouts,
    records,
)

FORMAT = "LabelMe"
_BOXES = ("polygon", "rectangle", "circle", "mask", "rotation")
_NO_OBJECT = "points that belong to no one box, dropped"


def files_of(files, _):
    """Return the names of the files of this format."""
    return json_files.names_with(files, "shapes")


def read(files, names, pictures, problems):
    """Read annotations.

    Rectangles, polygons and circles become the boxes around them. A point is
    a landmark, named by its label: of the box with its `group_id`, else of
    the smallest box that it lies in; on a picture without any box, all points
    are of one object, `object`, around them.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`.
    """
    index = layouts.PictureIndex(pictures)
    annotations = []
    for name in progress.progress(names, len(names), "reading annotations"):
        try:
            value = json_files.read(files, name)
        except errors.UserError as error:
            problems.add(records.BROKEN, error)
            continue
        annotations.append(_annotation(name, value, index, problems))
    points = {
        point: None
        for annotation in annotations
        for item in annotation.objects
        for point in item.points
    }
    return records.AnnotationSet(FORMAT, annotations, None, sorted(points))


def _annotation(name, value, index, problems):
    folder = layouts.folder(name)
    path = json_files.text(value.get("imagePath")) or ""
    picture = index.find(path, folder)
    picture = picture or index.find(layouts.stem(name), folder)
    boxes, points, lines = [], [], []
    for i, shape in json_files.entries(value, "shapes"):
        kind = json_files.text(shape.get("shape_type")) or "polygon"
        corners = _corners(shape)
        if kind == "point":
            points.append((i, shape, corners))
        elif kind in _BOXES:
            boxes.append((i, shape, _box(kind, corners)))
        else:
            lines.append(_line(i, shape, kind))
    size = records.sides(value.get("imageHeight"), value.get("imageWidth"))
    objects = _objects(name, boxes, points, problems)
    return records.Annotation(name, picture, objects + lines, size)


def _line(i, shape, kind):
    """Return what is no box, and no background either."""
    label, place = json_files.text(shape.get("label")), f"shapes[{i}]: {kind}"
    return records.BoxObject((math.nan,) * 4, label, place)


def _corners(shape):
    rows = shape.get("points")
    rows = rows if isinstance(rows, list) else []
    return [json_files.numbers(row, 2) for row in rows]


def _box(kind, corners):
    if kind == "circle" and len(corners) == 2:
        (x, y), edge = corners
        radius = math.dist((x, y), edge)
        return x - radius, y - radius, x + radius, y + radius
    return json_files.around(corners)


def _objects(name, boxes, points, problems):
    owners = {i: {} for i, *_ in boxes}
    for i, shape, corners in points:
        label = json_files.text(shape.get("label"))
        owner = _owner(shape, corners, boxes) if boxes else None
        if not label or len(corners) != 1 or math.isnan(sum(corners[0])):
            problems.add(records.NO_NUMBER, name, f"shapes[{i}]")
        elif boxes and (owner is None or label in owners[owner]):
            problems.add(_NO_OBJECT, name, f"shapes[{i}]: {label}")
        else:
            x, y = corners[0]
            owners.setdefault(owner, {})[label] = x - 0.5, y - 0.5, True
    if not boxes and owners.get(None):
        return [around_points(owners[None], "shapes")]
    return [
        records.BoxObject(
            box,
            json_files.text(shape.get("label")),
            f"shapes[{i}]",
            points=owners[i],
            shape=_outline(shape),
        )
        for i, shape, box in boxes
    ]


def _outline(shape):
    """Return a polygon or rectangle as a list of outlines, else None."""
    kind = json_files.text(shape.get("shape_type")) or "polygon"
    corners = _corners(shape)
    if kind == "rectangle" and len(corners) == 2:
        (left, top), (right, bottom) = corners
        return [[left, top, right, top, right, bottom, left, bottom]]
    if kind in ("polygon", "rotation"):
        return [[number for corner in corners for number in corner]]
    return None


def _owner(shape, corners, boxes):
    """Return the number of the box that a point belongs to, or None."""
    group = shape.get("group_id")
    if group is not None:
        same = [i for i, other, _ in boxes if other.get("group_id") == group]
        if len(same) == 1:
            return same[0]
    if len(boxes) == 1:
        return boxes[0][0]
    x, y = corners[0] if len(corners) == 1 else (math.nan, math.nan)
    inside = [
        ((box[2] - box[0]) * (box[3] - box[1]), i)
        for i, _, box in boxes
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]
    ]
    return min(inside)[1] if inside else None


def around_points(points, place, label="object"):
    """Return the object whose box is around the pixels of landmarks.

    Args:
        points: dictionary of landmark to x, y and whether it is visible.
        place: where they stand in their file.
        label: the object's class.
    """
    left, top, right, bottom = json_files.around(
        [(x, y) for x, y, _ in points.values()]
    )
    box = left, top, right + 1.0, bottom + 1.0
    return records.BoxObject(box, label, place, points=points)
