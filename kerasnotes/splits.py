"""Which examples train, which choose and which judge a model.

Source: A. Ng, Machine Learning Yearning, chapters 5 to 7 and 40.
"""

import hashlib

import numpy as np

SALT = "kerasnotes"
LARGE = 100_000


def assign(ids, labels=None, salt=SALT, groups=None, shares=None):
    """Cuts examples into sides, class by class, by a hash of their ids.

    Each class is ordered by `SHA-256(salt + id)` and cut; a side's count over
    all classes is its share rounded, and a class with at least as many
    examples as there are sides reaches each side. The result depends on the
    set of ids, never on their order.

    Args:
        ids: one distinct string per example.
        labels: one class per example, or None for a single class.
        salt: prepended to each id.
        groups: one key per example, or None. A group goes to one side whole;
            the sides come as near their shares as the groups allow, per
            class where a group is of one class.
        shares: dictionary of side to share, the first taking what the
            others leave; None is 60/20/20 below 100,000 examples and 98/1/1
            from there.

    Returns:
        Dictionary of side to sorted int64 index array.

    Raises:
        ValueError: ids repeat, or lengths differ.

    >>> sides = assign([str(i) for i in range(1000)], np.arange(1000) % 10)
    >>> {side: len(indices) for side, indices in sides.items()}
    {'train': 600, 'dev': 200, 'test': 200}
    """
    ids = [str(i) for i in ids]
    labels = np.zeros(len(ids), int) if labels is None else np.asarray(labels)
    for name, values in (("labels", labels), ("groups", groups)):
        if values is not None and len(values) != len(ids):
            raise ValueError(
                f"`{name}` has one entry per id, {len(ids)}. "
                f"Received: {len(values)}"
            )
    if len(set(ids)) < len(ids):
        raise ValueError(f"`ids` are distinct. Received: {_repeated(ids)!r}")
    first, *others = shares = dict(shares or default_shares(len(ids)))
    shares[first] = 1 - sum(shares[side] for side in others)
    cut = _cut_classes if groups is None else _cut_groups
    sides = cut(ids, labels, groups, salt, shares)
    return {
        side: np.sort(np.asarray(indices, np.int64))
        for side, indices in sides.items()
    }


def default_shares(count):
    """Return the course's shares for a set of `count` examples.

    >>> default_shares(100_000)
    {'train': 0.98, 'dev': 0.01, 'test': 0.01}
    """
    dev = 0.2 if count < LARGE else 0.01
    return {"train": 1 - 2 * dev, "dev": dev, "test": dev}


def rank(salt, key):
    """Return what orders the keys: SHA-256 of the salt and the key."""
    return hashlib.sha256((salt + key).encode()).digest()


def nested(ids, labels=None, salt=SALT):
    """Return an order of which every beginning is a fair sample.

    Each class is ordered by hash, and the classes are interleaved by their
    shares: the first k of the order hold each class in proportion.

    Args:
        ids: one distinct string per example.
        labels: one class per example; None, or several labels an example,
            for a single class.
        salt: prepended to each id.

    Returns:
        int64 indices.

    >>> nested(["a", "b", "c", "d"], np.array([0, 0, 1, 1])).tolist()
    [0, 3, 1, 2]
    """
    if labels is None or np.ndim(labels) > 1:
        labels = np.zeros(len(ids), int)
    ranked = sorted(range(len(ids)), key=lambda i: rank(salt, ids[i]))
    totals = np.bincount(labels)
    counts, places = np.zeros(len(totals)), []
    for i in ranked:
        counts[labels[i]] += 1
        places.append(
            ((counts[labels[i]] - 0.5) / totals[labels[i]], labels[i])
        )
    order = sorted(range(len(ids)), key=places.__getitem__)
    return np.array(ranked, np.int64)[order]


def _repeated(ids):
    texts = set()
    return next(i for i in ids if i in texts or texts.add(i))


def _cut_classes(ids, labels, _, salt, shares):
    ranked = np.array(
        sorted(range(len(ids)), key=lambda i: rank(salt, ids[i])), np.int64
    )
    ranked = ranked[np.argsort(labels[ranked], kind="stable")]
    starts = np.unique(labels[ranked], return_index=True)[1]
    first, *others = shares
    sides = {side: [] for side in shares}
    count = 0
    for members in np.split(ranked, starts[1:]):
        count += len(members)
        counts = dict.fromkeys(others, 0)
        for side in others:
            due = int(shares[side] * count + 0.5) - len(sides[side])
            room = len(members) - 1 - sum(counts.values())
            counts[side] = _count(len(members), shares, side, due, room)
        counts = {first: len(members) - sum(counts.values()), **counts}
        edges = np.cumsum(list(counts.values()))[:-1]
        for side, cut in zip(counts, np.split(members, edges), strict=True):
            sides[side].extend(cut)
    return sides


def _count(size, shares, side, due, room):
    # What is due to the side over all classes so far, within one of its
    # share of this class.
    share = round(shares[side] * size, 6)
    low = max(int(share), int(size >= len(shares)))
    high = max(int(np.ceil(share)), low)
    return max(0, min(max(due, low), high, room))


def _cut_groups(ids, labels, groups, salt, shares):
    members = {}
    for i, key in enumerate(groups):
        members.setdefault(str(key), []).append(i)
    pools = {}
    for key, indices in members.items():
        classes = {labels[i] for i in indices}
        pool = classes.pop() if len(classes) == 1 else None
        pools.setdefault(pool, []).append(key)
    sides = {side: [] for side in shares}
    for keys in pools.values():
        sizes = {key: len(members[key]) for key in keys}
        for side, taken in _share_out(sizes, salt, shares).items():
            sides[side].extend(i for key in taken for i in members[key])
    return sides


def _share_out(sizes, salt, shares):
    """Give each group, the largest first, to the side that lacks most."""
    keys = sorted(sizes, key=lambda key: (-sizes[key], rank(salt, key)))
    lacks = {s: share * sum(sizes.values()) for s, share in shares.items()}
    taken = {side: [] for side in shares}
    for key in keys:
        side = max(lacks, key=lacks.get)
        taken[side].append(key)
        lacks[side] -= sizes[key]
    if len(keys) >= len(shares):
        for side in shares:
            if not taken[side]:
                donor = max(taken, key=lambda s: len(taken[s]))
                taken[side].append(taken[donor].pop())
    return taken
