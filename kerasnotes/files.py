"""Files that are whole or absent, whatever happens while they are written."""

import contextlib
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import zlib

from kerasnotes import errors

# Those of full width too, which spreadsheets of East Asia take alike.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_END = "\r\n"
_SEAL = "checksum"
_REASONS = (
    "No space left on device",
    "Permission denied",
    "Read-only file system",
)


@contextlib.contextmanager
def aside(path):
    """Yield a path to write to, and rename it to `path` when all is well.

    A reader sees the old file or the new one, never a part.
    """
    path = pathlib.Path(path)
    # The suffix stays last: some writers choose their format by it.
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _sync(partial)
        os.replace(partial, path)
    except Exception as error:
        # Libraries tell of a full disk in errors of their own.
        reasons = [reason for reason in _REASONS if reason in str(error)]
        if not (reasons or isinstance(error, OSError)):
            raise
        reason = reasons[0] if reasons else error.strerror or error
        raise errors.UserError(
            f"{path}: can't be written: {reason}; make room or give another "
            "folder"
        ) from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        elif partial.exists():
            partial.unlink()


@contextlib.contextmanager
def aside_folder(path):
    """Like `aside`, for a folder that a library writes."""
    path = pathlib.Path(path)
    old = path.with_name(f".partial-{os.getpid()}-old-{path.name}")
    try:
        with aside(path) as partial:
            yield partial
            if path.exists():
                # To delete it takes long enough to be killed halfway.
                os.replace(path, old)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        elif old.exists():
            shutil.rmtree(old)


def _sync(path):
    """Brings a file, or all files of a folder, down to the disk.

    Without this a machine that dies may leave a file's name and no content.
    """
    for name in [path, *path.rglob("*")]:
        if name.is_file():
            with open(name, "rb") as file:
                os.fsync(file.fileno())


def digest(path):
    """Return the SHA-256 of a file, or None where there is none."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path, data):
    """Write `data` to `path` whole."""
    with aside(path) as partial, open(partial, "wb") as file:
        file.write(data)


def write_json(path, value):
    """Write `value` as JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=True)
    write_bytes(path, (text + "\n").encode())


def read_json(path):
    """Read a JSON file of ours.

    Raises:
        UserError: it isn't there, or no JSON.
    """
    try:
        return json.loads(pathlib.Path(path).read_bytes())
    except OSError as error:
        raise errors.UserError(
            f"{path}: can't be read: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise errors.UserError(
            f"{path}: not valid JSON ({error}); restore it, or start anew "
            "with --overwrite"
        ) from error


def write_sealed(path, value):
    """Write a dictionary as JSON, with a checksum of the rest of it."""
    write_json(path, value | {_SEAL: _checksum(json.loads(json.dumps(value)))})


def read_sealed(path):
    """Read what `write_sealed` wrote, without the checksum.

    Raises:
        UserError: it isn't there, no JSON, or has been changed.
    """
    value = read_json(path)
    seal = value.pop(_SEAL, None) if isinstance(value, dict) else None
    try:
        intact = seal is not None and seal == _checksum(value)
    except RecursionError:
        intact = False
    if not intact:
        raise errors.UserError(
            f"{path}: not as it was written: its checksum differs or is "
            "absent; restore it, or start anew with --overwrite"
        )
    return value


def _checksum(value):
    text = json.dumps(value, sort_keys=True)
    return f"{zlib.crc32(text.encode()):08x}"


def write_csv(path, rows, columns=None):
    """Write dictionaries as CSV.

    Args:
        path: the file.
        rows: the dictionaries.
        columns: their keys in order; default those that any row has.
    """
    columns = columns or list(dict.fromkeys(k for row in rows for k in row))
    text = csv_text([columns, *([r.get(c, "") for c in columns] for r in rows)])
    write_bytes(path, text.encode())


def csv_text(rows):
    """Return rows of cells as CSV that a spreadsheet takes as it stands.

    Args:
        rows: lists of numbers and texts.

    >>> print(csv_text([["id", "score"], ["=1+1", -0.5]]), end="")
    id,score
    '=1+1,-0.5
    """
    text = io.StringIO()
    # Cells with an end of a line as in the terminator get quotes: a bare one
    # would begin a row, and maybe a formula.
    writer = csv.writer(text, lineterminator=_END)
    for row in rows:
        writer.writerow(map(escaped_cell, row))
        text.seek(text.tell() - len(_END))
        text.write("\n")
    text.truncate()
    return text.getvalue()


def escaped_cell(value):
    """Return a cell that no spreadsheet runs or evaluates as a formula.

    Texts that begin as a formula does get an apostrophe before them; numbers
    stay.

    Args:
        value: a number or a text.

    >>> [escaped_cell(v) for v in ("=A1", "-0.5", -0.5, "- yes", "'@a")]
    ["'=A1", '-0.5', -0.5, "'- yes", "''@a"]
    """
    if isinstance(value, str) and _FORMULA.match(value):
        return value if _NUMBER.fullmatch(value) else f"'{value}"
    return value


def unescaped_cell(text):
    """Return the text of which `escaped_cell` made a cell.

    >>> [unescaped_cell(t) for t in ("'=A1", "-0.5", "''@a", "'tis")]
    ['=A1', '-0.5', "'@a", "'tis"]
    """
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text
