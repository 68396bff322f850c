"""Orders of training: which examples make up each batch of an epoch.

An order is a function of (seed, epoch) alone, so that a run goes on in the
middle of an epoch as if it had never stopped, and each of several workers
knows every batch.
"""

import abc

import numpy as np
import tensorflow as tf

from kerasnotes import errors


class Order(abc.ABC):
    """The batches of an epoch, as the indices of their examples.

    Attributes:
        steps: the number of batches of an epoch.
        repeats: whether an epoch may hold an example twice.

    Call arguments:
        seed: an integer.
        epoch: an int64 scalar tensor, from 0.

    Returns:
        int64 `[steps, b]`, ragged where batches differ in size.
    """

    repeats = False

    def __init__(self, steps):
        self.steps = int(steps)

    @abc.abstractmethod
    def __call__(self, seed, epoch):
        """Return the indices of every batch of an epoch."""


class Shuffled(Order):
    """Every example once, shuffled; a last partial batch is dropped.

    Args:
        size: the number of examples.
        batch_size: examples in a batch.

    >>> Shuffled(7, 3)(seed=0, epoch=tf.constant(0, tf.int64)).shape
    TensorShape([2, 3])
    """

    def __init__(self, size, batch_size):
        super().__init__(size // batch_size)
        self._size, self._batch_size = size, batch_size

    def __call__(self, seed, epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(self._size, dtype=tf.int64), seed=key(seed, epoch)
        )
        order = order[: self.steps * self._batch_size]
        return tf.reshape(order, [self.steps, self._batch_size])


class Streams(Order):
    """Rows that go on from batch to batch: one text cut into windows.

    The windows of a text, in order, are dealt out to b streams of
    consecutive ones: row i of batch t + 1 goes on where row i of batch t
    ended, so that a recurrent network keeps its state from step to step.
    Where b doesn't divide the windows, each epoch leaves others of them out,
    at the beginning and at the end.

    Args:
        size: the number of windows.
        batch_size: the streams, b.

    >>> Streams(6, 2)(seed=0, epoch=tf.constant(0, tf.int64)).numpy()
    array([[0, 3],
           [1, 4],
           [2, 5]])
    """

    def __init__(self, size, batch_size):
        super().__init__(size // batch_size)
        self._batch_size = batch_size
        self._left_over = size - self.steps * batch_size

    def __call__(self, seed, epoch):
        first = tf.random.stateless_uniform(
            [], key(seed, epoch), 0, self._left_over + 1, tf.int64
        )
        starts = first + self.steps * tf.range(self._batch_size, dtype=tf.int64)
        return starts + tf.range(self.steps, dtype=tf.int64)[:, None]


class HostOrder(Order):
    """An order that NumPy makes; subclasses give `plan`."""

    @abc.abstractmethod
    def plan(self, rng):
        """Return an epoch's indices and the sizes of its batches.

        Args:
            rng: the `np.random.Generator` of the epoch.

        Returns:
            Two integer arrays: the examples of all batches, one batch after
            the other, and `[steps]`.
        """

    def __call__(self, seed, epoch):
        def plan(epoch):
            arrays = self.plan(np.random.default_rng([seed, int(epoch)]))
            return [np.asarray(a, np.int64) for a in arrays]

        indices, sizes = tf.numpy_function(plan, [epoch], [tf.int64, tf.int64])
        return tf.RaggedTensor.from_row_lengths(
            tf.ensure_shape(indices, [None]),
            tf.ensure_shape(sizes, [self.steps]),
            validate=False,
        )


class LikeLengths(HostOrder):
    """Batches of sequences of like length, so that little is padding.

    Every epoch has the same lengths in the same batches; which examples of
    equal lengths meet, and the order of the batches, are drawn.

    Args:
        lengths: those of each example, `[n, k]`, sorted by the last column,
            then by the one before it.
        cuts: where in that order each batch begins, and the last one ends.

    >>> order = LikeLengths(np.array([[3], [3], [5]]), [0, 2, 3])
    >>> batches = order(seed=0, epoch=tf.constant(0, tf.int64))
    >>> sorted(sorted(batch) for batch in batches.to_list())
    [[0, 1], [2]]
    """

    def __init__(self, lengths, cuts):
        super().__init__(len(cuts) - 1)
        self._lengths, self._cuts = lengths, np.asarray(cuts)

    def plan(self, rng):
        order = np.lexsort((rng.random(len(self._lengths)), *self._lengths.T))
        batches = np.split(order, self._cuts)[1:-1]
        batches = [batches[i] for i in rng.permutation(self.steps)]
        return np.concatenate(batches), [len(batch) for batch in batches]


class Identities(HostOrder):
    """Batches of P identities with K examples each.

    Triplets need several pictures of one face in a batch. An identity's
    examples are shuffled and cut into groups of K, of which a batch holds P
    of different identities. What doesn't fill a group or a batch is left
    out, each epoch something else; an identity of fewer than K examples
    repeats some of them.

    Source: A. Hermans, L. Beyer and B. Leibe, "In Defense of the Triplet
    Loss for Person Re-Identification" (2017), section 2.

    Args:
        labels: the identity of each example, `[n]`.
        identities: how many a batch has, P.
        examples: how many examples of each, K.

    Raises:
        UserError: there are fewer than P identities.

    >>> order = Identities(np.array([5, 5, 6, 6, 7, 7]), 2, 2)
    >>> order(seed=0, epoch=tf.constant(0, tf.int64)).shape
    TensorShape([1, 4])
    """

    def __init__(self, labels, identities, examples):
        _, labels, counts = np.unique(
            labels, return_inverse=True, return_counts=True
        )
        if len(counts) < identities:
            raise errors.UserError(
                f"--batch_size: {identities} identities a batch are more than "
                f"the {len(counts)} of the training set; make it smaller."
            )
        self._members = np.split(
            np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1]
        )
        self._identities, self._examples = identities, examples
        self.repeats = bool(counts.min() < examples)
        super().__init__(_most_batches(counts // examples, identities))

    def __call__(self, seed, epoch):
        batches = super().__call__(seed, epoch)
        size = self._identities * self._examples
        return tf.reshape(batches.flat_values, [self.steps, size])

    def plan(self, rng):
        groups = []
        for i in rng.permutation(len(self._members)):
            groups += self._groups(rng, rng.permutation(self._members[i]))
        # Neighbours lie in different batches: so do an identity's groups.
        count = self.steps * self._identities
        groups = np.reshape(groups[:count], [self._identities, self.steps, -1])
        batches = groups.transpose(1, 0, 2)[rng.permutation(self.steps)]
        return batches.ravel(), [batches[0].size] * self.steps

    def _groups(self, rng, members):
        """Return an identity's groups, at most one a batch."""
        size = self._examples
        if len(members) < size:
            return [np.resize(members, size)]
        count = min(len(members) // size, self.steps)
        return list(members[: count * size].reshape(count, size))


def _most_batches(groups, identities):
    """Return how many batches there are of groups of different identities.

    That many fit, `s`, where each identity fills at most one place of each:
    `Σ min(groups, s) ≥ s P`.

    Args:
        groups: how many each identity has, `[i]`; at least one counts.
        identities: how many a batch holds, P.
    """
    groups = np.maximum(groups, 1)
    steps = groups.sum() // identities
    while np.minimum(groups, steps).sum() < steps * identities:
        steps -= 1
    return steps


def key(seed, epoch):
    """Return the key of an epoch's random numbers, int64 `[2]`."""
    return tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)])
