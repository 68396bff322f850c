"""The names and colours of classes, from a text beside the masks."""

import dataclasses
import re

from kerasnotes import errors

_NAMES = (
    *("classes.txt", "class_names.txt", "labels.txt", "codes.txt"),
    *("labelmap.txt", "label_colors.txt", "colors.csv", "colours.csv"),
    *("classes.csv", "class_dict.csv"),
)
_COLOUR = re.compile(r"(?:^|[\s,:])(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\b")
_SPACE = re.compile(r"[\s,:]+")


@dataclasses.dataclass(frozen=True)
class ClassList:
    """Classes in their order.

    Attributes:
        file: where they stand.
        names: the name of each.
        colours: dictionary of colour, three numbers, to the number of its
            class; empty where the file has none.
    """

    file: str
    names: list
    colours: dict


def read(files):
    """Return the `ClassList` of a set, or None where it has none.

    It is a file called `classes.txt`, `colors.csv`, `labelmap.txt` or alike,
    with a class a line: `name`, `name,red,green,blue`, `red green blue name`,
    or CVAT's `name:red,green,blue:parts:actions`.

    Args:
        files: a `file_sets.Files`.

    Raises:
        UserError: there are two such files that differ; one is no text, has
            no class, or one of its lines no name; a name or colour stands
            twice.
    """
    lists = []
    for name in files.names:
        if name.rpartition("/")[2].casefold() in _NAMES:
            lists.append(parse(name, _text(files, name)))
    if not lists:
        return None
    first = lists[0]
    for other in lists[1:]:
        if (other.names, other.colours) != (first.names, first.colours):
            raise errors.UserError(
                f"--dataset: {first.file} and {other.file} both name classes, "
                "and differ; leave one of the two out"
            )
    return first


def _text(files, name):
    try:
        return files.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.UserError(f"--dataset: {name}: no UTF-8 text") from error


def parse(name, text):
    r"""Return the `ClassList` of a file's text.

    Args:
        name: the file, for messages.
        text: what it holds.

    Raises:
        UserError: see `read`.

    >>> parse("labelmap.txt", "# label:color_rgb:parts:actions\n"
    ...       "sky:0,128,255::\nsea:0,0,128::\n")
    ... # doctest: +NORMALIZE_WHITESPACE
    ClassList(file='labelmap.txt', names=['sky', 'sea'],
              colours={(0, 128, 255): 0, (0, 0, 128): 1})
    """
    names, colours = [], {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#") or _is_header(line):
            continue
        place = f"--dataset: {name}: line {number}"
        label, colour = _row(line, place)
        if label in names:
            raise errors.UserError(f"{place}: {label!r} stands twice")
        if colour is not None:
            if colour in colours:
                raise errors.UserError(
                    f"{place}: the colour {colour} is that of "
                    f"{names[colours[colour]]!r} already"
                )
            colours[colour] = len(names)
        names.append(label)
    if not names:
        raise errors.UserError(f"--dataset: {name}: it has no class")
    if colours and len(colours) < len(names):
        raise errors.UserError(
            f"--dataset: {name}: {len(names)} classes, but {len(colours)} "
            "colours; give each a colour, or none"
        )
    return ClassList(name, names, colours)


def _is_header(line):
    """Return whether a line names columns.

    >>> _is_header("name,r,g,b"), _is_header("car,0,0,9"), _is_header("name")
    (True, False, False)
    """
    words = _SPACE.split(line.casefold())
    return len(words) > 1 and bool({"r", "red", "color", "colour"} & {*words})


def _row(line, place):
    """Return the name and the colour, or None, of a line."""
    match = _COLOUR.search(line)
    if not match:
        return line.rstrip(":").strip(), None
    colour = tuple(map(int, match.groups()))
    if max(colour) > 255:
        raise errors.UserError(
            f"{place}: {colour} is no colour; give three numbers up to 255"
        )
    before, after = line[: match.start()], line[match.end() :]
    label = before.strip(" ,:\t") or after.strip(" ,:\t")
    # A number before the name counts the classes.
    label = re.sub(r"^\d+[\s,:]+(?=\S)", "", label)
    if not label:
        raise errors.UserError(f"{place}: no class is named beside the colour")
    return label, colour
