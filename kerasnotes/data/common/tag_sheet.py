"""Sheets of examples that people tag by hand, in any spreadsheet."""

import dataclasses
import os
import pathlib
import re

from kerasnotes import errors, files
from kerasnotes.data.common import sheet

_HUMAN = ("tags", "comment")


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a sheet.

    Attributes:
        line: the line of the file that it begins on, from 1.
        id: the example's id.
        tags: the set of its tags.
        cells: a dictionary of column to text.
    """

    line: int
    id: str
    tags: frozenset
    cells: dict

    @property
    def human(self):
        """The cells that people filled: `tags` and all to its right."""
        names = list(self.cells)
        return {n: self.cells[n] for n in names[names.index("tags") :]}


def tags(text):
    """Return the tags of a cell: semicolons or commas between, any case.

    >>> sorted(tags(" Blurry;  wrong  LABEL, "))
    ['blurry', 'wrong label']
    """
    words = (" ".join(part.split()) for part in re.split("[;,]", text))
    return frozenset(word.casefold() for word in words if word)


def read(path):
    """Read a CSV file with the columns `id` and `tags`, see `sheet.read`.

    Args:
        path: the file.

    Returns:
        A list of `Row`s.

    Raises:
        UserError: `sheet.read` refuses the file, or a row has no id, or the
            id of another; the message names the line.
    """
    rows = {}
    for line, cells in sheet.read(path, ("id", "tags")):
        name = cells["id"].strip()
        if not name:
            raise errors.UserError(
                f"{path}: line {line}: no id; mend the line or delete it"
            )
        if name in rows:
            raise errors.UserError(
                f"{path}: line {line}: {name!r} again, first on line "
                f"{rows[name].line}; leave one of the lines"
            )
        rows[name] = Row(line, name, tags(cells["tags"]), cells)
    return list(rows.values())


def write(path, rows, others=(), columns=()):
    """Write a sheet; what people wrote in the one before stays.

    Tags, comments, and columns of their own to the right of `tags` move to
    the new row of their id. Where one has no new row, or the file can't be
    read, it is kept beside as `<name>-1`, `-2`, ….

    Args:
        path: the file.
        rows: a dictionary for each example, with its `id`.
        others: rows that join the sheet only where somebody wrote on them.
        columns: those that come first, of a sheet that may have no rows.

    Returns:
        `(kept, old)`: how many rows kept what people wrote, and the path
        under which the file before was kept, or None.
    """
    path = pathlib.Path(path)
    before, keep = {}, False
    if path.exists():
        try:
            reviewed = {row.id: row.human for row in read(path)}
            before = {k: v for k, v in reviewed.items() if "".join(v.values())}
        except errors.UserError:
            keep = True
    rows = [*rows, *(row for row in others if row["id"] in before)]
    lost = set(before) - {row["id"] for row in rows}
    old = _free(path) if lost or keep else None
    if old:
        os.replace(path, old)
    new = [before.get(row["id"], {}) | row for row in rows]
    answered = dict.fromkeys(k for row in rows for k in row)
    reviewed = dict.fromkeys(k for row in new for k in row)
    columns = list(
        dict.fromkeys(columns) | answered | dict.fromkeys(_HUMAN) | reviewed
    )
    files.write_csv(path, new, columns)
    return len(before) - len(lost), old


def _free(path):
    """Return the first name `<name>-1`, `-2`, … that is free."""
    number = 1
    while (free := path.with_stem(f"{path.stem}-{number}")).exists():
        number += 1
    return free
