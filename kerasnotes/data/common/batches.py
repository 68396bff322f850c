"""Batches of any data, reproducible from any step on."""

import abc

import numpy as np
import tensorflow as tf

from kerasnotes import errors, splits
from kerasnotes.data.common import orders


class IndexedSplit(abc.ABC):
    """A part of the data whose examples are known by their indices.

    It is the `Split` that the runner asks for. The order of an epoch, and an
    example's random numbers in it, are functions of (seed, epoch, index)
    alone: neither threads, workers nor the step that one starts at change a
    bit. Subclasses give `fetch` and `subset`, and may give `order`.

    Args:
        ids: a string for each example, by which people find it.
        strata: the class of each, of which `take` keeps the shares; or None.

    Attributes:
        size: the number of examples.
        ids: their strings.
        width: the random numbers that `fetch` needs for an example.
        joint: whether an example depends on others of its batch, as where
            they are mixed or padded to one length. Of such a batch each of
            several workers fetches the whole and keeps its part; of others
            it fetches nothing but its part.

    >>> class Squares(IndexedSplit):
    ...     def fetch(self, indices, numbers):
    ...         return indices, indices**2, tf.ones_like(indices)
    ...
    ...     def subset(self, indices):
    ...         return Squares([self.ids[i] for i in indices])
    >>> split = Squares(list("abc"))
    >>> [y.numpy().tolist() for _, y, _ in split.evaluation_batches(2)]
    [[0, 1], [4]]
    """

    width = 0
    joint = False

    def __init__(self, ids, strata=None):
        self.size, self.ids, self._strata = len(ids), ids, strata

    @abc.abstractmethod
    def fetch(self, indices, numbers):
        """Return a batch, in the graph.

        Args:
            indices: int64 `[b]`.
            numbers: uniform random numbers in [0, 1) for augmentation,
                `[b, width]`; None for the examples as they are.

        Returns:
            `(x, y, w)`, nests of tensors and ragged tensors of b rows.
        """

    @abc.abstractmethod
    def subset(self, indices):
        """Return the split of the examples with these indices."""

    def order(self, batch_size):
        """Return the `Order` of training; by default all are shuffled."""
        return orders.Shuffled(self.size, batch_size)

    def in_order(self, batch_size):
        """Return a `tf.data.Dataset` of all indices, in batches."""
        return tf.data.Dataset.range(self.size).batch(batch_size)

    def take(self, size):
        """Return the split of `size` of the examples.

        Which ones depends on their ids alone; each class keeps its share,
        and a smaller number takes some of what a larger takes.
        """
        return self.subset(splits.nested(self.ids, self._strata)[:size])

    def steps(self, batch_size):
        """Return the number of training batches of an epoch."""
        return self.order(batch_size).steps

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        """Return the training batches from a step on.

        Args:
            batch_size: examples in a batch; a last partial one is dropped.
            seed: an integer; with the epoch, it sets order and augmentation.
            first_epoch: the epoch to start at, from 0.
            first_step: the step in that epoch, from 0.
            epochs: the epoch to end before.
            share: of workers that share each batch, the index of this one
                and their count; it gets that part.

        Returns:
            A `tf.data.Dataset` of `(x, y, w)`.

        Raises:
            UserError: the examples don't fill a batch.
        """
        plan = self.plan(batch_size, seed, first_epoch, first_step, epochs)
        if not self.joint:
            plan = part(plan, share)
        batches = _mapped(plan, self.fetch)
        if self.joint:
            batches = part(batches, share)
        return batches.prefetch(tf.data.AUTOTUNE)

    def evaluation_batches(self, batch_size):
        """Return all examples in order, as they are.

        Args:
            batch_size: examples in a batch; the last may be partial.
        """

        def fetch(indices):
            return self.fetch(indices, None)

        batches = _mapped(self.in_order(batch_size), fetch)
        return batches.prefetch(tf.data.AUTOTUNE)

    def plan(self, batch_size, seed, first_epoch, first_step, epochs):
        """Return each training batch's indices and random numbers.

        The arguments are those of `training_batches`.
        """
        order = self.order(batch_size)
        if not order.steps:
            raise errors.UserError(
                f"--batch_size: {batch_size} is more than the {self.size} "
                "training examples; make it smaller."
            )

        def of_epoch(epoch):
            indices = order(seed, epoch)
            numbers = self._numbers(order, indices, seed, epoch)
            first = tf.where(epoch == first_epoch, first_step, 0)
            return tf.data.Dataset.from_tensor_slices(
                (indices[first:], numbers[first:])
            )

        return tf.data.Dataset.range(first_epoch, epochs).flat_map(of_epoch)

    def _numbers(self, order, indices, seed, epoch):
        """Return the random numbers of each example of each batch."""
        key = tf.random.experimental.stateless_fold_in(
            orders.key(seed, epoch), 1
        )
        if order.repeats:
            shape = [*indices.shape, self.width]
            return tf.random.stateless_uniform(shape, key)
        numbers = tf.random.stateless_uniform([self.size, self.width], key)
        return tf.gather(numbers, indices)


def _mapped(data, function):
    # They branch by their arguments alone, and AutoGraph takes a second.
    function = tf.autograph.experimental.do_not_convert(function)
    return data.map(function, num_parallel_calls=tf.data.AUTOTUNE)


def gather(source, indices):
    """Return rows of a source, in the graph.

    Args:
        source: an array, a tensor, a ragged tensor, an `np.memmap`, of which
            the rows alone are read, or what has `gather` itself.
        indices: int64 `[b]`.

    >>> gather(np.array([5, 6, 7]), tf.constant([2, 0])).numpy().tolist()
    [7, 5]
    """
    if hasattr(source, "gather"):
        return source.gather(indices)
    if not isinstance(source, np.memmap):
        return tf.gather(source, indices)
    rows = tf.numpy_function(
        lambda indices: np.asarray(source[indices]), [indices], source.dtype
    )
    return tf.ensure_shape(rows, [*indices.shape, *source.shape[1:]])


def part(batches, share):
    """Return the batches with only one worker's rows, which stay in order.

    Args:
        batches: a `tf.data.Dataset` of nests of tensors and ragged tensors
            of b rows.
        share: the index of the worker and their count, which divides b.

    >>> batches = tf.data.Dataset.range(8).batch(4)
    >>> [b.numpy().tolist() for b in part(batches, (1, 2))]
    [[2, 3], [6, 7]]
    """
    index, count = share
    if count == 1:
        return batches

    def rows(tensor):
        if not isinstance(tensor, tf.RaggedTensor):
            return tf.split(tensor, count)[index]
        size = tensor.nrows() // count
        return tensor[index * size : (index + 1) * size]

    def of_worker(*batch):
        batch = tf.nest.map_structure(rows, batch)
        return batch if batch[1:] else batch[0]

    return batches.map(of_worker)
