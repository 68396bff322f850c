"""Tables of numbers, and their sides as batches."""

import array
import collections
import csv
import dataclasses
import pathlib

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import built_in, sheet

_FEWEST = 10


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of numbers under names.

    Attributes:
        names: the name of each column.
        values: float64 `[rows, columns]`.
        ids: where each row is found: its line in the file, from 1, or its
            index in scikit-learn's set, from 0; as text.
    """

    names: list
    values: np.ndarray
    ids: list

    def split(self, target=None, flag="--target"):
        """Parts the inputs from the target.

        Args:
            target: the name of a column; None for the last.
            flag: the flag that names it, for the error message.

        Returns:
            `(inputs, y)`: a `Table` without that column, and the column.

        Raises:
            UserError: there is no such column.

        >>> table = Table(["a", "b"], np.array([[1.0, 2.0]]), ["2"])
        >>> table.split("a")[0].names
        ['b']
        """
        target = self.names[-1] if target is None else target
        if target not in self.names:
            raise errors.unknown(flag, target, self.names)
        at = self.names.index(target)
        names = self.names[:at] + self.names[at + 1 :]
        values = np.delete(self.values, at, axis=1)
        return Table(names, values, self.ids), self.values[:, at]


def load(dataset, columns=None):
    """Load a table to learn from.

    Args:
        dataset: `diabetes`, the 442 patients that scikit-learn carries, whose
            last column is how far the disease went in a year; or the path of
            a CSV file, see `read`.
        columns: the names of the columns to take; None for all.

    Raises:
        UserError: there is no such file, `read` refuses it, or it has fewer
            than 10 rows or 2 columns.

    >>> load("diabetes").values.shape
    (442, 11)
    """
    if dataset == "diabetes":
        built_in.tell(dataset)
        from sklearn import datasets

        found = datasets.load_diabetes(scaled=False)
        values = np.column_stack([found.data, found.target])
        names = [*found.feature_names, "progression"]
        names, places = _columns(dataset, names, columns)
        ids = [str(i) for i in range(len(values))]
        return Table(names, values[:, places], ids)
    if not pathlib.Path(dataset).expanduser().exists():
        raise errors.UserError(
            f"--dataset={dataset}: no such file; give a CSV file, or diabetes"
        )
    table = read(dataset, columns)
    if len(table.names) < 2:
        raise errors.UserError(
            f"{dataset}: line 1 names one column, {table.names[0]!r}; give an "
            "input and a target at least, with commas between"
        )
    if len(table.ids) < _FEWEST:
        raise errors.UserError(
            f"{dataset}: {len(table.ids)} rows below the header are too few "
            f"to learn from; give {_FEWEST} at least"
        )
    return table


def read(path, columns=None):
    """Read a CSV file: a line of names, then numbers; commas between.

    Args:
        path: the file, UTF-8.
        columns: the names of the columns to read; None for all.

    Returns:
        The `Table`.

    Raises:
        UserError: the file can't be read, lacks a column or names one twice,
            a line is over 1 MiB, or a row has a cell too many or too few, or
            one that is no finite number; the message names the line and the
            column.
    """
    values, ids = array.array("d"), []
    try:
        path_ = pathlib.Path(path).expanduser()
        with open(path_, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_lines(path, file), strict=True)
            header = [name.strip() for name in next(reader, [])]
            names, places = _columns(path, header, columns)
            for row in filter(None, reader):
                where = f"{path}: line {reader.line_num}"
                if len(row) != len(header):
                    raise errors.UserError(
                        f"{where}: {len(row)} cells, where the header names "
                        f"{len(header)} columns; mend the line"
                    )
                values.extend(_number(where, header[i], row[i]) for i in places)
                ids.append(str(reader.line_num))
    except OSError as error:
        raise errors.UserError(
            f"{path}: can't be read: {error.strerror}; give a CSV file"
        ) from error
    except csv.Error as error:
        raise errors.UserError(
            f"{path}: line {reader.line_num}: not CSV ({error}); mend the line"
        ) from error
    except UnicodeDecodeError as error:
        raise errors.UserError(
            f"{path}: not a CSV file in UTF-8 ({error}); save it as one"
        ) from error
    return Table(names, np.array(values).reshape(len(ids), len(names)), ids)


def _lines(path, file):
    number = 0
    while line := file.readline(sheet.LONGEST_LINE + 1):
        number += 1
        if len(line) > sheet.LONGEST_LINE:
            raise sheet.too_long(path, number)
        yield line


def _columns(path, header, columns):
    """Return the names of the columns to read, and their places."""
    for name, count in collections.Counter(header).items():
        if not name or count > 1:
            raise errors.UserError(
                f"{path}: line 1 names a column {name!r} more than once or "
                "not at all; give each column a name of its own"
            )
    if not header:
        raise errors.UserError(f"{path}: empty; line 1 must name the columns")
    for name in columns or []:
        if name not in header:
            raise errors.UserError(
                f"{path}: no column {name!r}; it has {', '.join(header)}"
            )
    names = list(columns or header)
    places = {name: place for place, name in enumerate(header)}
    return names, [places[name] for name in names]


def _number(where, name, text):
    try:
        return sheet.number(text)
    except ValueError as error:
        found = error if text.strip() else "is empty"
        raise errors.UserError(
            f"{where}, column {name!r}: {found}; put a number there, or take "
            "the row or the column out"
        ) from error
