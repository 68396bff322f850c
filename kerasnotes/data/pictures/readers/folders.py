"""Folders and zip archives of pictures, a folder for each class."""

import collections

import numpy as np

from kerasnotes import errors
from kerasnotes.data.pictures import examples, find_files, read_files

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "dev": "dev",
    "test": "test",
    "testing": "test",
}


def read(
    path,
    size=32,
    channels=None,
    mode="stretch",
    cache_dir=None,
    cache="auto",
):
    """Read class folders of pictures of any size.

    Folders that only wrap another are descended; `train`, `val` (or `dev`,
    `valid`) and `test` above the class folders are official splits. A folder
    that holds one zip archive and no picture is that archive. What is no
    picture, lies outside the class folders or can't be decoded is skipped.

    Args:
        path: a folder or a zip archive.
        size: the side wanted, or `(height, width)`.
        channels: 1, 3, or None: 1 if every picture is grey, else 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        cache: see `examples.keeps`.

    Returns:
        The `Examples`; ids are the paths under the wrapping folders.

    Raises:
        UserError: the path is missing or empty, holds no pictures, or only
            one class, or a class without a whole picture, or folders that
            are parts of the data, not classes.
    """
    source = find_files.open_files(path)
    members, skipped = find_files.pictures(source)
    if not members:
        name, reason = skipped[0]
        raise errors.UserError(
            f"--dataset: {path} holds no pictures, but {len(skipped)} other "
            f"files (the first: {name!r}: {reason}); give a folder with a "
            "folder of pictures for each class."
        )
    root = _wrapper(members)
    _check_parts(path, members, root)
    members, outside = _sort(members, root)
    if not members:
        raise errors.UserError(
            f"--dataset: the pictures of {path} lie in no class folders; "
            "put each class in a folder of its name."
        )
    images, names, broken = read_files.read_all(
        source, list(members), size, channels, mode, cache_dir, cache
    )
    _check_lost(path, members, names, broken)
    classes = [members[name][1] for name in names]
    class_names, labels = np.unique(classes, return_inverse=True)
    labels, class_names = labels.astype(np.int64), class_names.tolist()
    return examples.Examples(
        images,
        labels,
        [name[len(root) :] for name in names],
        class_names,
        _official([members[name][0] for name in names], labels, class_names),
        sorted([*skipped, *outside, *broken]),
    )


def _wrapper(names):
    """Return the folders around the class folders, with their `/`."""
    root = ""
    while True:
        rest = [parts for parts in _below(names, root).values() if parts[1:]]
        tops = {parts[0] for parts in rest}
        if len(tops) != 1 or all(len(parts) < 3 for parts in rest):
            return root
        root += f"{tops.pop()}/"


def _below(names, root):
    """Return a dictionary of name to the parts of its path under `root`."""
    return {n: n[len(root) :].split("/") for n in names if n.startswith(root)}


def _check_parts(path, names, root):
    """Refuses top folders that are parts of the data, but no split's name."""
    inner = collections.defaultdict(set)
    for parts in _below(names, root).values():
        if len(parts) > 1:
            inner[parts[0]].add(parts[1] if len(parts) > 2 else "")
    unknown = sorted(top for top in inner if top.lower() not in _SPLITS)
    splits = sorted(set(inner) - set(unknown))
    above = [top for top in splits if "" not in inner[top]]
    if (
        len(splits) > 1
        and not unknown
        and all(inner[s] == {""} for s in splits)
    ):
        raise errors.UserError(
            f"--dataset: {path}: {' and '.join(map(repr, splits))} hold "
            "pictures and no class folders; put the pictures of each class "
            "into a folder of its name below them"
        )
    if above and (unknown or "train" not in _known(splits)):
        odd, why = unknown, f"is no split, but lies beside {above[0]!r}"
        if not unknown:
            odd, why = splits, "is a split, but there is no train beside it"
        raise errors.UserError(
            f"--dataset: {path}: {odd[0]!r} {why}; name the folders above "
            "the classes train, dev and test, and move any other away"
        )
    shared = set.intersection(*inner.values()) if len(inner) > 1 else set()
    if unknown and len(shared - {""}) > 1 and "" not in shared:
        raise errors.UserError(
            f"--dataset: {path}: {unknown[0]!r} and the folders beside it all "
            f"hold {sorted(shared)[0]!r} and {sorted(shared)[1]!r}, so they "
            "look like splits, not classes; name them train, dev and test, or "
            "put the pictures of a class directly into its folder"
        )


def _known(tops):
    return {_SPLITS.get(top.lower()) for top in tops}


def _sort(names, root):
    """Return a dictionary of name to (split, class), and what is outside."""
    rest = _below(names, root)
    tops = {parts[0].lower() for parts in rest.values() if len(parts) > 1}
    deep = any(len(parts) > 2 for parts in rest.values())
    official = deep and "train" in _known(tops)
    official &= tops <= set(_SPLITS)
    places = {}
    for name, parts in rest.items():
        split = _SPLITS.get(parts.pop(0).lower()) if official else None
        if len(parts) > 1:
            places[name] = split, parts[0]
    outside = [(n, "in no class folder") for n in names if n not in places]
    return places, outside


def _check_lost(path, members, names, broken):
    """Refuses a class of which no picture can be decoded."""
    left = {members[name][1] for name in names}
    for name, reason in broken:
        if names and members[name][1] not in left:
            raise errors.UserError(
                f"--dataset: {path}: no picture of class {members[name][1]!r} "
                f"can be read, as {name!r}: {reason}; mend them, or move the "
                "folder away"
            )


def _official(splits, labels, class_names):
    if None in splits or not splits:
        return None
    rows = collections.defaultdict(list)
    for row, split in enumerate(splits):
        rows[split].append(row)
    official = {split: np.array(at) for split, at in rows.items()}
    if "train" not in official:
        raise errors.UserError(
            "--dataset: no picture of the train folder could be read."
        )
    known = np.unique(labels[official["train"]])
    for split, indices in official.items():
        extra = np.setdiff1d(labels[indices], known)
        if extra.size:
            raise errors.UserError(
                f"--dataset: class {class_names[extra[0]]!r} of {split} "
                "has no examples in train."
            )
    return official
