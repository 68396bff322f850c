"""Splits: exact, disjoint, and a function of the set of ids alone."""

import hashlib

import numpy as np
import pytest

from kerasnotes import splits


def names(count):
    return [f"folder/{i}.png" for i in range(count)]


@pytest.mark.parametrize(
    ("count", "train", "dev"),
    [
        (10, 6, 2),
        (1000, 600, 200),
        (99_999, 59_999, 20_000),
        (100_000, 98_000, 1_000),
        (123_456, 120_986, 1_235),
    ],
)
def test_counts_are_exact_over_all_classes(count, train, dev):
    rng = np.random.default_rng(0)
    labels = rng.choice(4, count, p=[0.5, 0.3, 0.15, 0.05])
    if count == 10:
        labels = np.zeros(10, int)
    sides = splits.assign(names(count), labels)
    assert [len(v) for v in sides.values()] == [train, dev, dev]
    everything = np.concatenate(list(sides.values()))
    np.testing.assert_array_equal(np.sort(everything), np.arange(count))


def test_each_class_keeps_its_share():
    labels = np.repeat(np.arange(7), [3, 4, 5, 17, 101, 333, 998])
    sides = splits.assign(names(len(labels)), labels)
    for label, size in enumerate(np.bincount(labels)):
        for side, share in splits.default_shares(len(labels)).items():
            count = (labels[sides[side]] == label).sum()
            assert count >= 1
            assert abs(count - share * size) <= (2 if side == "train" else 1)


@pytest.mark.parametrize("size", [3, 4, 5, 6])
def test_many_small_classes_reach_each_side(size):
    labels = np.repeat(np.arange(50), size)
    for groups in (None, np.arange(len(labels))):
        sides = splits.assign(names(len(labels)), labels, groups=groups)
        for indices in sides.values():
            assert np.bincount(labels[indices], minlength=50).min() >= 1


def test_classes_of_one_or_two_examples_reach_train():
    labels = np.repeat(np.arange(60), [1, 2, 3] * 20)
    sides = splits.assign(names(len(labels)), labels)
    assert np.bincount(labels[sides["train"]], minlength=60).min() >= 1


def test_reordering_changes_nothing():
    rng = np.random.default_rng(1)
    ids, labels = names(500), rng.integers(0, 5, 500)
    groups = rng.integers(0, 60, 500)
    order = rng.permutation(500)
    for keys in (None, groups):
        straight = splits.assign(ids, labels, groups=keys)
        shuffled = splits.assign(
            [ids[i] for i in order],
            labels[order],
            groups=None if keys is None else keys[order],
        )
        for side in straight:
            np.testing.assert_array_equal(
                straight[side], np.sort(order[shuffled[side]])
            )


def test_one_class_is_cut_in_the_order_of_the_salted_hash():
    ids = names(50)
    order = sorted(
        range(50),
        key=lambda i: hashlib.sha256(f"pepper{ids[i]}".encode()).hexdigest(),
    )
    sides = splits.assign(ids, salt="pepper")
    assert sides["train"].tolist() == sorted(order[:30])
    assert sides["dev"].tolist() == sorted(order[30:40])
    other = splits.assign(ids, salt="salt")
    assert sides["dev"].tolist() != other["dev"].tolist()


def test_groups_stay_whole_and_near_their_shares():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(120), rng.integers(1, 15, 120))
    labels = groups % 3
    sides = splits.assign(names(len(groups)), labels, groups=groups)
    owner = {}
    for side, indices in sides.items():
        for group in groups[indices]:
            assert owner.setdefault(group, side) == side
        for label in range(3):
            size = (labels == label).sum()
            count = (labels[indices] == label).sum()
            share = {"train": 0.6, "dev": 0.2, "test": 0.2}[side]
            assert abs(count - share * size) <= 3


def test_groups_of_several_classes_stay_whole():
    groups = np.arange(100) // 10
    sides = splits.assign(names(100), np.arange(100) % 2, groups=groups)
    assert [len(v) for v in sides.values()] == [60, 20, 20]
    for indices in sides.values():
        assert np.bincount(groups[indices]).max() == 10


def test_wrong_use_is_refused():
    with pytest.raises(ValueError, match="`ids` are distinct.*'a'"):
        splits.assign(["a", "b", "a"])
    with pytest.raises(ValueError, match="`labels` has one entry per id, 2"):
        splits.assign(["a", "b"], [0])
