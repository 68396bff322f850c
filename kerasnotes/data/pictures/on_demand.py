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
        read: a function of a row that returns its bytes, and a number that
            says of which kind they are.
        decode: a function, in the graph, of these two as scalar tensors,
            that returns uint8 `[height, width, channels]`.
        shape: the array's shape, `(n, height, width, channels)`.
        check: a function of a row that returns why it can't be decoded, or
            None.

    Attributes:
        shape: the array's shape.
        dtype: uint8.

    >>> grey = tf.constant([[[7]], [[8]], [[9]]], tf.uint8)
    >>> grey = [tf.io.encode_png(grey[i : i + 1]).numpy() for i in range(3)]
    >>> pictures = OnDemand(
    ...     lambda row: (grey[row], 0),
    ...     lambda data, kind: tf.io.decode_png(data, 1),
    ...     (3, 1, 1, 1), lambda row: None)
    >>> pictures[[2, 0]].ravel().tolist()
    [9, 7]
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, read, decode, shape, check):
        self.shape = tuple(shape)
        self._read, self._decode, self._check = read, decode, check
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
        """Return the pictures of rows, uint8 `[b, …]`, in the graph."""
        read = tf.numpy_function(self._read_rows, [rows], [tf.string, tf.int32])
        read = [tf.ensure_shape(part, rows.shape) for part in read]
        # One after the other: batches are read at the same time.
        return tf.map_fn(
            lambda pair: self._decode(*pair),
            tuple(read),
            fn_output_signature=tf.TensorSpec(self.shape[1:], tf.uint8),
            parallel_iterations=1,
        )

    def _read_rows(self, rows):
        self._recent.append(rows)
        data, kinds = zip(*map(self._read, rows), strict=True)
        return np.array(data, object), np.array(kinds, np.int32)

    def explain(self, error):
        """Return the `UserError` that names a broken file, or None.

        Args:
            error: what the graph raised, which can't name it; None of any
                other, which a broken file doesn't explain.
        """
        if not isinstance(error, tf.errors.OpError):
            return None
        for row in {int(row) for rows in list(self._recent) for row in rows}:
            reason = self._check(row)
            if reason:
                return errors.UserError(
                    f"--dataset: {reason}; mend or replace the file, and the "
                    "same command goes on. --cache=disk, of a new run, "
                    "decodes all files first and leaves broken ones out"
                )
        return None
