"""From the name that a user gives to the pairs of texts."""

import os

from kerasnotes import errors
from kerasnotes.data.common import built_in
from kerasnotes.data.texts.readers import text_pairs


def load(dataset, data_dir=None, source=None, target=None):
    """Read pairs of texts.

    Args:
        dataset: `dates`; the path of a text file with tabs, or of a folder
            or zip archive of texts, or two paths with a comma between, see
            `readers.text_pairs`; or the name of a TFDS translation set.
        data_dir: where TFDS keeps its sets; its own default if None.
        source: the language to start from, where a folder or a TFDS set
            names its languages.
        target: the language to end in.

    Returns:
        The `Pairs`.

    Raises:
        UserError: there is no such set, or it can't be read, or no pair is
            in it, or nothing says which language becomes which.

    >>> load("no/such/file.txt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kerasnotes.errors.UserError: --dataset: no such file: 'no/such/file.txt'...
    """
    if dataset == "dates":
        built_in.tell(dataset)
        from kerasnotes.data.texts.readers import tfds as tfds_pairs

        return tfds_pairs.read_dates(data_dir)
    # Unlike pathlib's, these raise nothing for odd names.
    path = os.path.expanduser(dataset)
    if dataset.strip() and os.path.exists(path):
        return text_pairs.read(path, source, target)
    parts = [part.strip() for part in dataset.split(",")]
    if not all(parts):
        raise errors.UserError(
            f"--dataset: {_short(dataset)!r} lacks a name; give a file, a "
            "folder, or two files with a comma between: "
            "--dataset=train.en,train.fr"
        )
    if len(parts) == 2:
        return text_pairs.read_two(*parts)
    if _looks_like_a_path(dataset):
        raise errors.UserError(
            f"--dataset: no such file: {_short(dataset)!r}; check the path"
        )
    from kerasnotes.data.texts.readers import tfds as tfds_pairs

    return tfds_pairs.read(dataset, data_dir, source, target)


def _looks_like_a_path(text):
    name = text.partition(":")[0]
    parts = name.split("/")
    return len(parts) > 2 or name[:1] in ("", "/", "~") or "." in name


def _short(name):
    return name if len(name) <= 200 else f"{name[:100]}…{name[-100:]}"
