"""Pictures that are read and decoded as they are needed."""

import collections

import numpy as np
import tensorflow as tf

from kerasnotes import errors

_REMEMBERED = 64
_CHUNK = 64


class OnDemand:
    """Encoded pictures that can be indexed as an array of decoded ones.

    Nothing is kept: whoever asks for a row has its file read and decoded
    anew, to the pixels that a cache would hold.

    Args:
        read: a function of a row that returns its bytes; it may raise a
            `UserError`.
        decode: a function, in the graph, of a scalar string tensor and the
            row's kind, that returns uint8 `[height, width, channels]`.
        shape: the array's shape, `(n, height, width, channels)`.
        check: a function of a row that returns why it can't be decoded, or
            None.
        kinds: what `decode` wants to know of each row, `[n]`.

    Attributes:
        shape: the array's shape.
        dtype: uint8.

    >>> grey = [tf.io.encode_png([[[shade]]]).numpy() for shade in (7, 8, 9)]
    >>> pictures = OnDemand(
    ...     grey.__getitem__, lambda data, kind: tf.io.decode_png(data, 1),
    ...     (3, 1, 1, 1), lambda row: None, [0, 0, 0])
    >>> pictures[[2, 0]].ravel().tolist()
    [9, 7]
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, read, decode, shape, check, kinds):
        self.shape = tuple(shape)
        self._read, self._decode, self._check = read, decode, check
        self._kinds = tf.constant(np.asarray(kinds))
        # Of threads that read batches at the same time.
        self._recent = collections.deque(maxlen=_REMEMBERED)
        self._gather = tf.function(
            self.gather,
            input_signature=[tf.TensorSpec([None], tf.int64)],
            autograph=False,
        )
        errors.explain_by(self)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        rows = np.arange(len(self))[key]
        flat = rows.ravel()
        # The decoded pictures are all that stays.
        pictures = np.empty((flat.size, *self.shape[1:]), np.uint8)
        for start in range(0, flat.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            pictures[part] = self._part(flat[part])
        return pictures.reshape(*rows.shape, *self.shape[1:])

    def _part(self, rows):
        try:
            return self._gather(rows)
        except tf.errors.OpError as error:
            reason = self.explain(error)
            if reason is None:
                raise
            raise reason from error

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(dtype or self.dtype, copy=False)

    def gather(self, rows):
        """Returns the pictures of rows, uint8 `[b, …]`, in the graph."""
        encoded = tf.numpy_function(self._read_rows, [rows], tf.string)
        encoded = tf.ensure_shape(encoded, rows.shape)
        # One after the other: batches are read at the same time.
        return tf.map_fn(
            lambda pair: self._decode(*pair),
            (encoded, tf.gather(self._kinds, rows)),
            fn_output_signature=tf.TensorSpec(self.shape[1:], tf.uint8),
            parallel_iterations=1,
        )

    def _read_rows(self, rows):
        self._recent.append(rows)
        return np.array([self._read(row) for row in rows], object)

    def explain(self, error):
        """Returns the `UserError` that names a broken file, or None.

        Args:
            error: what the graph raised, which can't name it.
        """
        for row in {int(row) for rows in list(self._recent) for row in rows}:
            reason = self._check(row)
            if reason:
                return errors.UserError(
                    f"--dataset: {reason}; mend or replace the file, and the "
                    "same command goes on. --cache=disk, of a new run, "
                    "decodes all files first and leaves broken ones out"
                )
        return None
