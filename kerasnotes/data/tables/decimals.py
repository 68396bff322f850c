"""The numbers of a table, with decimal points or decimal commas."""

import re

from kerasnotes import errors
from kerasnotes.data.common import sheet

_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")
_PART = r"[+-]?[1-9][0-9]{0,2}"
_MAYBE_THOUSANDS = re.compile(rf"{_PART},[0-9]{{3}}")
_THOUSANDS = re.compile(
    rf"{_PART}([.,'’ \u00a0\u202f][0-9]{{3}})+([.,][0-9]+)?"
)


class Decimals:
    """Reads the cells of a table, all with the same decimal mark.

    A comma is a decimal comma where no cell has a decimal point, and some
    cell's comma can't part thousands, as in `1,5` or `0,125`. Separators of
    thousands are refused.

    Args:
        path: the file, for error messages.

    >>> numbers = Decimals("t.csv")
    >>> numbers.number(2, "a", "1,5"), numbers.number(3, "a", "2")
    (1.5, 2.0)
    >>> numbers.has_commas()
    True
    """

    def __init__(self, path):
        self._path = path
        self._point = self._comma = None
        self._is_decimal = False

    def number(self, line, name, text):
        """Return the number that a cell holds.

        Args:
            line: the cell's line.
            name: its column.
            text: what it holds.

        Raises:
            UserError: it is no number, or one that float64 can't hold.
        """
        text = text.strip()
        try:
            number = sheet.number(text)
            if "." in text:
                self._point = self._point or (line, name, text)
            return number
        except ValueError as error:
            if not _COMMA.fullmatch(text):
                raise self._refusal(line, name, text, error) from error
        return self._with_comma(line, name, text)

    def has_commas(self):
        """Says of a file whose cells are all read: it has decimal commas.

        Raises:
            UserError: some cells have commas and some points, or commas that
                may as well part thousands.
        """
        if not self._comma:
            return False
        line, name, text = self._comma
        where = f"{self._path}: line {line}, column {name!r}: {text!r}"
        if self._point:
            other, _, point = self._point
            raise errors.UserError(
                f"{where} has a comma, and line {other} has a decimal point, "
                f"{point!r}; write all numbers with points, thousands without "
                "a separator"
            )
        if not self._is_decimal:
            raise errors.UserError(
                f"{where} may be {text.replace(',', '.')} or "
                f"{text.replace(',', '')}; write numbers with decimal points, "
                "thousands without a separator"
            )
        return True

    def has_points(self):
        """Says of a file whose cells are all read: it has decimal points."""
        return self._point is not None

    def _with_comma(self, line, name, text):
        self._comma = self._comma or (line, name, text)
        self._is_decimal |= not _MAYBE_THOUSANDS.fullmatch(text)
        try:
            return sheet.number(text.replace(",", "."))
        except ValueError as error:
            raise self._refusal(line, name, text, error) from error

    def _refusal(self, line, name, text, error):
        reason, way = error if text else "is empty", "put a number there"
        if _THOUSANDS.fullmatch(text):
            way = "write thousands without a separator"
        return errors.UserError(
            f"{self._path}: line {line}, column {name!r}: {reason}; {way}, or "
            "take the row or the column out"
        )
