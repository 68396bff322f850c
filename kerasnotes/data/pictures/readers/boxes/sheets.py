"""CSV of boxes, `file,label,x1,y1,x2,y2`, or of landmarks by columns' names."""

import collections
import math

from kerasnotes import errors
from kerasnotes.data.common import sheet
from kerasnotes.data.pictures.readers.boxes import (
    labelme,
    layouts,
    records,
)

FORMAT = "CSV"
_ALIASES = {
    "file": ("file", "filename", "file_name", "image", "image_path", "path",
             "image_id", "img"),
    "label": ("label", "class", "class_name", "category", "label_name"),
    "x1": ("x1", "xmin", "x_min", "left"),
    "y1": ("y1", "ymin", "y_min", "top"),
    "x2": ("x2", "xmax", "x_max", "right"),
    "y2": ("y2", "ymax", "y_max", "bottom"),
    "split": ("split", "set", "subset"),
    "width": ("width", "image_width"),
    "height": ("height", "image_height"),
}  # fmt: skip
_SIDES = ("x1", "y1", "x2", "y2")
_YES = ("1", "1.0", "yes", "true", "2", "2.0")
_HEAD = sheet.HEAD
_OBJECT = "object"
_NO_FILE = "rows that name no file, dropped"


def files_of(files, _):
    """Return the names of the files of this format."""
    return [
        name
        for name in files.names
        if name.lower().endswith((".csv", ".tsv"))
        and _is_of_boxes(_header(files, name))
    ]


def _header(files, name):
    """Return the names of the columns in the first line."""
    head = files.read(name, _HEAD)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    lines = head.decode(encoding, "replace").lstrip("\ufeff").splitlines()
    line = lines[0] if lines else ""
    cells = line.split(sheet.delimiter_of(line) if line else ",")
    return [sheet.column_name(cell.strip().strip('"')) for cell in cells]


def _is_of_boxes(header):
    columns = _columns(header)
    has_sides = set(_SIDES) <= set(columns)
    return "file" in columns and (has_sides or bool(point_names(header)))


def _columns(header):
    """Return a dictionary of what is meant to the column's name."""
    lower = {name.lower().replace(" ", "_"): name for name in reversed(header)}
    columns = {}
    for meaning, aliases in _ALIASES.items():
        known = [lower[alias] for alias in aliases if alias in lower]
        if known:
            columns[meaning] = known[0]
    return columns


def point_names(header):
    """Return the landmarks that have a column for x and one for y.

    >>> point_names(["file", "left_eye_x", "left_eye_y", "x"])
    ['left_eye']
    """
    names = [name[:-2] for name in header if name.lower().endswith("_x")]
    there = {name.lower() for name in header}
    return [name for name in names if name and f"{name}_y".lower() in there]


def read(files, names, pictures, problems):
    """Read annotations.

    Each row is a box, with its landmarks if there are such columns; a row of
    a file alone is a background picture. Sides are edges in pixels, and
    landmarks count from the centre of the first pixel; where fewer than one in
    ten numbers are over 1, all are shares of the picture. Landmarks without a
    box have the box around them, of the class `object`.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`.

    Raises:
        UserError: a file is no CSV; of several, one doesn't say its split.
    """
    index = layouts.PictureIndex(pictures)
    splits = {name: layouts.split_of(name) for name in names}
    if len(names) == 1:
        splits = dict.fromkeys(names)
    elif None in splits.values() or len(set(splits.values())) < len(names):
        raise errors.UserError(
            f"--dataset: {', '.join(names[:3])} all have boxes; leave one, or "
            "name them train.csv, val.csv and test.csv"
        )
    groups, points = collections.OrderedDict(), {}
    for name in names:
        rows = sheet.read(name, [], files.read(name))
        header = list(rows[0][1]) if rows else []
        columns, landmarks = _columns(header), point_names(header)
        points |= dict.fromkeys(landmarks)
        for line, cells in rows:
            cells = {key.lower(): cell for key, cell in cells.items()}
            row = _Row(name, line, cells, columns, landmarks)
            if not row.text("file"):
                problems.add(_NO_FILE, name, f"line {line}")
                continue
            split = layouts.split_of(row.text("split")) or splits[name]
            key = name, row.text("file"), split
            groups.setdefault(key, []).append(row)
    return _joined(groups, list(points), index)


class _Row:
    """A line of a sheet, with its cells by what they mean."""

    def __init__(self, file, line, cells, columns, landmarks):
        self.file, self.line = file, line
        self._cells, self.columns = cells, columns
        self._landmarks = landmarks

    def text(self, meaning):
        column = self.columns.get(meaning, "").lower()
        return self._cells.get(column, "").strip()

    @property
    def size(self):
        return records.sides(self.text("height"), self.text("width"))

    @property
    def sides(self):
        """The four sides; None where the row or the sheet has none."""
        texts = [self.text(side) for side in _SIDES]
        return tuple(map(records.real, texts)) if any(texts) else None

    @property
    def points(self):
        points = {}
        for name in self._landmarks:
            x, y = (
                records.real(self._cells.get(f"{name}_{axis}".lower(), ""))
                for axis in "xy"
            )
            flags = [
                self._cells[key]
                for end in ("_visible", "_visibility", "_v")
                if (key := f"{name}{end}".lower()) in self._cells
            ]
            visible = not flags or flags[0].strip().lower() in _YES
            if not math.isnan(x + y):
                points[name] = x, y, visible
        return points

    def numbers(self):
        """Yield the numbers of sides and landmarks."""
        yield from self.sides or ()
        for x, y, _ in self.points.values():
            yield from (x, y)


def _joined(groups, names, index):
    """Return the `AnnotationSet` of the rows of each picture."""
    numbers = [
        number
        for rows in groups.values()
        for row in rows
        for number in row.numbers()
        if not math.isnan(number)
    ]
    beyond = sum(abs(number) > 1 for number in numbers)
    # No box in pixels is so small: a share that is wrong makes none of them.
    relative = beyond < 0.1 * len(numbers)
    annotations = []
    for (name, file, split), rows in groups.items():
        objects = [_object(row, relative) for row in rows]
        annotations.append(
            records.Annotation(
                name,
                index.find(file, layouts.folder(name), split),
                [item for item in objects if item],
                rows[0].size,
                split,
                relative,
                f"line {rows[0].line}: {file}",
            )
        )
    note = "sides and landmarks are in pixels"
    if relative:
        note = "sides and landmarks are shares of the picture"
        note += f", but {beyond} over 1" if beyond else ""
    return records.AnnotationSet(FORMAT, annotations, None, names, [note])


def _object(row, relative):
    points, place = row.points, f"line {row.line}"
    label = row.text("label")
    if row.sides is None:
        if not points:
            # A label without a box is none of background.
            missing = (math.nan,) * 4
            return label and records.BoxObject(missing, label, place)
        box = labelme.around_points(points, place, label or _OBJECT)
        if relative:
            left, top, right, bottom = box.box
            sides = left, top, right - 1.0, bottom - 1.0
            return records.BoxObject(sides, box.label, place, points=points)
        return box
    has_label = "label" in row.columns
    label = (label or None) if has_label else _OBJECT
    return records.BoxObject(row.sides, label, place, points=points)
