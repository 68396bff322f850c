"""What vocabularies have in common: marks, bytes, and the way back."""

import numpy as np
import tensorflow as tf

from kerasnotes.ops import END, PAD, START

MARKS = 1 + max(PAD, START, END)
BYTES = 256
FIRST = MARKS + BYTES
"""The first id that is neither a mark nor a byte."""


class Vocabulary:
    """Ids `0 … 2` are the marks, `3 … 258` the bytes, then come longer tokens.

    Text that isn't UTF-8 has U+FFFD where it is broken.

    Args:
        longer: the UTF-8 bytes of each token from id 259 on.
    """

    def __init__(self, longer):
        single = [bytes([byte]) for byte in range(BYTES)]
        self._tokens = [b""] * MARKS + single + list(longer)
        self._known = _Known(self._ids)

    @property
    def size(self):
        """The number of ids."""
        return len(self._tokens)

    def encode(self, texts):
        """Return a list of ids for each text, without marks.

        Args:
            texts: strings or UTF-8 bytes.
        """
        known, split = self._known, self._split
        return [[i for p in split(text(t)) for i in known[p]] for t in texts]

    def encode_tensor(self, texts):
        """Do what `encode` does with TensorFlow's own operations.

        Args:
            texts: strings `(n,)`.

        Returns:
            An int32 RaggedTensor `(n, …)`.
        """
        # Strings live in the host's memory, and so do loops over them.
        with tf.device("CPU"):
            return self._encode_tensor(utf8(tf.convert_to_tensor(texts)))

    def decode(self, ids):
        """Return the text of each list of ids, up to its `END`."""
        return [
            b"".join(self._tokens[i] for i in _until_end(row)).decode(
                "utf-8", "replace"
            )
            for row in ids
        ]

    def decode_tensor(self, ids):
        """Do what `decode` does with TensorFlow's own operations.

        Args:
            ids: integers `(n, T)`.

        Returns:
            Strings `(n,)`.
        """
        with tf.device("CPU"):
            ids = tf.convert_to_tensor(ids)
            ended = tf.cumsum(tf.cast(ids == END, tf.int32), axis=1) > 0
            ids = tf.where(ended, tf.cast(PAD, ids.dtype), ids)
            tokens = tf.gather(tf.constant(self._tokens), ids)
            return utf8(tf.strings.reduce_join(tokens, axis=1))

    def to_json(self):
        """Return what `from_json` makes the same vocabulary of."""
        raise NotImplementedError


class _Known(dict):
    """Ids of pieces of text, added as they come."""

    def __init__(self, ids):
        self._ids = ids

    def __missing__(self, piece):
        self[piece] = self._ids(piece)
        return self[piece]


def _until_end(row):
    row = np.asarray(row, "int64").tolist()
    return row[: row.index(END)] if END in row else row


def text(value):
    r"""Return a string or UTF-8 bytes as a string that is valid Unicode.

    >>> text(b"a\xff") == text("a\udcff") == "a\ufffd"
    True
    """
    if isinstance(value, str):
        # Joins what are halves of a character, and replaces lone ones.
        value = value.encode("utf-16", "surrogatepass")
        return value.decode("utf-16", "replace")
    return bytes(value).decode("utf-8", "replace")


def utf8(strings):
    """Return a tensor of strings with U+FFFD where they aren't UTF-8."""
    return tf.strings.unicode_transcode(
        strings, "UTF-8", "UTF-8", errors="replace"
    )


def find(keys, values):
    """Return where each value stands in sorted keys, and whether it does.

    Unlike a lookup table, a constant needs no tracking by what exports it.

    Args:
        keys: a sorted array of integers.
        values: integers `(n,)`, of the same type.

    >>> place, there = find(np.array([2, 5]), tf.constant([5, 3, 9], tf.int64))
    >>> there.numpy().tolist(), int(place[0])
    ([True, False, False], 1)
    """
    if not len(keys):
        return tf.zeros_like(values, tf.int32), tf.zeros_like(values, tf.bool)
    place = tf.searchsorted(tf.constant(keys), values)
    place = tf.minimum(place, len(keys) - 1)
    return place, tf.gather(keys, place) == values
