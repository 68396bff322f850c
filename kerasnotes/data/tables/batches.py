"""A side of a table as batches, reproducible from any step on."""

import numpy as np

from kerasnotes import splits


class TableSplit:
    """A part of a table: the `Split` that the runner asks for.

    Batches are `(x, y, w)`: float32 `[b, columns]`, `[b, 1]` and `[b]`. The
    order of an epoch is a function of (seed, epoch) alone.

    Args:
        x: the inputs, `[n, columns]`.
        y: the targets, `[n]`.
        ids: where each row is found.
        weight: the weight in the loss, of all rows or `[n]`.

    Attributes:
        size: n.
        ids: where each row is found.

    >>> split = TableSplit(np.eye(3), np.arange(3), list("abc"))
    >>> [y.numpy().tolist() for _, y, _ in split.evaluation_batches(2)]
    [[[0.0], [1.0]], [[2.0]]]
    """

    def __init__(self, x, y, ids, weight=1.0):
        self.size, self.ids = len(x), ids
        self._arrays = (
            np.asarray(x, np.float32),
            np.asarray(y, np.float32)[:, None],
            np.array(np.broadcast_to(weight, len(x)), np.float32),
        )

    @property
    def targets(self):
        """The targets, float32 `[size]`."""
        return self._arrays[1][:, 0]

    def take(self, size):
        """Returns the split of `size` of the rows, chosen by their ids."""
        order = splits.nested(self.ids)[:size]
        x, y, weight = (a[order] for a in self._arrays)
        ids = [self.ids[i] for i in order]
        return TableSplit(x, y[:, 0], ids, weight)

    def steps(self, batch_size):
        """Returns the number of training batches of an epoch."""
        return self.size // batch_size

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        """Returns the training batches from a step on.

        Args:
            batch_size: rows in a batch; a last partial one is dropped.
            seed: an integer; with the epoch, it sets the order.
            first_epoch: the epoch to start at, from 0.
            first_step: the step in that epoch, from 0.
            epochs: the epoch to end before.
            share: of workers that share each batch, the index of this one
                and their count; it gets that part.
        """
        import tensorflow as tf

        from kerasnotes.data.common import sharing

        steps = self.steps(batch_size)
        arrays = [tf.constant(a) for a in self._arrays]

        def epoch_batches(epoch):
            order = tf.random.experimental.stateless_shuffle(
                tf.range(self.size),
                seed=tf.stack([tf.constant(seed, tf.int64), epoch]),
            )
            first = tf.where(epoch == first_epoch, first_step, 0)
            rows = tf.reshape(order[: steps * batch_size], [-1, batch_size])
            return tf.data.Dataset.from_tensor_slices(rows[first:])

        places = tf.data.Dataset.range(first_epoch, epochs).flat_map(
            epoch_batches
        )
        return (
            sharing.part(places, share)
            .map(lambda rows: tuple(tf.gather(a, rows) for a in arrays))
            .prefetch(tf.data.AUTOTUNE)
        )

    def evaluation_batches(self, batch_size):
        """Returns all rows in order.

        Args:
            batch_size: rows in a batch; the last may be partial.
        """
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(self._arrays).batch(
            batch_size
        )
