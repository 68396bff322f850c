"""Pairs of texts from files: with tabs, or two that run side by side.

A text with tabs has a pair on each line, `source<TAB>target`; further columns
are ignored. It may lie in a zip archive or folder, where it is the only such
text, or one of `train`, `dev` (or `val`, `valid`, `validation`) and `test`,
of whatever suffix. A folder or archive with two texts `train.xx` and
`train.yy` has a source on each line of the first in alphabetical order, and
its target on the same line of the other; `dev` and `test` likewise. Texts are
UTF-8. What holds no pair is skipped; blank lines between pairs are ignored.
"""

import codecs
import functools
import pathlib

from kerasnotes import errors
from kerasnotes.data import files, pairs

_SIDES = {
    "train": "train",
    "dev": "dev",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "test": "test",
}
_HEAD, _LINES = 2**16, 20


def read(path):
    """Reads a text with tabs, or a folder or zip archive of texts.

    A folder that holds no such text but one zip archive is that archive.

    Args:
        path: the file or folder.

    Returns:
        The `Pairs`.

    Raises:
        UserError: it holds no such texts, several sets of them, no training
            set, or no pair.
    """
    path = pathlib.Path(path)
    if path.is_file() and path.suffix.lower() != ".zip":
        return _collect(path, {"train": [(path.name, path.read_bytes)]})
    source = files.Files(path)
    archives = source.archives()
    found = _side_by_side(source) or _with_tabs(path, source)
    if not found and len(archives) == 1:
        return read(archives[0])
    if "train" not in found:
        raise errors.UserError(
            f"--dataset: {path} holds no text with tabs to train on, nor "
            f"texts train.xx and train.yy, but {source.names[0]!r}; give a "
            "file with a source, a tab and a target on each line"
        )
    texts = {
        side: [
            (name.rpartition("/")[2], functools.partial(source.read, name))
            for name in names
        ]
        for side, names in found.items()
    }
    return _collect(path, texts)


def read_two(source, target):
    """Reads two texts that run side by side.

    Where they are named `train.xx` and `train.yy`, those beside them that
    are named `dev` and `test` with the same suffixes are official splits.

    Args:
        source: the path of the sources' file.
        target: that of the targets'.

    Returns:
        The `Pairs`.

    Raises:
        UserError: a file is missing, they differ in their number of lines,
            or hold no pair.
    """
    both = [pathlib.Path(p).expanduser() for p in (source, target)]
    found = {"train": both}
    names = [path.name.partition(".") for path in both]
    if all(stem == "train" for stem, _, _ in names):
        for stem, side in _SIDES.items():
            beside = [
                path.with_name(f"{stem}.{suffix}")
                for path, (_, _, suffix) in zip(both, names, strict=True)
            ]
            if all(path.exists() for path in beside):
                found.setdefault(side, beside)
    texts = {
        side: [(path.name, path.read_bytes) for path in paths]
        for side, paths in found.items()
    }
    return _collect(f"{source},{target}", texts)


def _collect(where, texts):
    """Makes `Pairs` of the named, not yet read texts of each side."""
    found = pairs.collect(
        {side: _rows(where, *named) for side, named in texts.items()}
    )
    if not found.ids:
        reason = "is empty"
        if found.skipped:
            reason = "holds no pair; the first line, {}: {}".format(
                *found.skipped[0]
            )
        raise errors.UserError(
            f"--dataset: {where} {reason}; write a source, a tab and a target "
            "on each line, in UTF-8"
        )
    return found


def _rows(where, first, second=None):
    """Yields ids and cells."""
    name, lines = first[0], _lines(where, *first)
    if second is None:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{name}:{number}", line.split(b"\t")
        return
    others = _lines(where, *second)
    if len(lines) != len(others):
        raise errors.UserError(
            f"--dataset: {where}: {name} has {len(lines)} lines and "
            f"{second[0]} has {len(others)}; line by line they are to "
            "translate one another"
        )
    for number, cells in enumerate(zip(lines, others, strict=True), 1):
        yield f"{name}:{number}", cells


def _lines(where, name, read_bytes):
    try:
        data = read_bytes()
    except Exception as error:  # Whatever zipfile or the disk raises.
        reason = getattr(error, "strerror", None) or error
        raise errors.UserError(
            f"--dataset: {where}: {name} can't be read: {reason}; check "
            "the file"
        ) from error
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _side(name):
    """Returns the side that a file's name tells, or None, and the rest."""
    stem, _, suffix = name.rpartition("/")[2].partition(".")
    return _SIDES.get(stem.lower()), suffix


def _side_by_side(source):
    """Returns the two names of each side, of texts `train.xx`, `train.yy`."""
    found = {}
    for name in source.names:
        side, suffix = _side(name)
        if side:
            found.setdefault(side, {})[suffix] = name
    languages = sorted(found.get("train", ()))
    if len(languages) != 2:
        return {}
    return {
        side: [names[language] for language in languages]
        for side, names in found.items()
        if sorted(names) == languages
    }


def _with_tabs(path, source):
    """Returns the name, in a list, of each side's text with tabs."""
    names = [name for name in source.names if _has_tabs(source, name)]
    if len(names) == 1:
        return {"train": names}
    found = {}
    for name in names:
        side, _ = _side(name)
        if side is None or side in found:
            raise errors.UserError(
                f"--dataset: {path} holds several texts with tabs, "
                f"{names[0]!r} and {names[1]!r}; give one of them, or name "
                "them train, dev and test"
            )
        found[side] = [name]
    return found


def _has_tabs(source, name):
    try:
        head = source.read(name, _HEAD)
    except Exception:  # It is said where it is read.
        return False
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()]
    return b"\0" not in head and 2 * sum(b"\t" in x for x in lines) > len(lines)
