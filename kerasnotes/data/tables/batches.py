"""A side of a table as batches, reproducible from any step on."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.common import batches, orders


class TableSplit(batches.IndexedSplit):
    """A part of a table.

    Batches are `(x, y, w)`: float32 `[b, columns]`, `[b, 1]` and `[b]`. A
    batch larger than the table is the table, or what of it the replicas can
    share.

    Args:
        x: the inputs, `[n, columns]`.
        y: the targets, `[n]`.
        ids: where each row is found.
        weight: the weight in the loss, of all rows or `[n]`.
        replicas: what divides the rows of every training batch.
        numbers: the targets as they stand in the table, `[n]`, where `y` are
            standardised; by default `y`.

    Attributes:
        size: n.
        ids: where each row is found.
        numbers: float64 `[n]`.

    >>> split = TableSplit(np.eye(3), np.arange(3), list("abc"))
    >>> [y.numpy().tolist() for _, y, _ in split.evaluation_batches(2)]
    [[[0.0], [1.0]], [[2.0]]]
    """

    def __init__(self, x, y, ids, weight=1.0, replicas=1, numbers=None):
        super().__init__(ids)
        self._replicas = replicas
        self._arrays = (
            np.asarray(x, np.float32),
            np.asarray(y, np.float32)[:, None],
            np.array(np.broadcast_to(weight, len(x)), np.float32),
        )
        self.numbers = np.asarray(y if numbers is None else numbers, float)
        with tf.device("CPU"):
            self._tensors = tuple(tf.constant(a) for a in self._arrays)

    def fetch(self, indices, numbers):
        return tuple(tf.gather(tensor, indices) for tensor in self._tensors)

    @property
    def keys(self):
        """What tells the rows apart: their numbers, not their lines."""
        x, y, _ = self._arrays
        rows = np.concatenate([x, y], axis=1)
        return [row.tobytes() for row in rows]

    def subset(self, indices):
        x, y, weight = (array[indices] for array in self._arrays)
        ids = [self.ids[i] for i in indices]
        numbers = self.numbers[indices]
        return TableSplit(x, y[:, 0], ids, weight, self._replicas, numbers)

    def examples_per_step(self, batch_size):
        """Return the rows of a training batch, of few all."""
        if batch_size <= self.size:
            return batch_size
        return max(self.size // self._replicas, 1) * self._replicas

    def order(self, batch_size):
        return orders.Shuffled(self.size, self.examples_per_step(batch_size))
