"""Pairs of texts from files: with tabs, or two that run side by side.

A text with tabs has a pair on each line, `source<TAB>target`; further columns
are ignored. It may lie in a zip archive or folder, where it is the only such
text, or one of `train`, `dev` (or `val`, `valid`, `validation`) and `test`,
of whatever suffix. A folder or archive with two texts `train.xx` and
`train.yy` has a source on each line of one, and its target on the same line of
the other; `dev` and `test` likewise. Which is the source is what `--source` and
`--target` say, or the name of the folder, as `en-de`. Texts are UTF-8. What
holds no pair is skipped; blank lines between pairs are ignored. A text that is
named for a side but can't be used is an error.
"""

import codecs
import functools
import os
import pathlib

from kerasnotes import errors
from kerasnotes.data.common import encodings, file_sets
from kerasnotes.data.texts import direction, pairs
from kerasnotes.data.texts.readers import text_sides

# Enough to tell what a column holds.
_ROWS = 100


def read(path, source=None, target=None):
    """Read a text with tabs, or a folder or zip archive of texts.

    A folder that holds no such text but one zip archive is that archive.

    Args:
        path: the file or folder.
        source: the language to start from, of a folder or archive of texts
            `train.xx`; what its name says if None.
        target: the language to end in.

    Returns:
        The `Pairs`.

    Raises:
        UserError: it holds no such texts, several sets of them, no training
            set, a side that can't be used, or no pair, or nothing says
            which language becomes which.
    """
    path = pathlib.Path(path)
    if path.is_file() and path.suffix.lower() != ".zip":
        return _collect(path, {"train": [(path.name, path.read_bytes)]})
    contents = file_sets.Files(path)
    archives = contents.archives()
    sides = text_sides.find(path, contents, source, target)
    if not sides and len(archives) == 1:
        return read(archives[0], source, target)
    left = text_sides.left_out(contents, sides)
    if left:
        raise _unused(path, contents, sides, left)
    if "train" not in sides:
        raise errors.UserError(
            f"--dataset: {path} holds no text with tabs to train on, nor "
            f"texts train.xx and train.yy, but {contents.names[0]!r}; give a "
            "file with a source, a tab and a target on each line"
        )
    texts = {
        side: [
            (name.rpartition("/")[2], functools.partial(contents.read, name))
            for name in names
        ]
        for side, names in _directed(path, sides, source, target).items()
    }
    return _collect(path, texts)


def _directed(path, sides, source, target):
    """Return each side's names, the source's first."""
    if len(sides["train"]) == 1:
        return sides
    languages = text_sides.languages(sides["train"])
    stems = [name.rpartition(".")[0] for name in sides["train"]]
    names = [path.resolve().name, *stems]
    order = direction.choose(path, languages, source, target, names)
    if order == (*languages,):
        return sides
    return {side: both[::-1] for side, both in sides.items()}


def _unused(path, source, sides, name):
    """Return the error for a text that is named for a side, but left out."""
    _lines(path, name, functools.partial(source.read, name, text_sides.HEAD))
    why = "most of its first lines have no tab"
    if len(sides.get("train", ())) == 2:
        why = "each side takes two texts, named alike"
    elif not source.size(name):
        why = "it is empty"
    used = [repr(name) for names in sides.values() for name in names]
    beside = f" beside {', '.join(used)}" if used else ""
    return errors.UserError(
        f"--dataset: {path}: {name!r} can't be used{beside}: {why}; mend it, "
        "or move it away"
    )


def read_two(source, target):
    """Read two texts that run side by side.

    Where they are named `train.xx` and `train.yy`, those beside them that
    are named `dev` and `test` with the same suffixes are official splits.

    Args:
        source: the path of the sources' file.
        target: that of the targets'.

    Returns:
        The `Pairs`.

    Raises:
        UserError: a file is missing, they differ in their number of lines,
            or a side holds no pair.
    """
    # Unlike pathlib's, it leaves users that there aren't as they are.
    both = [pathlib.Path(os.path.expanduser(p)) for p in (source, target)]
    sides = {"train": both}
    names = [path.name.partition(".") for path in both]
    if all(stem == "train" for stem, _, _ in names):
        for stem, side in text_sides.SIDES.items():
            if side == "train":
                continue
            beside = [
                path.with_name(f"{stem}.{suffix}")
                for path, (_, _, suffix) in zip(both, names, strict=True)
            ]
            there = [path for path in beside if os.path.exists(path)]
            if len(there) == 1:
                (missing,) = {*beside} - {*there}
                raise errors.UserError(
                    f"--dataset: {there[0]} is an official {side} text, but "
                    f"{missing} isn't there; add it, or move the other away"
                )
            if there and side in sides:
                raise errors.UserError(
                    f"--dataset: there are several texts for {side}, "
                    f"{sides[side][0]} and {there[0]}; move one of them away"
                )
            if there:
                sides[side] = beside
    texts = {
        side: [(path.name, path.read_bytes) for path in paths]
        for side, paths in sides.items()
    }
    return _collect(f"{source},{target}", texts)


def _collect(where, texts):
    """Make `Pairs` of the named, not yet read texts of each side."""
    languages = text_sides.languages([name for name, _ in texts["train"]])
    collected = pairs.collect(
        {side: _rows(where, *named) for side, named in texts.items()},
        (*languages,) if len(set(languages)) == 2 and all(languages) else None,
    )
    official = collected.official or {"train": collected.ids}
    for side, named in texts.items():
        if not len(official[side]):
            name, reason = named[0][0], "is empty"
            skipped = [
                x for x in collected.skipped if x[0].startswith(f"{name}:")
            ]
            if skipped:
                reason = "holds no pair; the first of {} lines, {}: {}".format(
                    len(skipped), *skipped[0]
                )
            if len(texts) > 1:
                where = f"{where}: {name}"
            raise errors.UserError(
                f"--dataset: {where} {reason}; write a source, a tab and a "
                "target on each line, in UTF-8"
            )
    return collected


def _rows(where, first, second=None):
    """Yield ids and cells."""
    name, lines = first[0], _lines(where, *first)
    if second is None:
        _check_columns(where, name, lines)
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


def _check_columns(where, name, lines):
    """Refuses `id, text, id, text`, as whose pair an id and a text would go."""
    heads = [line.split(b"\t") for line in lines[:_ROWS] if line.strip()]
    if heads and all(
        len(cells) > 3 and cells[0].isdigit() and cells[2].isdigit()
        for cells in heads
    ):
        raise errors.UserError(
            f"--dataset: {where}: columns 1 and 3 of {name} are numbers, ids "
            "it seems, where the source and the target are to be columns 1 "
            f"and 2; take the texts: cut -f2,4 {name}"
        )


def _lines(where, name, read_bytes):
    try:
        data = read_bytes()
    except Exception as error:  # Whatever zipfile or the disk raises.
        reason = getattr(error, "strerror", None) or error
        raise errors.UserError(
            f"--dataset: {where}: {name} can't be read: {reason}; check "
            "the file"
        ) from error
    if table := encodings.binary_table(data):
        raise errors.UserError(
            f"--dataset: {where}: {name} is in {table}; save it as text with "
            "tabs, in UTF-8"
        )
    if encodings.is_compressed(data):
        raise errors.UserError(
            f"--dataset: {where}: {name} is compressed; unpack it first"
        )
    if encodings.is_utf16(data):
        raise errors.UserError(
            f"--dataset: {where}: {name} looks like UTF-16, not UTF-8; convert "
            "it: iconv -f UTF-16 -t UTF-8"
        )
    end = b"\n" if b"\n" in data else b"\r"
    lines = data.removeprefix(codecs.BOM_UTF8).split(end)
    return lines if lines[-1] else lines[:-1]
