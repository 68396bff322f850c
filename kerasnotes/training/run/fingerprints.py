"""Which examples a run learned from, known again without keeping them.

A run whose files have moved between train, dev and test since would be judged
by what it was trained on. So each example's 64-bit hash is kept beside the
run, and a digest of each split among the facts of its data.
"""

import dataclasses
import hashlib

import numpy as np

from kerasnotes import errors, files

NAME = "examples.npz"
"""The file of the run's folder that holds the hashes of each split."""

FACT = "examples"
"""The name of the digests among the facts of the data."""


def hashes(split):
    """Return the 64-bit hash of each example of a split, `uint64 [n]`.

    They are of its `keys`, bytes or texts, where it has such because ids say
    too little (the lines of a table move); else of its ids.

    Args:
        split: the `Split`.
    """
    keys = getattr(split, "keys", None)
    digests = (
        hashlib.blake2b(
            key if isinstance(key, bytes) else str(key).encode(), digest_size=8
        ).digest()
        for key in (split.ids if keys is None else keys)
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def with_digests(data):
    """Return the `Data` with a digest of each split among its facts.

    Args:
        data: the `Data`.

    Returns:
        `(data, hashes)`: the hashes by split, for `write`.
    """
    of_split = {name: hashes(split) for name, split in data.splits.items()}
    if not of_split:
        return data, of_split
    facts = data.facts | {FACT: _digests(of_split)}
    return dataclasses.replace(data, facts=facts), of_split


def same(facts, splits):
    """Return whether splits hold the examples that a run's facts tell of.

    Args:
        facts: the run's.
        splits: a dictionary of name to `Split`.
    """
    now = {name: hashes(split) for name, split in splits.items()}
    return FACT in facts and facts[FACT] == _digests(now)


def write(folder, of_split):
    """Write the hashes of what a run has learned from into its folder."""
    if of_split:
        with files.aside(folder / NAME) as partial:
            np.savez(partial, **of_split)


def check(folder, facts, data, dataset):
    """Refuses data whose splits aren't those that a run was trained on.

    Args:
        folder: the `RunFolder`.
        facts: the run's.
        data: the `Data` as they are now.
        dataset: the name of the data set, for the message.

    Raises:
        UserError: they aren't; it counts what of dev and test was in train.
    """
    before = facts.get(FACT)
    if not before:
        return
    now = {name: hashes(split) for name, split in data.splits.items()}
    if before == _digests(now):
        return
    saved = _read(folder)
    if saved.keys() == now.keys() and all(
        np.array_equal(np.sort(saved[name]), np.sort(now[name]))
        for name in saved
    ):
        # In another order they are the same questions.
        return
    counts = overlap(saved, now)
    note = f": {counts} were in its training set" if counts else ""
    raise errors.UserError(
        f"--dataset={dataset}: no longer what the run in {folder.path} was "
        f"trained and judged on{note}; restore the data, or train anew with "
        "--overwrite or another --run_dir"
    )


def warn(folder, data, dataset):
    """Say which examples of other data the run was trained on, if any.

    Of splits that are known by their ids alone nothing is said: files of
    other data may have the same names.

    Args:
        folder: the `RunFolder`.
        data: the `Data` to be judged by.
        dataset: their name.
    """
    now = {
        name: hashes(split)
        for name, split in data.splits.items()
        if getattr(split, "keys", None) is not None
    }
    counts = overlap(_read(folder), now)
    if counts:
        print(
            f"--dataset={dataset}: {counts} were in the run's training set; "
            "the metrics flatter it"
        )


def overlap(saved, now):
    """Return how many of dev and test were in train, in words.

    What was in both before, as repeated rows are, counts for nothing.

    Args:
        saved: the hashes of the run's splits, a dictionary of name to array.
        now: those of the splits that are to judge it.

    >>> before = {"train": np.array([1, 2, 3]), "dev": np.array([3, 4])}
    >>> overlap(before, {"train": np.array([4]), "dev": np.array([1, 3])})
    '1 of 2 dev examples'
    """
    rows = []
    for name in (n for n in now if n in ("dev", "test") and "train" in saved):
        moved = np.isin(now[name], saved["train"])
        if name in saved:
            moved &= ~np.isin(now[name], saved[name])
        if moved.any():
            rows.append(f"{moved.sum():,} of {len(moved):,} {name} examples")
    return " and ".join(rows)


def _digests(of_split):
    return {
        name: hashlib.sha256(values.tobytes()).hexdigest()[:16]
        for name, values in of_split.items()
    }


def _read(folder):
    """Return the hashes of each split, none where the file can't be read."""
    try:
        with np.load(folder / NAME) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # Zip and NumPy raise at will; the digests still hold.
        return {}
