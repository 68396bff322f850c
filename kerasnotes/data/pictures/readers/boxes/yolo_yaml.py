"""The YAML of a YOLO set: the classes' names, and where its splits lie."""

import dataclasses
import posixpath
import re

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import layouts, records

_KEYS = {"train": "train", "val": "dev", "test": "test"}
_LARGEST, _MOST_POINTS = 2**20, 1000
_NAMES = re.compile(rb"^[\"']?names[\"']?\s*:", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the file says.

    Attributes:
        file: its name.
        class_names: the classes' names, or None.
        places: dictionary of split to paths, as they are written.
        root: the path that they are below.
        points: the landmarks' names and the count of numbers for each, or
            None.
        notes: lines that say what was decided.
    """

    file: str = ""
    class_names: list | None = None
    places: dict = dataclasses.field(default_factory=dict)
    root: str = ""
    points: tuple | None = None
    notes: tuple = ()


def names_of(files):
    """Return the YAML files that name classes."""
    return [
        name
        for name in files.names
        if name.lower().endswith((".yaml", ".yml"))
        and _NAMES.search(files.read(name, _LARGEST))
    ]


def read(files, name):
    """Return the `Facts` of a file.

    Raises:
        UserError: it is no YAML, or what it says makes no sense.
    """
    yaml = errors.optional_import(
        f"--dataset: {name}", "yaml", "detect", "put the names of the classes "
        "into a classes.txt, one a line",
    )  # fmt: skip
    content = files.read(name, _LARGEST)
    try:
        value = yaml.safe_load(content)
        # In it a name such as 007 is the number 7, and no is False.
        texts = yaml.load(content, yaml.BaseLoader)
    except Exception as error:  # YAML makes dates and keys that Python refuses.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f"line {line + 1}: "
        reason = getattr(error, "problem", None) or error
        raise errors.UserError(
            f"--dataset: {name}: {where}no YAML: {reason}"
        ) from error
    if not isinstance(value, dict):
        raise errors.UserError(f"--dataset: {name}: line 1: names no key")
    class_names = _class_names(name, texts.get("names"))
    count = value.get("nc", len(class_names))
    if count != len(class_names):
        raise errors.UserError(
            f"--dataset: {name}: nc is {count!r:.20}, but there are "
            f"{len(class_names)} names; mend one of the two"
        )
    places = {
        split: [p for p in _listed(texts[key]) if isinstance(p, str)]
        for key, split in _KEYS.items()
        if value.get(key)
    }
    points, note = _points(name, value)
    root = _text(texts.get("path"))
    return Facts(name, class_names, places, root, points, note)


def _listed(value):
    return value if isinstance(value, list) else [value]


def _class_names(name, names):
    if isinstance(names, dict):
        keys = {records.real(key): text for key, text in names.items()}
        if sorted(keys) != list(range(len(names))):
            raise errors.UserError(
                f"--dataset: {name}: the names' numbers don't run from 0 to "
                f"{len(names) - 1}"
            )
        names = [keys[i] for i in range(len(names))]
    if not isinstance(names, list):
        raise errors.UserError(
            f"--dataset: {name}: names is neither a list nor numbered"
        )
    return checked_names(name, [_text(text) for text in names])


def _text(value):
    """Return a class' name; a list or dictionary is none."""
    return value.strip() if isinstance(value, str) else ""


def checked_names(file, names):
    """Return the names of classes, refusing blank and double ones.

    Args:
        file: where they stand.
        names: the names.

    Raises:
        UserError: one is blank, or stands twice.
    """
    for i, text in enumerate(names):
        if not text or text in names[:i]:
            what = "stands twice" if text else "is blank"
            raise errors.UserError(
                f"--dataset: {file}: the name of class {i}, {text!r}, {what}"
            )
    if not names:
        raise errors.UserError(f"--dataset: {file}: names no class")
    return names


def _points(name, value):
    """Return the landmarks' names and numbers, or None, and notes."""
    shape = value.get("kpt_shape")
    if shape is None:
        return None, ()
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or not all(type(n) is int for n in shape)
        or not 1 <= shape[0] <= _MOST_POINTS
        or shape[1] not in (2, 3)
    ):
        raise errors.UserError(
            f"--dataset: {name}: kpt_shape is the number of landmarks, and 2 "
            f"or 3. Received: {shape!r:.40}"
        )
    names = [f"point_{i}" for i in range(shape[0])]
    pairs = value.get("flip_idx")
    if pairs is None:
        return (names, shape[1]), (
            f"{name}: without flip_idx, no landmarks swap when mirrored",
        )
    if not isinstance(pairs, list) or sorted(map(records.real, pairs)) != list(
        range(shape[0])
    ):
        raise errors.UserError(
            f"--dataset: {name}: flip_idx names each landmark's twin once"
        )
    pairs = [int(records.real(other)) for other in pairs]
    for one, other in enumerate(pairs):
        if one < other and pairs[other] == one:
            names[one] = f"left_point_{one}"
            names[other] = f"right_point_{one}"
    return (names, shape[1]), ()


def members(files, facts, split, pictures):
    """Return the pictures of a split, sorted.

    A path is that of a folder, or of a list of pictures. What of it leads
    out of the data, as it does where the data have moved, is left away.

    Args:
        files: a `file_sets.Files`.
        facts: the `Facts`.
        split: one of `facts.places`.
        pictures: the names of all pictures.
    """
    names = set()
    for path in facts.places[split]:
        names.update(_below(files, facts, path, pictures))
    return sorted(names)


def _below(files, facts, path, pictures):
    home = layouts.folder(facts.file)
    full = f"{facts.root}/{path}".replace("\\", "/")
    parts = [part for part in full.split("/") if part not in ("", ".", "..")]
    for start in range(len(parts) + 1):
        place = posixpath.join(home, *parts[start:])
        if place in files.names and place not in pictures:
            return _listed_in(files, place, pictures)
        prefix = f"{place}/" if place else ""
        below = [name for name in pictures if name.startswith(prefix)]
        # All there is, is what is meant only where that was written.
        if below and (parts[start:] or path.strip("./") == ""):
            return below
    return []


def _listed_in(files, place, pictures):
    index = layouts.PictureIndex(pictures)
    rows = files.read(place).decode("utf-8", "replace").split("\n")
    names = (index.find(row, layouts.folder(place)) for row in rows)
    return [name for name in names if name]
