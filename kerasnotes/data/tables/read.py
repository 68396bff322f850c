"""Tables of numbers, and their sides as batches."""

import array
import collections
import contextlib
import csv
import dataclasses
import io
import pathlib

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import built_in, sheet
from kerasnotes.data.tables import decimals

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
        target = sheet.column_name(target)
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

        diabetes = datasets.load_diabetes(scaled=False)
        values = np.column_stack([diabetes.data, diabetes.target])
        names = [*diabetes.feature_names, "progression"]
        names, places = _columns(dataset, names, columns)
        ids = [str(i) for i in range(len(values))]
        return Table(names, values[:, places], ids)
    if not pathlib.Path(dataset).expanduser().exists():
        raise errors.UserError(
            f"--dataset={dataset}: no such file; give a CSV file, or diabetes"
        )
    table, note = _read(dataset, columns)
    if note:
        print(errors.printable(f"{dataset}: {note}"))
    if len(table.names) < 2:
        raise errors.UserError(
            f"{dataset}: line 1 names one column, {table.names[0]!r}; give an "
            "input and a target at least, with commas, semicolons or tabs "
            "between"
        )
    if len(table.ids) < _FEWEST:
        raise errors.UserError(
            f"{dataset}: {len(table.ids)} rows below the header are too few "
            f"to learn from; give {_FEWEST} at least"
        )
    return table


def read(path, columns=None):
    """Read a CSV file: a line of names, then numbers.

    Commas, semicolons or tabs part the cells; the text is UTF-8, or UTF-16
    with a byte-order mark. Rows without any text are left out. Numbers have
    decimal points or decimal commas, see `decimals.Decimals`.

    Args:
        path: the file.
        columns: the names of the columns to read; None for all.

    Returns:
        The `Table`.

    Raises:
        UserError: the file can't be read, lacks a column or names one twice,
            a line is over 1 MiB, or a row has a cell too many or too few, or
            one that is no finite number; the message names the line and the
            column.
    """
    return _read(path, columns)[0]


def _read(path, columns):
    """Return the `Table`, and how its file is written, where not by commas."""
    values, ids = array.array("d"), []
    numbers = decimals.Decimals(path)
    try:
        with _text(path, columns) as (file, delimiter):
            lines = _lines(path, file)
            reader = csv.reader(
                lines, delimiter=delimiter, strict=True, skipinitialspace=True
            )
            header = list(map(sheet.column_name, next(reader, [])))
            names, places = _columns(path, header, columns)
            line = reader.line_num + 1
            for row in reader:
                if any(cell.strip() for cell in row):
                    _check_length(f"{path}: line {line}", row, header)
                    values.extend(
                        numbers.number(line, header[i], row[i]) for i in places
                    )
                    ids.append(str(line))
                line = reader.line_num + 1
    except OSError as error:
        raise errors.UserError(
            f"{path}: can't be read: {error.strerror}; give a CSV file"
        ) from error
    except csv.Error as error:
        raise errors.UserError(
            f"{path}: line {reader.line_num}: not CSV ({error}); mend the line"
        ) from error
    except UnicodeError as error:
        raise errors.UserError(
            f"{path}: not a CSV file in UTF-8 ({error}); save it as one"
        ) from error
    ways = [f"{sheet.DELIMITERS[delimiter]} between the cells"]
    if numbers.has_commas():
        ways.append("decimal commas")
    elif delimiter == ";" and numbers.has_points():
        # Where semicolons part cells, points often part thousands.
        ways.append("decimal points")
    note = "" if ways == ["commas between the cells"] else ", ".join(ways)
    table = Table(names, np.array(values).reshape(len(ids), len(names)), ids)
    return table, note


@contextlib.contextmanager
def _text(path, columns):
    """Yield a file as text, and its delimiter, by what it begins with."""
    with open(
        pathlib.Path(path).expanduser(), "rb", buffering=sheet.HEAD
    ) as file:
        # A pipe can't be read again.
        head = file.peek()
        encoding = sheet.encoding_of(path, head)
        text = head.decode(encoding, "ignore")
        delimiter = sheet.delimiter_of(text, columns or ())
        yield io.TextIOWrapper(file, encoding, newline=""), delimiter


def _lines(path, file):
    number = 0
    while line := file.readline(sheet.LONGEST_LINE + 1):
        number += 1
        if len(line) > sheet.LONGEST_LINE:
            raise sheet.too_long(path, number)
        if "\0" in line:
            raise sheet.nul(path, number)
        yield line


def _check_length(where, row, header):
    if len(row) != len(header):
        raise errors.UserError(
            f"{where}: {len(row)} cells, where the header names "
            f"{len(header)} columns; mend the line"
        )


def _columns(path, header, columns):
    """Return the names of the columns to read, and their places."""
    if not any(header):
        raise errors.UserError(f"{path}: empty; line 1 must name the columns")
    sheet.check_header(path, header)
    for name, count in collections.Counter(header).items():
        if not name:
            raise errors.UserError(
                f"{path}: line 1: column {header.index(name) + 1} of "
                f"{len(header)} has no name; name it, or take the column out"
            )
        if count > 1:
            raise errors.UserError(
                f"{path}: line 1: {count} columns {name!r}; give each a name "
                "of its own"
            )
    columns = list(map(sheet.column_name, columns or []))
    if sheet.are_numbers(header):
        raise errors.UserError(
            f"{path}: line 1 holds numbers, as {header[0]}, where the columns' "
            "names are to stand; put a line of names before it"
        )
    for name in columns:
        if name not in header:
            raise errors.UserError(
                f"{path}: no column {name!r}; it has {', '.join(header)}"
            )
    names = list(columns or header)
    places = {name: place for place, name in enumerate(header)}
    return names, [places[name] for name in names]
