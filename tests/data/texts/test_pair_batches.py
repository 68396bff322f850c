"""Batches of pairs of like length."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.texts import pair_batches
from kerasnotes.ops import END, PAD, START


def some(count=500, **options):
    """Return a split whose pairs tell which they are."""
    rng = np.random.default_rng(0)
    sources = [[i + 3] * n for i, n in enumerate(rng.poisson(6, count))]
    targets = [
        [i + 3] * max(len(source) + rng.integers(-2, 5), 0)
        for i, source in enumerate(sources)
    ]
    ids = [str(i) for i in range(count)]
    texts = [(str(i), f"to {i}") for i in range(count)]
    return pair_batches.PairSplit(sources, targets, ids, texts=texts, **options)


def rows(batches):
    """Return the sources of all batches, a tuple each."""
    return [
        tuple(row[row != PAD])
        for x, *_ in batches.as_numpy_iterator()
        for row in x["source"]
    ]


def test_the_targets_begin_as_the_answers_end():
    split = pair_batches.PairSplit([[7], [8, 9]], [[5, 6], []], ["a", "b"])
    ((x, y, w),) = split.evaluation_batches(9)
    assert split.ids == ["b", "a"]
    assert x["source"].numpy().tolist() == [[8, 9, END], [7, END, PAD]]
    assert x["target"].numpy().tolist() == [
        [START, PAD, PAD],
        [START, 5, 6],
    ]
    assert y.numpy().tolist() == [[END, PAD, PAD], [5, 6, END]]
    assert ((w.numpy() > 0) == (y.numpy() != PAD)).all()


def test_an_epoch_has_every_pair_once():
    split = some(batch_tokens=300)
    found = rows(split.training_batches(32, 1, 0, 0, 1))
    assert sorted(found) == sorted(rows(split.evaluation_batches(32)))
    assert len(found) == split.size


def test_it_goes_on_from_any_step():
    split = some(batch_tokens=300)
    steps = split.steps(32)
    whole = list(split.training_batches(32, 1, 0, 0, 3).as_numpy_iterator())
    assert len(whole) == 3 * steps
    rest = list(split.training_batches(32, 1, 1, 5, 3).as_numpy_iterator())
    assert len(rest) == 2 * steps - 5
    for one, other in zip(whole[steps + 5 :], rest, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_epochs_and_seeds_differ_in_batches_and_in_their_order():
    split = some(batch_tokens=300)
    first, second = (
        rows(split.training_batches(32, 1, e, 0, e + 1)) for e in (0, 1)
    )
    assert first != second != rows(split.training_batches(32, 2, 1, 0, 2))
    batches = [
        {frozenset(map(tuple, x["source"])) for x, *_ in data}
        for data in (
            split.training_batches(32, 1, e, 0, e + 1).as_numpy_iterator()
            for e in (0, 1)
        )
    ]
    assert batches[0] != batches[1]


def test_batches_keep_to_the_budget():
    split = some(batch_tokens=300)
    sizes = []
    for x, y, _ in split.training_batches(32, 0, 0, 0, 1):
        pairs, source = x["source"].shape
        sizes.append(pairs)
        assert pairs <= 32
        assert pairs * (source + y.shape[1]) <= 300
    assert len(set(sizes)) > 1


def test_little_is_padding():
    split = some(5000, batch_tokens=1000)
    told, found = split.padding(64), []
    for x, y, _ in split.training_batches(64, 0, 0, 0, 1):
        sides = x["source"].numpy(), y.numpy()
        found.append([(side.size, (side == PAD).sum()) for side in sides])
    size, padding = np.sum(found, axis=0).T
    np.testing.assert_allclose(told, padding / size)
    assert (told < 0.1).all()


def test_replicas_divide_every_batch():
    split = some(501, batch_tokens=300, replicas=4)
    data = split.training_batches(32, 0, 0, 0, 1)
    sizes = [len(y) for _, y, _ in data]
    assert not any(size % 4 for size in sizes) and sum(sizes) == 500
    assert sum(len(y) for _, y, _ in split.evaluation_batches(32)) == 501
    parts = [
        split.training_batches(32, 0, 0, 0, 1, share=(i, 2)) for i in (0, 1)
    ]
    for whole, *halves in zip(data, *parts, strict=True):
        joined = tf.nest.map_structure(lambda *h: tf.concat(h, 0), *halves)
        tf.nest.map_structure(np.testing.assert_array_equal, whole, joined)


def test_a_pair_beyond_the_budget_is_a_batch_of_its_own():
    split = pair_batches.PairSplit([[5] * 9, [6]], [[7], [8]], "ab", 6)
    assert [len(y) for _, y, _ in split.training_batches(9, 0, 0, 0, 1)] == [
        1,
        1,
    ]


@pytest.mark.parametrize("size", [7, 32])
def test_weights_make_means_of_tokens(size):
    split = some()
    tokens = true = 0
    for _, y, w in split.training_batches(size, 0, 0, 0, 1):
        assert w.numpy().mean() == pytest.approx(1)
        assert np.unique(w[y != PAD]).size == 1
    # `evaluate` weighs the batches' means by their pairs.
    total = 0.0
    for _, y, w in split.evaluation_batches(size):
        loss = tf.cast(y, tf.float32)
        total += float(tf.reduce_mean(w * loss)) * len(y)
        tokens += (y.numpy() != PAD).sum()
        true += y.numpy().sum()
    assert total / split.size == pytest.approx(true / tokens, rel=1e-5)


def test_a_part_is_chosen_by_ids():
    split = some(batch_tokens=300)
    small, large = split.take(50), split.take(100)
    assert set(small.ids) < set(large.ids) < set(split.ids)
    whole = dict(
        zip(split.ids, rows(split.evaluation_batches(32)), strict=True)
    )
    for data in (
        small.evaluation_batches(32),
        small.training_batches(32, 0, 0, 0, 1),
    ):
        assert sorted(rows(data)) == sorted(whole[i] for i in small.ids)
    assert rows(small.evaluation_batches(32)) == [whole[i] for i in small.ids]
    assert split.take(10**6).ids == split.ids


def test_texts_follow_their_pairs():
    split = some(batch_tokens=300)
    for part in (split, split.take(50), split.take(50).take(20)):
        assert part.texts == [(i, f"to {i}") for i in part.ids]
    bare = pair_batches.PairSplit([[5]], [[6]], ["a"])
    assert bare.texts is bare.take(1).texts is None
