"""Official sides, `--split`, `--group` and train-dev."""

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.common import split_choice, split_text

IDS = [f"train/{i:06d}" for i in range(1000)]
OFFICIAL = {"train": np.arange(800), "test": np.arange(800, 1000)}


def test_official_sides_stay_and_dev_comes_from_train():
    chosen = split_choice.choose(IDS, np.arange(1000) % 10, OFFICIAL)
    assert list(chosen) == ["train", "dev", "test"]
    np.testing.assert_array_equal(chosen["test"], OFFICIAL["test"])
    assert len(chosen["dev"]) == 160
    both = np.concatenate([chosen["train"], chosen["dev"]])
    np.testing.assert_array_equal(np.sort(both), OFFICIAL["train"])


def test_a_complete_official_split_stays_as_it_is():
    official = {
        "train": np.arange(700),
        "dev": np.arange(700, 800),
        "test": np.arange(800, 1000),
    }
    chosen = split_choice.choose(IDS, None, official)
    for side, indices in official.items():
        np.testing.assert_array_equal(chosen[side], indices)


@pytest.mark.parametrize("groups", [None, [i // 5 for i in range(1000)]])
def test_train_dev_is_a_tenth_of_train(groups):
    labels = np.arange(1000) // 100
    plain = split_choice.choose(IDS, labels, groups=groups)
    chosen = split_choice.choose(IDS, labels, groups=groups, train_dev=True)
    assert list(chosen) == ["train", "train_dev", "dev", "test"]
    assert abs(len(chosen["train_dev"]) - 60) <= (20 if groups else 0)
    both = np.concatenate([chosen["train"], chosen["train_dev"]])
    np.testing.assert_array_equal(np.sort(both), plain["train"])
    if groups:
        keys = np.asarray(groups)
        assert not np.intersect1d(
            keys[chosen["train"]], keys[chosen["train_dev"]]
        ).size


@pytest.mark.parametrize(
    ("expression", "train", "dev", "test"),
    [
        ("train[:500],dev[500:]", (0, 500), (500, 800), (800, 1000)),
        ("train[:75%], dev[75%:]", (0, 600), (600, 800), (800, 1000)),
        ("train=train[9:],dev=train[:9]", (9, 800), (0, 9), (800, 1000)),
        ("train=train,dev=test[:-50],test=test[-50:]",
         (0, 800), (800, 950), (950, 1000)),
        ("train,dev=test[:50%],test[50%:]", (0, 800), (800, 900), (900, 1000)),
    ],
)  # fmt: skip
def test_expressions(expression, train, dev, test):
    chosen = split_choice.choose(IDS, None, OFFICIAL, expression)
    for side, (start, stop) in (("train", train), ("dev", dev), ("test", test)):
        assert chosen[side].tolist() == list(range(start, stop))


def test_without_official_sides_an_expression_slices_all():
    chosen = split_choice.choose(IDS, expression="train[:900],dev[900:]")
    assert {k: len(v) for k, v in chosen.items()} == {"train": 900, "dev": 100}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("train[:500,dev[500:]", "parts read"),
        ("", "parts read"),
        ("train[5],dev[500:]", "parts read"),
        ("train[:500],dve[500:]", "did you mean 'dev'"),
        ("train[:500],dev=extra[:5]", "unknown 'extra'"),
        ("train[:600],dev[500:]", "train and dev share 100 examples"),
        ("train[:500],dev[50000:]", "is empty: train holds 800"),
        ("train[:500],train[500:]", "named twice"),
        ("train[:500]", "names no dev side"),
    ],
)
def test_expressions_refused(expression, message):
    with pytest.raises(errors.UserError, match=message) as caught:
        split_text.select(expression, OFFICIAL)
    assert "\n" not in str(caught.value)


def test_groups_of_ten_consecutive_numbers():
    pattern = r"([a-z]+\d*?)\d\.jpg"
    ids = [f"glass/glass{i}.jpg" for i in (1, 9, 10, 19, 20, 100, 109, 110)]
    assert split_choice.group_keys(ids, pattern) == [
        "glass", "glass", "glass1", "glass1", "glass2", "glass10", "glass10",
        "glass11",
    ]  # fmt: skip


def test_shares_go_by_class_and_group():
    labels = np.arange(1000) // 100
    groups = [i // 5 for i in range(1000)]
    chosen = split_choice.choose(
        IDS, labels, None, "train=85%,dev=15%", groups=groups
    )
    assert list(chosen) == ["train", "dev"]
    counts = np.bincount(labels[chosen["dev"]])
    assert counts.tolist() == [15] * 10
    one, other = ({groups[i] for i in chosen[side]} for side in chosen)
    assert not one & other


def test_shares_leave_an_official_test_alone():
    chosen = split_choice.choose(IDS, None, OFFICIAL, "train=90%, dev=10%")
    assert [len(rows) for rows in chosen.values()] == [720, 80, 200]


@pytest.mark.parametrize(
    "text",
    [
        "train=90%",
        "train=90%,dev=20%",
        "train=100%,dev=0%",
        "train=40%,dev=20%,train=40%",
    ],
)
def test_shares_refused(text):
    with pytest.raises(errors.UserError, match="--split"):
        split_choice.choose(IDS, None, None, text)


def test_groups_join_and_default_to_the_match_or_the_id():
    assert split_choice.group_keys(["a1/b2", "a3/b4", "x"], r"a(.)/b(.)") == [
        "12", "34", "x",
    ]  # fmt: skip
    assert split_choice.group_keys(["a1/b2", "a3/b4"], r"^a.") == ["a1", "a3"]
    for pattern, message in (("(", "no regular expression"), ("q", "matches")):
        with pytest.raises(errors.UserError, match=message):
            split_choice.group_keys(["a1"], pattern)


def test_slices_of_class_folders_hold_every_class():
    ids = [f"{c}/{i}.jpg" for c in "abc" for i in range(40)]
    labels = np.repeat([0, 1, 2], 40)
    found = split_choice.choose(ids, labels, expression="train[:80],dev[80:]")
    assert len(found["train"]) == 80 and len(found["dev"]) == 40
    for part in found.values():
        assert np.bincount(labels[part]).min() >= 5
    assert not set(found["train"]) & set(found["dev"])


PICTURES = [f"pic{i:03d}" for i in range(100)]
CLASSES = np.arange(100) % 4


def test_a_source_only_trains():
    found = split_choice.of_source(PICTURES, CLASSES)
    assert {k: len(v) for k, v in found.items()} == {
        "train": 90,
        "train_dev": 10,
    }
    official = {"train": np.arange(40), "test": np.arange(40, 100)}
    found = split_choice.of_source(PICTURES, CLASSES, official)
    both = np.concatenate(list(found.values()))
    assert sorted(both) == list(range(40))


def test_a_target_judges():
    found = split_choice.of_target(PICTURES, CLASSES)
    assert {side: len(rows) for side, rows in found.items()} == {
        "dev": 50,
        "test": 50,
    }
    assert set(np.bincount(CLASSES[found["dev"]])) == {12, 13}
    official = {"train": np.arange(40), "test": np.arange(40, 100)}
    found = split_choice.of_target(PICTURES, CLASSES, official)
    assert found["dev"].tolist() == list(range(40))
    assert found["test"].tolist() == list(range(40, 100))
