"""A folder of pictures, and a sheet that says which labels each has."""

import pathlib
import unicodedata

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import file_sets, sheet
from kerasnotes.data.pictures import multi_examples, read_files

SHEET = "labels.csv"
_FILE = "file"
_CELLS = {
    **dict.fromkeys(("1", "1.0", "yes", "true"), multi_examples.YES),
    **dict.fromkeys(("0", "0.0", "no", "false"), multi_examples.NO),
    "": multi_examples.UNKNOWN,
}
# With more missing than this share, the sheet is another folder's.
_MISSING = 0.1


def read(
    path,
    size=32,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read a folder of pictures with its `labels.csv`.

    The sheet's column `file` holds paths below the folder; every other
    column is a label, its cells 1, yes or true; 0, no or false; or blank
    where it isn't known. Rows that know nothing, up to a tenth of pictures
    that aren't there, those that can't be decoded, and pictures that the
    sheet doesn't name are skipped.

    Args:
        path: the folder.
        size: the side wanted, or `(height, width)`.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.

    Returns:
        The `MultiExamples`, in the sheet's order; ids are the paths.

    Raises:
        UserError: the folder or its sheet is missing, the sheet names a
            file twice, has no label, or a cell that is none of those above,
            or more than a tenth of its pictures are missing.
    """
    source = file_sets.Files(path)
    place = pathlib.Path(path).expanduser() / SHEET
    rows, names = _rows(place)
    there = set(source.names)
    missing = [name for name in rows if name not in there]
    if len(missing) > _MISSING * len(rows):
        raise errors.UserError(
            f"{place}: line {rows[missing[0]][0]}: no file {missing[0]!r} in "
            f"the folder; {len(missing)} of {len(rows)} are missing; paths "
            "begin below the folder"
        )
    skipped = [*source.skipped, *((name, "missing") for name in missing)]
    skipped += [(n, f"not in {SHEET}") for n in there - {*rows, SHEET}]
    blank = [n for n, (_, known) in rows.items() if max(known) < 0]
    skipped += [(n, "no label known") for n in blank if n in there]
    wanted = [n for n in rows if n in there and n not in set(blank)]
    if not wanted:
        raise errors.UserError(
            f"{place}: no row knows a label of a picture that is there; write "
            "1 or 0"
        )
    images, readable, broken = read_files.read_all(
        source, wanted, size, channels, mode, cache_dir, cache
    )
    labels = np.array([rows[name][1] for name in readable], np.int8)
    return multi_examples.MultiExamples(
        images,
        labels.reshape(len(readable), len(names)),
        readable,
        names,
        skipped=sorted([*skipped, *broken]),
    )


def _rows(place):
    """Return a dictionary of file to line and labels, and their names."""
    rows, names = {}, []
    for line, cells in sheet.read(place, [_FILE]):
        where = f"{place}: line {line}"
        name = cells.pop(_FILE).strip().replace("\\", "/").removeprefix("./")
        name = unicodedata.normalize("NFC", name)  # As `file_sets` has names.
        if not name:
            raise errors.UserError(f"{where}: names no file; mend the line")
        if name in rows:
            raise errors.UserError(
                f"{where}: {name!r} again, first on line {rows[name][0]}; "
                "keep one of the two"
            )
        # A column without a name is empty, or numbers the rows.
        cells.pop("", None)
        if not cells:
            raise errors.UserError(
                f"{place}: line 1: no label; give a column for each beside "
                f"{_FILE!r}"
            )
        names = list(cells)
        rows[name] = line, [_value(where, *cell) for cell in cells.items()]
    if not rows:
        raise errors.UserError(f"{place}: no row below the names of columns")
    return rows, names


def _value(where, name, cell):
    try:
        return _CELLS[cell.strip().lower()]
    except KeyError as error:
        raise errors.UserError(
            f"{where}: {cell!r} in column {name!r} is neither yes nor no; "
            "write 1 or 0, or leave it blank where it isn't known"
        ) from error
