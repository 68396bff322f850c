"""Pair merges of byte-level subwords, as TensorFlow operations."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.texts.vocabulary import base

_SEPARATOR = b"\xff"


def split(texts, pattern):
    """Split texts into the pieces that a regular expression matches.

    Args:
        texts: UTF-8 strings `(n,)`.
        pattern: the expression, which matches at every place of any text.

    Returns:
        A RaggedTensor of strings `(n, …)`.

    >>> split(["a bc", ""], "[ab ]|c").to_list()
    [[b'a', b' ', b'b', b'c'], []]
    """
    # A byte that no UTF-8 has.
    texts = tf.strings.regex_replace(texts, pattern, rb"\0" + _SEPARATOR)
    pieces = tf.strings.split(texts, _SEPARATOR)
    return tf.ragged.boolean_mask(pieces, pieces != "")


class Merges:
    """Merges in the order in which they were learned.

    Args:
        pairs: integers `(m, 2)`, the ids that each merge makes the next id of,
            from 259 on.
    """

    def __init__(self, pairs):
        pairs = np.asarray(pairs, "int64").reshape(-1, 2)
        self._size = base.FIRST + len(pairs)
        keys = pairs @ [self._size, 1]
        order = np.argsort(keys)
        self._keys, self._merged = keys[order], base.FIRST + order

    def __call__(self, pieces):
        """Return the ids of each piece.

        In each piece at a time, the first of the pairs that were learned
        earliest becomes one, until no pair in any piece is known.

        Args:
            pieces: strings `(p,)`, none of them empty.

        Returns:
            An int32 RaggedTensor `(p, …)`.
        """
        unique, index = tf.unique(pieces)
        count = tf.size(unique, tf.int64)
        joined = tf.io.decode_raw(tf.strings.reduce_join(unique), tf.uint8)
        ids = base.MARKS + tf.cast(joined, tf.int32)
        owners = tf.repeat(tf.range(count), tf.strings.length(unique))
        _, ids, owners = tf.while_loop(
            lambda going, *_: going,
            lambda _, *state: self._turn(count, *state),
            (tf.constant(True), ids, owners),
            shape_invariants=tuple(map(tf.TensorShape, ([], [None], [None]))),
        )
        ids = tf.RaggedTensor.from_value_rowids(
            ids, owners, count, validate=False
        )
        return tf.gather(ids, index)

    def _turn(self, pieces, ids, owners):
        """Merge one pair in each piece that has one to merge."""
        keys = tf.cast(ids, tf.int64) * self._size
        keys = keys[:-1] + tf.cast(ids[1:], tf.int64)
        place, known = base.find(self._keys, keys)
        known &= owners[:-1] == owners[1:]
        at = tf.where(known)[:, 0]
        place, owner = tf.gather(place, at), tf.gather(owners, at)
        # The least id was learned first; of its pairs, the leftmost.
        order = tf.gather(self._merged, place) * tf.size(ids, tf.int64) + at
        least = tf.math.unsorted_segment_min(order, owner, pieces)
        first = order == tf.gather(least, owner)
        at, merged = at[first], tf.gather(self._merged, place[first])
        ids = tf.tensor_scatter_nd_update(
            ids, at[:, None], tf.cast(merged, tf.int32)
        )
        remaining = tf.tensor_scatter_nd_update(
            tf.ones_like(ids, tf.bool),
            at[:, None] + 1,
            tf.zeros_like(at, tf.bool),
        )
        return tf.size(at) > 0, ids[remaining], owners[remaining]
