"""COCO: one JSON file for each split, with boxes and keypoints.

Source: https://cocodataset.org/#format-data: a box is its left, top, width
and height, from edges; keypoints are `x, y, v`, in whole pixels from 0, v
being 0 for one that isn't labelled, 1 for a hidden and 2 for a visible one.
"""

import math

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import (
    json_files,
    layouts,
    records,
)

FORMAT = "COCO"
_NO_IMAGE = "annotations of an unknown image id, dropped"
_VISIBLE = 2


def files_of(files, _):
    """Return the names of the files of this format."""
    with_images = json_files.names_with(files, "images")
    others = set(json_files.names_with(files, "annotations"))
    return [name for name in with_images if name in others]


def read(files, names, pictures, problems):
    """Read annotations.

    A file's name, or else its folder's, says its split. Where there are
    several, all or none say it, and no picture is in two. Images without an
    annotation are background.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`.

    Raises:
        UserError: a file is broken, has no categories, or other ones than
            another has; it isn't clear which split it is of; two annotate
            the same pictures.
    """
    index = layouts.PictureIndex(pictures)
    parts = {name: json_files.read(files, name) for name in names}
    parts = {name: part for name, part in parts.items() if _has_boxes(part)}
    if not parts:
        raise errors.UserError(
            f"--dataset: {names[0]}: no annotation has a box"
        )
    splits = _splits(list(parts))
    categories = {name: _categories(name, part) for name, part in parts.items()}
    category_ids = _category_ids(categories)
    point_names = _point_names(parts)
    annotations, before = [], {}
    for name, part in parts.items():
        for row in _annotations(
            name, part, categories[name], index, splits[name], problems
        ):
            if row.picture and before.setdefault(row.picture, name) != name:
                raise errors.UserError(
                    f"--dataset: {before[row.picture]} and {name} both "
                    f"annotate {row.picture}; leave one of the two out"
                )
            annotations.append(row)
    return records.AnnotationSet(
        FORMAT,
        annotations,
        list(category_ids),
        point_names,
        category_ids=category_ids,
    )


def _has_boxes(part):
    """Return whether a file is of boxes, not of captions alone."""
    rows = json_files.entries(part, "annotations")
    return not rows or any(
        "bbox" in row or "segmentation" in row for _, row in rows
    )


def _splits(names):
    """Return a dictionary of file to split, or to None for all."""
    splits = {
        name: layouts.split_of(name.rpartition("/")[2])
        or layouts.split_of_folders(name)
        for name in names
    }
    unclear = [name for name, split in splits.items() if split is None]
    if len(names) == 1 or len(unclear) == len(names):
        return dict.fromkeys(names)
    if unclear:
        other = next(name for name in names if splits[name])
        raise errors.UserError(
            f"--dataset: of which split is {unclear[0]}, beside {other}? Name "
            "it instances_train.json, instances_val.json or "
            "instances_test.json, or move it away"
        )
    return splits


def _categories(name, part):
    """Return a dictionary of id to category."""
    categories = {}
    for _, row in json_files.entries(part, "categories"):
        label = json_files.text(row.get("name"))
        if label and isinstance(row.get("id"), int):
            categories[row["id"]] = label
    if not categories:
        raise errors.UserError(f"--dataset: {name}: no category has a name")
    return categories


def _category_ids(categories):
    """Return names with their ids, in the order of these; all files share them.

    Of a name that stands twice the least id counts.
    """
    (first, one), *others = categories.items()
    for name, other in others:
        for key in one.keys() & other.keys():
            if one[key] != other[key]:
                raise errors.UserError(
                    f"--dataset: category {key} is {one[key]!r} in {first}, "
                    f"but {other[key]!r} in {name}"
                )
        one = one | other
    ids = {}
    for key in sorted(one):
        ids.setdefault(one[key], key)
    return ids


def _point_names(parts):
    """Return the keypoints' names, which all categories with some share."""
    names = []
    for name, part in parts.items():
        for _, row in json_files.entries(part, "categories"):
            points = row.get("keypoints")
            points = points if isinstance(points, list) else []
            points = [str(point) for point in points]
            if points and names and points != names:
                raise errors.UserError(
                    f"--dataset: {name}: category {row.get('name')!r} has "
                    "other keypoints than those before; give each a set"
                )
            names = names or points
    if len(set(names)) < len(names):
        raise errors.UserError("--dataset: two keypoints have one name")
    return names


def _annotations(name, part, categories, index, split, problems):
    """Yield the `Annotation` of each image of a file."""
    points = _point_names({name: part})
    images, objects = {}, {}
    for i, row in json_files.entries(part, "images"):
        key = row.get("id")
        if isinstance(key, (int, str)) and key not in images:
            images[key], objects[key] = (i, row), []
        else:
            problems.add(records.REPEATED, name, f"images[{i}]")
    for i, row in json_files.entries(part, "annotations"):
        key = row.get("image_id")
        if isinstance(key, (int, str)) and key in images:
            objects[key].append(_object(i, row, categories, points))
        else:
            problems.add(_NO_IMAGE, name, f"annotations[{i}]")
    folder = layouts.folder(name)
    for key, (i, row) in images.items():
        file = json_files.text(row.get("file_name"))
        yield records.Annotation(
            name,
            file and index.find(file, folder, split),
            objects[key],
            records.sides(row.get("height"), row.get("width")),
            split,
            place=f"images[{i}] {file}",
        )


def _object(i, row, categories, points):
    category = row.get("category_id")
    known = isinstance(category, int) and category in categories
    return records.BoxObject(
        _box(row),
        categories[category] if known else None,
        f"annotations[{i}]",
        difficult=row.get("ignore") in (1, True),
        crowd=row.get("iscrowd") in (1, True),
        points=_points(row.get("keypoints"), points),
        shape=row.get("segmentation") or None,
    )


def _box(row):
    left, top, width, height = json_files.numbers(row.get("bbox"), 4)
    box = left, top, left + width, top + height
    if row.get("bbox") or not isinstance(row.get("segmentation"), list):
        return box
    outlines = [json_files.numbers(part) for part in row["segmentation"]]
    corners = [
        pair
        for part in outlines
        for pair in zip(part[::2], part[1::2], strict=False)
    ]
    return json_files.around(corners)


def _points(values, names):
    values = json_files.numbers(values, 3 * len(names))
    return {
        name: (x, y, visible == _VISIBLE)
        for name, x, y, visible in zip(
            names, values[::3], values[1::3], values[2::3], strict=True
        )
        if visible > 0 and not math.isnan(x + y)
    }
