"""JSON files of annotations, which may be broken or something else."""

import json
import re

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import records

LARGEST = 2**31
_HEAD = 2**16


def names_with(files, key):
    """Return the JSON files that seem to have a key.

    Args:
        files: a `file_sets.Files`.
        key: the name of an entry of the object.
    """
    pattern = re.compile(b'"%s"\\s*:' % key.encode())
    names = []
    for name in files.names:
        if not name.lower().endswith(".json"):
            continue
        # What is looked for may stand behind a picture in Base64.
        if pattern.search(files.read(name, _HEAD)) or (
            _HEAD < files.size(name) <= LARGEST
            and pattern.search(files.read(name))
        ):
            names.append(name)
    return names


def read(files, name):
    """Return the object of a JSON file.

    Args:
        files: a `file_sets.Files`.
        name: the file.

    Raises:
        UserError: it can't be read, is no JSON, or holds no object.
    """
    if files.size(name) > LARGEST:
        raise errors.UserError(f"{name}: over 2 GiB; part it into several")
    try:
        value = json.loads(files.read(name))
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: " if hasattr(error, "lineno") else ""
        raise errors.UserError(f"{name}: {where}no JSON: {error}") from error
    except Exception as error:  # Whatever zipfile or the disk raises.
        raise errors.UserError(f"{name}: can't be read: {error}") from error
    if not isinstance(value, dict):
        raise errors.UserError(f"{name}: holds no object, but {value!r:.40}")
    return value


def entries(value, key):
    """Return the `(index, object)` pairs of a list in an object.

    What isn't an object is left out, and what isn't a list is empty.
    """
    rows = value.get(key)
    rows = rows if isinstance(rows, list) else []
    return [(i, row) for i, row in enumerate(rows) if isinstance(row, dict)]


def text(value):
    """Return a text that isn't blank, without spaces around, or None.

    A whole number is the text of its digits: some name classes so.

    >>> text(" cat "), text(3), text(True), text(" ")
    ('cat', '3', None, None)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def numbers(value, count=None):
    """Return a list of numbers as floats, NaN for what is none.

    Args:
        value: what a file has.
        count: how many there are to be; fewer or more are all NaN.
    """
    values = value if isinstance(value, list) else []
    values = [records.real(None if isinstance(v, str) else v) for v in values]
    if count is not None and len(values) != count:
        return [float("nan")] * count
    return values


def around(points):
    """Return the edges around points `[x, y]`, NaN for none.

    >>> around([[1, 5], [3, 2]])
    (1, 2, 3, 5)
    """
    if not points:
        return (float("nan"),) * 4
    x, y = zip(*points, strict=True)
    # NaN would get lost between numbers.
    if any(v != v for v in (*x, *y)):
        return (float("nan"),) * 4
    return min(x), min(y), max(x), max(y)
