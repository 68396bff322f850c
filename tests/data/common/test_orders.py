"""Orders: what an epoch holds, and how its batches are made up."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.common import orders


def epoch(order, number=0, seed=0):
    rows = order(seed, tf.constant(number, tf.int64))
    return rows.to_list() if isinstance(rows, tf.RaggedTensor) else rows.numpy()


def test_a_shuffle_holds_every_example_once():
    batches = epoch(orders.Shuffled(23, 5))
    assert batches.shape == (4, 5)
    assert len(set(batches.ravel())) == 20
    assert set(epoch(orders.Shuffled(20, 5)).ravel()) == set(range(20))


def test_rows_of_streams_go_on_where_they_ended():
    order = orders.Streams(23, 5)
    starts = set()
    for number in range(40):
        batches = epoch(order, number)
        assert batches.shape == (4, 5)
        np.testing.assert_array_equal(np.diff(batches, axis=0), 1)
        assert len(set(batches.ravel())) == 20
        starts.add(int(batches[0, 0]))
    # Each of the windows that are left over has its turn.
    assert starts == {0, 1, 2, 3}


def test_streams_that_fit_are_the_text():
    batches = epoch(orders.Streams(12, 3), 7)
    np.testing.assert_array_equal(batches.T.ravel(), np.arange(12))


LABELS = np.repeat(np.arange(9), [1, 2, 4, 4, 5, 8, 8, 9, 40])


@pytest.mark.parametrize("identities", [1, 2, 3, 9])
@pytest.mark.parametrize("examples", [1, 2, 4])
def test_batches_hold_p_identities_with_k_examples(identities, examples):
    order = orders.Identities(LABELS, identities, examples)
    batches = epoch(order)
    assert batches.shape == (order.steps, identities * examples)
    for batch in batches:
        counts = collections.Counter(LABELS[batch])
        assert set(counts.values()) == {examples}
        assert len(counts) == identities
    times = np.bincount(batches.ravel(), minlength=len(LABELS))
    # Only what can't fill a group of its own is met twice.
    enough = np.bincount(LABELS)[LABELS] >= examples
    assert times[enough].max() == 1
    assert order.repeats == (not enough.all())


def test_an_epoch_of_identities_is_as_long_as_it_can_be():
    labels = np.repeat(np.arange(4), [2, 2, 2, 20])
    # The large one can't be in a batch twice.
    assert orders.Identities(labels, 2, 2).steps == 3
    assert orders.Identities(np.arange(12) // 4, 3, 2).steps == 2
    assert orders.Identities(np.arange(12) // 4, 1, 4).steps == 3


def test_identities_that_no_batch_can_hold_are_refused():
    with pytest.raises(errors.UserError, match="10 identities a batch"):
        orders.Identities(LABELS, 10, 2)


def test_identities_meet_others_in_each_epoch():
    labels = np.repeat(np.arange(9), 4)
    order = orders.Identities(labels, 2, 2)
    pairs = {
        tuple(sorted(set(labels[batch])))
        for number in range(20)
        for batch in epoch(order, number)
    }
    assert len(pairs) == 36


def test_like_lengths_stay_together():
    lengths = np.array([[1], [1], [2], [2], [2], [5]])
    order = orders.LikeLengths(lengths, [0, 2, 5, 6])
    for number in range(5):
        batches = epoch(order, number)
        assert sorted(map(len, batches)) == [1, 2, 3]
        assert sorted(sum(batches, [])) == list(range(6))
        for batch in batches:
            assert np.ptp(lengths[batch]) == 0
