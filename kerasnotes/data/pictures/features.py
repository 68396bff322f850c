"""Features of a split's pictures, computed once and kept in a file."""

import hashlib
import zlib

import numpy as np
import tensorflow as tf

from kerasnotes import files
from kerasnotes.data.common import batches, progress
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples

_CHUNK = 256
_CHECKSUM = 4


class FeatureSplit(picture_batches.ImageSplit):
    """A split whose batches hold features in place of pictures.

    Order, labels and weights are those of the split of pictures, whatever
    the seed and the epoch.

    Args:
        split: the `ImageSplit`.
        features: float32 `[size, ...]`, in the split's order.

    >>> pictures = examples.Examples(np.zeros((3, 2, 2, 1), "uint8"),
    ...     np.array([0, 1, 0]), list("abc"), ["no", "yes"])
    >>> split = picture_batches.ImageSplit(pictures, [0, 1, 2])
    >>> split = FeatureSplit(split, np.float32([[7], [8], [9]]))
    >>> [x.numpy().tolist() for x, _, _ in split.evaluation_batches(2)]
    [[[7.0], [8.0]], [[9.0]]]
    """

    def __init__(self, split, features):
        super().__init__(split.examples, split.indices, None, split.weights)
        self._features = self._source = features
        if features.nbytes <= examples.MEMORY:
            with tf.device("CPU"):
                self._source = tf.constant(features)

    def subset(self, indices):
        return FeatureSplit(super().subset(indices), self._features[indices])

    def _pictures(self, indices, training):
        return batches.gather(self._source, indices)


def cached(split, function, shape, path, batch_size):
    """Return the `FeatureSplit` of a file, which is written if need be.

    A file that isn't whole, or holds arrays of another shape, is written
    anew. That it is of this split and function is for its name to say.

    Args:
        split: the `ImageSplit`.
        function: gives the features of pictures, float32 `[b, h, w, c]`.
        shape: the shape of one example's features.
        path: the `.npy` file, a `pathlib.Path`.
        batch_size: pictures that the function is given at a time.

    Raises:
        UserError: the file can't be written.
    """
    shape = (split.size, *shape)
    features = _read(path, shape)
    if features is None:
        _write(split, function, shape, path, batch_size)
        features = _read(path, shape)
    return FeatureSplit(split, features)


def digest(split):
    """Return a hash of a split's pictures, as text.

    >>> pictures = np.arange(2, dtype="uint8").reshape(2, 1, 1, 1)
    >>> pictures = examples.Examples(pictures, np.arange(2), list("ab"),
    ...     ["no", "yes"])
    >>> one, other = (picture_batches.ImageSplit(pictures, [i]) for i in (0, 1))
    >>> digest(one) == digest(other)
    False
    """
    images, indices = split.examples.images, split.indices
    checksum = hashlib.sha256(repr(images.shape[1:]).encode())
    for start in range(0, split.size, _CHUNK):
        checksum.update(images[indices[start : start + _CHUNK]].tobytes())
    return checksum.hexdigest()


def _read(path, shape):
    try:
        features = np.lib.format.open_memmap(path, mode="r")
        with open(path, "rb") as file:
            file.seek(features.offset + features.nbytes)
            checksum = file.read(_CHECKSUM + 1)
    except Exception:  # NumPy raises at will.
        return None
    complete = features.shape == shape and features.dtype == np.float32
    return features if complete and checksum == _checksum(features) else None


def _checksum(features):
    """Return what the file holds behind the array, where NumPy skips it."""
    checksum = 0
    for start in range(0, len(features), _CHUNK):
        checksum = zlib.crc32(features[start : start + _CHUNK], checksum)
    return checksum.to_bytes(_CHECKSUM, "little")


def _write(split, function, shape, path, batch_size):
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    parts = progress.progress(
        split.evaluation_batches(batch_size),
        -(-split.size // batch_size),
        f"features of {split.size:,} pictures, batches",
    )
    # Not through a memory map, where a full disk ends the process.
    with files.aside(path) as partial, open(partial, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        checksum = 0
        for x, _, _ in parts:
            data = np.asarray(function(x), "<f4").tobytes()
            checksum = zlib.crc32(data, checksum)
            file.write(data)
        file.write(checksum.to_bytes(_CHECKSUM, "little"))
