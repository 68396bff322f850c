"""Pairs of token sequences as batches of like length, reproducibly."""

import copy
import itertools

import numpy as np
import tensorflow as tf

from kerasnotes import ops, splits
from kerasnotes.data.common import sharing


class PairSplit:
    """A part of a set of pairs: the `Split` that the runner asks for.

    Pairs are sorted by length, so that those of a batch are of like length
    and little is padding: first by the target's, then by the source's. A batch
    ends where one more pair would pass the budget of tokens or of pairs, so
    every epoch has the same lengths in the same batches; which of the pairs
    of equal lengths meet, and the order of the batches, is a function of
    (seed, epoch) alone.

    Batches are `(x, y, w)`. `x` is a dictionary of int32 `source` `[b, S]`,
    which ends with `END`, and `target` `[b, T]`, which begins with `START`;
    `y` is the token after each of the target's, up to `END`; `w` is 0 where
    `y` is padding. In training it has mean 1 over a batch, so that the mean
    of `w · loss` is that of the batch's tokens; else the batches' means make
    up the mean of the split's tokens.

    Args:
        sources: a list of lists of tokens, without marks.
        targets: likewise.
        ids: a string for each pair, by which people find it.
        batch_tokens: the most tokens of a batch, padding and both sides
            counted; None for no limit.
        replicas: what divides the pairs of every training batch.

    Attributes:
        size: the number of pairs.
        ids: their strings.

    >>> split = PairSplit([[5, 6], [7]], [[8, 9], [10]], ["a", "b"])
    >>> (x, y, w), = split.evaluation_batches(2)
    >>> split.ids, x["source"].numpy().tolist(), y.numpy().tolist()
    (['b', 'a'], [[7, 2, 0], [5, 6, 2]], [[10, 2, 0], [8, 9, 2]])
    """

    def __init__(self, sources, targets, ids, batch_tokens=None, replicas=1):
        self._budget, self._replicas = batch_tokens or np.inf, replicas
        sides = [_marked(side) for side in (sources, targets)]
        lengths = [side.row_lengths().numpy() for side in sides]
        order = np.lexsort(lengths)
        self.size, self.ids = len(ids), [ids[i] for i in order]
        self._sides = [tf.gather(side, order) for side in sides]
        self._lengths = np.stack(lengths, -1)[order]

    def take(self, size):
        """Returns the split of `size` of the pairs, chosen by their ids."""
        rows, part = np.sort(splits.nested(self.ids)[:size]), copy.copy(self)
        part.size, part.ids = len(rows), [self.ids[row] for row in rows]
        part._sides = [tf.gather(side, rows) for side in self._sides]
        part._lengths = self._lengths[rows]
        return part

    def steps(self, batch_size):
        """Returns the number of training batches of an epoch."""
        return len(self._cuts(batch_size, self._replicas)) - 1

    def padding(self, batch_size):
        """Returns the share of a training batch's tokens that is padding.

        Args:
            batch_size: the most pairs of a batch.

        Returns:
            Two numbers, of the sources and of the targets.
        """
        cuts = self._cuts(batch_size, self._replicas)
        spans = list(zip(cuts[:-1], cuts[1:], strict=True))
        filled = sum(
            (end - start) * self._lengths[start:end].max(axis=0)
            for start, end in spans
        )
        return 1 - self._lengths[: cuts[-1]].sum(axis=0) / filled

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        """Returns the training batches from a step on.

        Args:
            batch_size: the most pairs of a batch.
            seed: an integer; with the epoch, it sets the order.
            first_epoch: the epoch to start at, from 0.
            first_step: the step in that epoch, from 0.
            epochs: the epoch to end before.
            share: of workers that share each batch, the index of this one
                and their count; it gets that part.

        Returns:
            A `tf.data.Dataset` of `(x, y, w)`. At most as many pairs as there
            are replicas, less one, of the longest, are left out.
        """
        cuts = self._cuts(batch_size, self._replicas)
        starts, ends = tf.constant(cuts[:-1]), tf.constant(cuts[1:])

        def plan(epoch):
            rng = np.random.default_rng([seed, epoch])
            ties = rng.random(self.size)
            order = np.lexsort((ties, *self._lengths.T))
            return order, rng.permutation(len(cuts) - 1)

        def rows_of_epoch(epoch):
            order, batches = tf.numpy_function(
                plan, [epoch], [tf.int64, tf.int64]
            )
            order = tf.ensure_shape(order, [self.size])
            first = tf.where(epoch == first_epoch, first_step, 0)
            batches = tf.ensure_shape(batches, [len(cuts) - 1])[first:]
            return tf.data.Dataset.from_tensor_slices(batches).map(
                lambda i: order[starts[i] : ends[i]]
            )

        def batch(rows):
            x, y, w = self._gather(rows)
            return x, y, w / tf.reduce_mean(w)

        batches = (
            tf.data.Dataset.range(first_epoch, epochs)
            .flat_map(rows_of_epoch)
            .map(batch, num_parallel_calls=tf.data.AUTOTUNE)
        )
        return sharing.part(batches, share).prefetch(tf.data.AUTOTUNE)

    def evaluation_batches(self, batch_size):
        """Returns all pairs in order.

        Args:
            batch_size: the most pairs of a batch.
        """
        cuts = tf.constant(self._cuts(batch_size, 1))
        pairs_a_token = self.size / self._lengths[:, 1].sum()

        def batch(start, end):
            x, y, w = self._gather(tf.range(start, end))
            steps = tf.cast(tf.shape(w)[1], tf.float32)
            return x, y, w * steps * np.float32(pairs_a_token)

        return (
            tf.data.Dataset.from_tensor_slices((cuts[:-1], cuts[1:]))
            .map(batch, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
        )

    def _gather(self, rows):
        source, y = (tf.gather(side, rows).to_tensor() for side in self._sides)
        begun = tf.pad(y[:, :-1], [[0, 0], [1, 0]], constant_values=ops.START)
        # What follows the end is padding too.
        target = tf.where(begun == ops.END, ops.PAD, begun)
        w = tf.cast(ops.padding_mask(y), tf.float32)
        return {"source": source, "target": target}, y, w

    def _cuts(self, batch_size, multiple):
        """Returns where batches start and end in the sorted pairs.

        Args:
            batch_size: the most pairs of a batch.
            multiple: what divides the pairs of a batch.
        """
        cuts, start = [0], 0
        while self.size - start >= multiple:
            # Each takes at least as many tokens as the first.
            most = self._budget / self._lengths[start].sum() + 1
            most = int(min(batch_size, most))
            lengths = self._lengths[start : start + most]
            widest = np.maximum.accumulate(lengths, axis=0).sum(axis=1)
            pairs = np.arange(1, len(lengths) + 1)
            fit = int((pairs * widest <= self._budget).sum())
            start += max(fit // multiple, 1) * multiple
            cuts.append(start)
        return np.array(cuts)


def _marked(lists):
    """Returns lists of tokens as a ragged tensor, each with its end mark."""
    lengths = np.array([len(tokens) for tokens in lists], np.int64)
    flat = itertools.chain.from_iterable(lists)
    flat = np.fromiter(flat, np.int32, lengths.sum())
    ended = np.insert(flat, lengths.cumsum(), ops.END)
    return tf.RaggedTensor.from_row_lengths(ended, lengths + 1)
