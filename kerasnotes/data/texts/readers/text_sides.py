"""Which texts of a folder or archive are for which side, by their names."""

from kerasnotes import errors

SIDES = {
    "train": "train",
    "dev": "dev",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "test": "test",
}
"""What a file's name may begin with, and the side that it tells."""

HEAD = 2**16
"""How many bytes tell what a file is."""

_LINES = 20
# No languages.
_TABLES = ("csv", "json", "jsonl", "tab", "tsv")
# What lies about beside data.
_OTHERS = ("cfg", "log", "md", "py", "sh", "yaml", "yml")


def find(path, source, first=None, second=None):
    """Return the names of each side's texts: two, or one with tabs.

    Args:
        path: the folder or archive, for the error message.
        source: its `files.Files`.
        first: the language of the sources, or None.
        second: that of the targets, or None.

    Raises:
        UserError: there are several texts for a side, or texts in more than
            two languages.
    """
    texts = _languages(path, source)
    train = texts.get("train", {})
    both = sorted(s for s in train if _is_wanted(s, first, second))
    if len(both) == 2:
        return {
            side: [names[language] for language in both]
            for side, names in texts.items()
            if set(both) <= set(names)
        }
    sides = _with_tabs(path, source)
    if not sides and len(train) > 2:
        raise errors.UserError(
            f"--dataset: {path} holds texts in {len(train)} languages to "
            f"train on, {', '.join(map(repr, train.values()))}; choose two by "
            "--source=xx --target=yy"
        )
    return sides


def left_out(source, texts_used):
    """Return a name that tells a side but isn't used for it, or None.

    That is one with the suffix of those used, or of a side that is missing.

    Args:
        source: a `files.Files`.
        texts_used: what `find` returns.
    """
    used = {name for names in texts_used.values() for name in names}
    sides, suffixes = zip(*map(_side, used), strict=True) if used else ((), ())
    for name in source.names:
        side, suffix = _side(name)
        if side and name not in used:
            if suffix in suffixes:
                return name
            if side not in sides and suffix.lower() not in _OTHERS:
                return name
    return None


def _side(name):
    """Return the side that a file's name tells, or None, and the rest."""
    stem, _, suffix = name.rpartition("/")[2].partition(".")
    return SIDES.get(stem.lower()), suffix


def languages(names):
    """Return what two files' names say of their languages.

    It is the last suffix of each, or all of it where these are the same.

    >>> languages(["set/train.en-de.de", "set/train.en-de.en"])
    ['de', 'en']
    >>> languages(["new.en", "old.en"]), languages(["train.a.en", "train.b.en"])
    (['en', 'en'], ['a.en', 'b.en'])
    """
    suffixes = [name.rpartition("/")[2].partition(".")[2] for name in names]
    last = [suffix.rpartition(".")[2] for suffix in suffixes]
    return last if len(set(last)) > 1 else suffixes


def _is_wanted(suffix, first, second):
    chosen = {suffix, suffix.rpartition(".")[2]} & {first, second}
    return chosen or not (first and second) or first == second


def _languages(path, source):
    """Return each side's texts `train.xx`: dictionaries of `xx` to name."""
    by_side = {}
    for name in source.names:
        side, suffix = _side(name)
        if side and suffix.lower() not in _TABLES + _OTHERS:
            names = by_side.setdefault(side, {})
            if suffix in names:
                raise errors.UserError(
                    f"--dataset: {path} holds several texts for {side}, "
                    f"{names[suffix]!r} and {name!r}; give a folder or archive "
                    "with one of them"
                )
            names[suffix] = name
    return by_side


def _with_tabs(path, source):
    """Return the name, in a list, of each side's text with tabs."""
    names = [name for name in source.names if _has_tabs(source, name)]
    if len(names) == 1:
        return {_side(names[0])[0] or "train": names}
    sides = {}
    for name in names:
        side, _ = _side(name)
        if side is None or side in sides:
            other = sides.get(side) or [n for n in names if n != name]
            first, second = sorted([other[0], name])
            raise errors.UserError(
                f"--dataset: {path} holds several texts with tabs, "
                f"{first!r} and {second!r}; give one of them, or name them "
                "train, dev and test"
            )
        sides[side] = [name]
    return sides


def _has_tabs(source, name):
    try:
        head = source.read(name, HEAD)
    except Exception:  # It is said where it is read.
        return False
    lines = [line for line in head.split(b"\n")[:_LINES] if line.strip()]
    return b"\0" not in head and 2 * sum(b"\t" in x for x in lines) > len(lines)
