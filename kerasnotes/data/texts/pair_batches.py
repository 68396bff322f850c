"""Pairs of token sequences as batches of like length, reproducibly."""

import copy
import itertools

import numpy as np
import tensorflow as tf

from kerasnotes import ops
from kerasnotes.data.common import batches, orders


class PairSplit(batches.IndexedSplit):
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
        replicas: what divides the pairs of every training batch. At most as
            many of the longest, less one, are left out of training.
        texts: what else is to be at hand of each pair, as its source and
            its target in words; or None.

    Attributes:
        size: the number of pairs.
        ids: their strings, in the split's order.
        texts: those given, in the split's order; or None.

    >>> split = PairSplit([[5, 6], [7]], [[8, 9], [10]], ["a", "b"])
    >>> (x, y, w), = split.evaluation_batches(2)
    >>> split.ids, x["source"].numpy().tolist(), y.numpy().tolist()
    (['b', 'a'], [[7, 2, 0], [5, 6, 2]], [[10, 2, 0], [8, 9, 2]])
    """

    # Padded to one length, and weighed by their tokens.
    joint = True
    # The flag that bounds its batches beside their size.
    cut_by = "--batch_tokens"

    def __init__(
        self,
        sources,
        targets,
        ids,
        batch_tokens=None,
        replicas=1,
        texts=None,
    ):
        self._budget, self._replicas = batch_tokens or np.inf, replicas
        sides = [_marked(side) for side in (sources, targets)]
        lengths = [side.row_lengths().numpy() for side in sides]
        self._sides, self._lengths = sides, np.stack(lengths, -1)
        self._select(np.lexsort(lengths), ids, texts)

    def _select(self, rows, ids, texts):
        super().__init__([ids[row] for row in rows])
        self.texts = None if texts is None else [texts[row] for row in rows]
        self._sides = [tf.gather(side, rows) for side in self._sides]
        self._lengths = self._lengths[rows]

    @property
    def keys(self):
        """What tells the pairs apart: their texts, not their lines."""
        return self.texts and ["\t".join(pair) for pair in self.texts]

    def subset(self, indices):
        part = copy.copy(self)
        part._select(np.sort(indices), self.ids, self.texts)
        return part

    def order(self, batch_size):
        cuts = self._cuts(batch_size, self._replicas)
        return orders.LikeLengths(self._lengths, cuts)

    def in_order(self, batch_size):
        cuts = self._cuts(batch_size, 1)
        return tf.data.Dataset.from_tensor_slices((cuts[:-1], cuts[1:])).map(
            tf.range
        )

    def padding(self, batch_size):
        """Return the share of a training batch's tokens that is padding.

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

    def fetch(self, indices, numbers):
        source, y = (
            tf.gather(side, indices).to_tensor() for side in self._sides
        )
        begun = tf.pad(y[:, :-1], [[0, 0], [1, 0]], constant_values=ops.START)
        # What follows the end is padding too.
        target = tf.where(begun == ops.END, ops.PAD, begun)
        w = tf.cast(ops.padding_mask(y), tf.float32)
        if numbers is None:
            pairs_a_token = self.size / self._lengths[:, 1].sum()
            steps = tf.cast(tf.shape(w)[1], tf.float32)
            w = w * steps * np.float32(pairs_a_token)
        else:
            w = w / tf.reduce_mean(w)
        return {"source": source, "target": target}, y, w

    def _cuts(self, batch_size, multiple):
        """Return where batches start and end in the sorted pairs.

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
    """Return lists of tokens as a ragged tensor, each with its end mark."""
    lengths = np.array([len(tokens) for tokens in lists], np.int64)
    flat = itertools.chain.from_iterable(lists)
    flat = np.fromiter(flat, np.int32, lengths.sum())
    ended = np.insert(flat, lengths.cumsum(), ops.END)
    return tf.RaggedTensor.from_row_lengths(ended, lengths + 1)
