"""CSV files that people wrote, with any spreadsheet."""

import collections
import csv
import io
import math
import pathlib
import re
import unicodedata

from kerasnotes import errors, files
from kerasnotes.data.common import encodings

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
HEAD = 2**16
_LARGEST = 2**26
LONGEST_LINE = 2**20
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def read(path, columns, data=None):
    r"""Read a sheet: a line of column names, then rows of cells.

    The cells are parted by commas, semicolons or tabs, the text is UTF-8,
    with or without a byte-order mark, or UTF-16 with one. Rows without any
    text are left out, and cells that a row lacks at its end are empty. The
    apostrophe by which `files.write_csv` escapes a formula is taken away.

    Args:
        path: the file.
        columns: the columns that it must have; it may have more.
        data: its bytes, where `path` is its name in an archive; or None.

    Returns:
        A list of `(line, cells)`: the line where the row starts, from 1, and
        a dictionary of column name to text.

    Raises:
        UserError: the file can't be read, is of another encoding, lacks a
            column or names one twice, has a row longer than the header, or
            is over 64 MiB or a line of it over 1 MiB; the message names the
            file and the line.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w") as file:
    ...     print("id;label", "a;three", sep="\n", file=file, flush=True)
    ...     read(file.name, ["id", "label"])
    [(2, {'id': 'a', 'label': 'three'})]
    """
    text = _text(path, _bytes(path) if data is None else data)
    delimiter = delimiter_of(text[:HEAD], columns)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True
    )
    rows, line = [], 1
    try:
        for cells in reader:
            cells = [files.unescaped_cell(cell) for cell in cells]
            if line == 1:
                check_header(path, cells)
                header = _header(path, cells, columns)
            elif any(cell.strip() for cell in cells):
                rows.append((line, _row(path, line, header, cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise errors.UserError(
            f"{path}: line {line}: not CSV ({error}); mend the line"
        ) from error
    if line == 1:
        raise errors.UserError(
            f"{path}: empty; line 1 names the columns {', '.join(columns)}"
        )
    return rows


def _bytes(path):
    try:
        with open(pathlib.Path(path).expanduser(), "rb") as file:
            return file.read(_LARGEST + 1)
    except OSError as error:
        raise errors.UserError(
            f"{path}: can't be read: {error.strerror}; give a CSV file"
        ) from error


def _text(path, data):
    encoding = encoding_of(path, data)
    _check_lines(path, data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise errors.UserError(
            f"{path}: line {line}: not UTF-8 text; save the sheet as CSV in "
            "UTF-8"
        ) from error
    if "\0" in text:
        raise nul(path, text.count("\n", 0, text.index("\0")) + 1)
    return text


def encoding_of(path, head):
    """Return the encoding of a sheet.

    Args:
        path: the file, for the error message.
        head: its first bytes.

    Raises:
        UserError: it is no text, or UTF-16 without a byte-order mark.
    """
    if table := encodings.binary_table(head):
        raise errors.UserError(
            f"{path}: line 1: {table}; save it as CSV in UTF-8"
        )
    if encodings.is_compressed(head):
        raise errors.UserError(
            f"{path}: line 1: a compressed file; unpack it first"
        )
    if encodings.has_utf32_mark(head):
        return "utf-32"
    if encodings.has_utf16_mark(head):
        return "utf-16"
    if encodings.is_utf16(head):
        raise errors.UserError(
            f"{path}: line 1: UTF-16 without a byte-order mark, it seems; "
            "save the sheet as CSV in UTF-8"
        )
    return "utf-8-sig"


def check_header(path, cells):
    """Refuses the line `sep=;` with which Excel is told the separator.

    Raises:
        UserError: the first line is that.
    """
    if "".join(cells[:1]).strip().lower().startswith("sep="):
        raise errors.UserError(
            f"{path}: line 1: Excel's line that names the separator, above "
            "the columns' names; delete it"
        )


def nul(path, number):
    """Return the error for a line with a NUL byte."""
    return errors.UserError(
        f"{path}: line {number}: a NUL byte, which no text has; mend the "
        "line, or get the file anew"
    )


def _check_lines(path, data):
    if len(data) > _LARGEST:
        raise errors.UserError(
            f"{path}: over {_LARGEST // 2**20} MiB; give a smaller sheet"
        )
    for number, line in enumerate(io.BytesIO(data), 1):
        # A cell of one letter takes a hundred times its room.
        if len(line) > LONGEST_LINE:
            raise too_long(path, number)


def number(text):
    """Return the number that a cell holds.

    Python itself reads `12_3` as 123, and the digits of any script.

    Raises:
        ValueError: it is no decimal number in the digits 0 to 9, or so large
            or small that float64 has infinity or 0 in its place.

    >>> number(" -1.5e3 ")
    -1500.0
    >>> number("12_3")
    Traceback (most recent call last):
    ValueError: '12_3' is no number
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no number")
    value = float(text)
    mantissa = text.lower().partition("e")[0]
    if math.isinf(value) or (not value and mantissa.strip(" +-.0")):
        raise ValueError(
            f"{text!r} is outside of 5e-324 to 1.8e+308, which float64 holds"
        )
    return value


def column_name(cell):
    """Return a column's name as it is compared: without spaces around, NFC."""
    return unicodedata.normalize("NFC", cell.strip())


def are_numbers(names):
    """Says whether names of columns can only be a first row of numbers.

    Whole numbers may be names.

    >>> are_numbers(["5.1", "0"]), are_numbers(["2019", "2020"])
    (True, False)
    """
    try:
        numbers = list(map(number, names))
    except ValueError:
        return False
    return any("." in name for name in names) or min(numbers, default=0) < 0


def too_long(path, number):
    """Return the error for a line that is too long to be parted."""
    return errors.UserError(
        f"{path}: line {number}: over {LONGEST_LINE // 2**20} MiB; end each "
        "row with a line break"
    )


def delimiter_of(text, columns=()):
    r"""Return what parts the cells of a sheet: a comma, semicolon or tab.

    Args:
        text: how the sheet begins.
        columns: names of columns that it should have.

    >>> delimiter_of('"size, m²";price\n"70,5";3')
    ';'
    """
    return max(DELIMITERS, key=lambda mark: _fit(text, mark, columns))


def _fit(text, delimiter, columns):
    """Return how well a delimiter parts the header, and the next row."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True
    )
    header = _cells(reader)
    count = len(header)
    alike = count > 1 and len(_cells(reader)) == count
    return len(set(columns) & set(header)), alike, count


def _cells(reader):
    """Return the next row's cells, or none where it can't be parted."""
    try:
        return [cell.strip() for cell in next(reader, [])]
    except csv.Error:
        return []


def _header(path, cells, columns):
    header = list(map(column_name, cells))
    for name in columns:
        count = header.count(name)
        if count != 1:
            problem = f"{count} columns {name!r}" if count else f"no {name!r}"
            raise errors.UserError(
                f"{path}: line 1: {problem} among the columns "
                f"{', '.join(filter(None, header))}; it needs one each of "
                f"{', '.join(columns)}"
            )
    for name, count in collections.Counter(filter(None, header)).items():
        if count > 1:
            raise errors.UserError(
                f"{path}: line 1: {count} columns {name!r}; give each a name "
                "of its own"
            )
    return header


def _row(path, line, header, cells):
    if any(cell.strip() for cell in cells[len(header) :]):
        raise errors.UserError(
            f"{path}: line {line}: {len(cells)} cells under {len(header)} "
            "column names; put text with delimiters into double quotes"
        )
    cells = cells[: len(header)] + [""] * (len(header) - len(cells))
    return dict(zip(header, cells, strict=True))
