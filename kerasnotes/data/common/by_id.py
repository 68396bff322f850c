"""What people say of single examples: a CSV of ids and values."""

import collections
import unicodedata

from kerasnotes import errors
from kerasnotes.data.common import sheet


def ids_of(flag, sets):
    """Return the ids of sets of examples, each of one example alone.

    Args:
        flag: the flag that names examples by them, for the error message.
        sets: `Examples`.

    Raises:
        UserError: two sets share one.
    """
    ids = [i for examples in sets for i in examples.ids]
    twice = {i for i, count in collections.Counter(ids).items() if count > 1}
    if twice:
        raise errors.UserError(
            f"{flag}: {min(twice)!r} is in --dataset and in --dev_dataset; "
            "name the files of one of them otherwise"
        )
    return ids


def read(flag, path, column, ids):
    r"""Read the value of each example that a file names.

    Args:
        flag: the flag that gives the file, for the error message.
        path: the file, a sheet with the columns `id` and `column`; see
            `sheet.read`.
        column: the name of the column with the values.
        ids: the ids of all examples.

    Returns:
        Dictionary of id to text, without the spaces around it.

    Raises:
        UserError: the file can't be read, lacks a column, names an unknown
            id or one twice, or has an empty value; the message names the
            file and the line.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w") as file:
    ...     print("id,weight", "a,2.5", sep="\n", file=file, flush=True)
    ...     read("--example_weight", file.name, "weight", ["a", "b"])
    {'a': '2.5'}
    """
    try:
        return _values(path, column, set(ids))
    except errors.UserError as error:
        raise errors.UserError(f"{flag}: {error}") from error


def _values(path, column, ids):
    values = {}
    for line, cells in sheet.read(path, ["id", column]):
        key, value = cells["id"], cells[column].strip()
        if key not in ids:  # As `file_sets` has names.
            name = unicodedata.normalize("NFC", key.strip())
            key = name if name in ids else name.replace("\\", "/")
        where = f"{path}: line {line}"
        if key not in ids:
            raise errors.UserError(
                f"{where}: no example has the id {key!r}; they are such as "
                f"{min(ids)!r}"
            )
        if key in values:
            raise errors.UserError(
                f"{where}: the id {key!r} again; leave one of the lines"
            )
        if not value:
            raise errors.UserError(
                f"{where}: no {column} for {key!r}; give one, or take the "
                "line out"
            )
        values[key] = value
    return values
