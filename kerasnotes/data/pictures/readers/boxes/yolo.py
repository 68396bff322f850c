"""YOLO: a text file a picture, a row an object, and a YAML of the names.

Source: https://docs.ultralytics.com/datasets/detect: `class cx cy w h`,
shares of the picture as it is shown. A polygon has an x and a y for each
corner instead; where the YAML has `kpt_shape`, landmarks follow the box.
"""

from kerasnotes import errors
from kerasnotes.data.common import progress
from kerasnotes.data.pictures.readers.boxes import (
    json_files,
    layouts,
    records,
    yolo_yaml,
)

FORMAT = "YOLO"
_NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels")
_LOOKED_AT, _LARGEST = 20, 2**24
_IN_TWO = "pictures in two splits of the YAML, put into the later"
_NO_LIST = "pictures in no split of the YAML, skipped"


def files_of(files, pictures):
    """Return the names of the files of this format."""
    labels = list(_labels(files, pictures).values())
    yamls = yolo_yaml.names_of(files) if labels else []
    looked_at = labels[:: max(1, len(labels) // _LOOKED_AT)]
    are_rows = [_has_rows(files, name) for name in looked_at]
    # Beside pictures there may be texts of other kinds.
    if not yamls and 2 * are_rows.count(True) <= len(are_rows) - are_rows.count(
        None
    ):
        return []
    return [*yamls, *labels]


def _has_rows(files, name):
    """Return whether a file begins as one of boxes; None if it is empty."""
    try:
        rows = _rows(files, name)
    except errors.UserError:
        return False
    if not rows:
        return None
    numbers = rows[0][1]
    return len(numbers) >= 5 and not any(v != v for v in numbers)


def read(files, names, pictures, problems):
    """Read annotations.

    An empty file is of a background picture; a picture without one is a
    question, and skipped. A number behind the four is a confidence, and not
    read.

    Args:
        files: a `file_sets.Files`.
        names: those of `files_of`.
        pictures: the names of the pictures.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`.

    Raises:
        UserError: the YAML is broken, or one of two.
    """
    yamls = [name for name in names if not name.lower().endswith(".txt")]
    if len(yamls) > 1:
        raise errors.UserError(
            f"--dataset: {yamls[0]} and {yamls[1]} both name classes; leave "
            "one of the two"
        )
    facts = yolo_yaml.read(files, yamls[0]) if yamls else yolo_yaml.Facts()
    class_names, notes = facts.class_names, list(facts.notes)
    if class_names is None:
        class_names, note = _named(files)
        notes.append(note)
    splits = dict.fromkeys(pictures)
    if facts.places:
        splits, more = _splits(files, facts, pictures, problems)
        notes += more
    labels = _labels(files, splits)
    annotations = []
    for picture in progress.progress(
        labels, len(labels), "reading annotations"
    ):
        name = labels[picture]
        try:
            rows = _rows(files, name)
        except errors.UserError as error:
            problems.add(records.BROKEN, error)
            continue
        objects = [_object(row, class_names, facts.points) for row in rows]
        annotations.append(
            records.Annotation(
                name, picture, objects, None, splits[picture], relative=True
            )
        )
    if class_names is None:
        labels = {o.label for a in annotations for o in a.objects} - {None}
        class_names = sorted(labels, key=int)
    point_names = [] if facts.points is None else facts.points[0]
    return records.AnnotationSet(
        FORMAT, annotations, class_names, point_names, notes
    )


def _labels(files, pictures):
    """Return a dictionary of picture to the file of its rows."""
    there, labels = set(files.names), {}
    for picture in pictures:
        folders, base = picture.split("/")[:-1], layouts.stem(picture) + ".txt"
        places = [[*folders, base], ["labels", *folders, base]]
        if "images" in folders:
            at = len(folders) - 1 - folders[::-1].index("images")
            places.insert(
                0, [*folders[:at], "labels", *folders[at + 1 :], base]
            )
        places.append([*folders, "labels", base])
        for place in map("/".join, places):
            if place in there:
                labels[picture] = place
                break
    return labels


def _rows(files, name):
    """Return the `(line, numbers)` of a file."""
    if files.size(name) > _LARGEST:
        raise errors.UserError(f"{name}: over 16 MiB")
    try:
        text = files.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.UserError(f"{name}: no text in UTF-8") from error
    except Exception as error:  # Whatever zipfile or the disk raises.
        raise errors.UserError(f"{name}: can't be read: {error}") from error
    lines = enumerate(text.split("\n"), 1)
    return [
        (line, list(map(records.real, row.split())))
        for line, row in lines
        if row.strip()
    ]


def _object(row, class_names, points):
    line, (number, *values) = row
    label = None
    if number >= 0 and number == int(min(number, 2**31)):
        label = str(int(number))
        if class_names is not None:
            known = number < len(class_names)
            label = class_names[int(number)] if known else None
    landmarks = {}
    if points and len(values) == 4 + len(points[0]) * points[1]:
        landmarks = _landmarks(values[4:], *points)
        values = values[:4]
    if len(values) >= 6 and len(values) % 2 == 0 and not points:
        corners = [values[i : i + 2] for i in range(0, len(values), 2)]
        box = json_files.around(corners)
    elif len(values) in (4, 5):
        x, y, width, height = values[:4]
        box = (
            x - width / 2, y - height / 2, x + width / 2, y + height / 2,
        )  # fmt: skip
    else:
        box = (float("nan"),) * 4
    return records.BoxObject(box, label, f"line {line}", points=landmarks)


def _landmarks(values, names, size):
    landmarks = {}
    for i, name in enumerate(names):
        x, y, *flag = values[i * size : (i + 1) * size]
        # What isn't labelled stands at 0, 0.
        if (x, y) != (0, 0) and (not flag or flag[0] > 0):
            landmarks[name] = x, y, not flag or flag[0] == 2
    return landmarks


def _named(files):
    """Return the class names of a file beside the rows, or None; a note."""
    places = [n for n in files.names if n.rpartition("/")[2] in _NAME_FILES]
    if not places:
        return None, (
            "no data.yaml and no classes.txt names the classes: they are "
            "called by their numbers"
        )
    texts = {
        name: files.read(name).decode("utf-8-sig", "replace") for name in places
    }
    if len(set(texts.values())) > 1:
        raise errors.UserError(
            f"--dataset: {places[0]} and {places[1]} name other classes; leave "
            "one of the two"
        )
    names = [row.strip() for row in texts[places[0]].strip().split("\n")]
    return yolo_yaml.checked_names(places[0], names), f"classes: {places[0]}"


def _splits(files, facts, pictures, problems):
    """Return a dictionary of picture to its split, and notes."""
    members = {
        split: yolo_yaml.members(files, facts, split, pictures)
        for split in facts.places
    }
    notes, train = [], members.get("train", [])
    for split, names in list(members.items()):
        if split != "train" and (not names or names == train):
            why = "is train again" if names else "has no picture here"
            notes.append(f"{facts.file}: {split} {why}: left out")
            del members[split]
    if not train:
        raise errors.UserError(
            f"--dataset: {facts.file}: no picture lies in what it calls train, "
            f"{facts.places.get('train')!r:.200}; write the folder's path from "
            "the YAML's own folder"
        )
    splits = {}
    for split in ("train", "dev", "test"):
        for name in members.get(split, []):
            if name in splits:
                problems.add(_IN_TWO, name)
            splits[name] = split
    if len(members) == 1:
        splits = dict.fromkeys(splits)
    for name in pictures:
        if name not in splits:
            problems.add(_NO_LIST, name)
            splits[name] = records.NOWHERE
    return splits, notes
