"""Paths in the values of flags, which hold from any working directory."""

import os


def absolute(text, names=()):
    """Return a flag's value with the paths in it made absolute.

    It is a file or a folder, or several with commas between; what is neither
    stays as it is.

    Args:
        text: the value.
        names: what means something else, whatever lies there.

    >>> absolute("digits", ("digits",)), absolute("no/such/folder")
    ('digits', 'no/such/folder')
    """
    if text in names or not text.strip():
        return text
    if os.path.exists(os.path.expanduser(text)):
        return anywhere(text)
    parts = [anywhere(part.strip()) for part in text.split(",") if part.strip()]
    # One that holds a comma itself would be cut in two.
    joined = ",".join(parts)
    several = len(parts) == text.count(",") + 1 == joined.count(",") + 1 > 1
    return joined if several and all(map(os.path.exists, parts)) else text


def anywhere(text):
    """Return a local path made absolute, whether it exists or not.

    >>> anywhere("gs://bucket/sets"), anywhere("/tmp/../sets")
    ('gs://bucket/sets', '/sets')
    """
    return text if "://" in text else os.path.abspath(os.path.expanduser(text))


def are_in(text):
    """Return whether a value that `absolute` returned holds a path.

    >>> are_in("/data/a.en,/data/a.fr"), are_in("mnist:3.0.1")
    (True, False)
    """
    return any(map(os.path.isabs, _parts(text)))


def are_missing(text):
    """Return whether a path in a value isn't there.

    >>> are_missing("/no/such/folder"), are_missing("/"), are_missing("mnist")
    (True, False, False)
    """
    if os.path.exists(text):
        return False
    return any(
        os.path.isabs(part) and not os.path.exists(part)
        for part in _parts(text)
    )


def _parts(text):
    """Return what may be paths in a value, `name:key=value` included."""
    if os.path.isabs(text):
        return text.split(",")
    return [part.partition("=")[2] or part for part in text.split(",")]


def short(text):
    """Return a value as a title says it: its files' names, or its name.

    >>> short("/data/photos"), short("/data/a.en,/data/a.fr")
    ('photos', 'a.en,a.fr')
    >>> short("composed:foregrounds=/data/a,backgrounds=/data/b")
    'composed'
    """
    if not os.path.isabs(text):
        text = text.partition(":")[0]
    elif os.path.exists(text):
        return os.path.basename(text)
    return ",".join(map(os.path.basename, text.split(",")))
