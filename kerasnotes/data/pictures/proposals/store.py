"""Proposals kept on disk, a file for each picture and its settings."""

import hashlib
import json
import pathlib
import zlib

import numpy as np
import scipy

import kerasnotes
from kerasnotes import errors, files
from kerasnotes.data.pictures.proposals import selective_search

_CHECKSUM = 4
_DTYPE = np.dtype("<f4")


class Store:
    """Files of proposals, found by what they were computed from.

    A file's name is a hash of the picture's pixels, the settings, and the
    versions of what computed it; so it is never that of another picture.

    Args:
        folder: where the files are; it appears with the first.
        settings: what else the proposals depend on, a dictionary.

    Attributes:
        broken: how many files were there that can't be used.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder, {"seed": 0})
    ...     key = store.key(np.zeros([2, 2, 3], "uint8"))
    ...     store.write(key, np.float32([[0, 0, 2, 2]]))
    ...     store.read(key).tolist(), store.read(f"{key}1")
    ([[0.0, 0.0, 2.0, 2.0]], None)
    """

    def __init__(self, folder, settings):
        self.folder = pathlib.Path(folder)
        self.broken = 0
        self._settings = json.dumps(
            {
                **settings,
                "algorithm": selective_search.VERSION,
                "kerasnotes": kerasnotes.__version__,
                "numpy": np.__version__,
                "scipy": scipy.__version__,
            },
            sort_keys=True,
        )

    def key(self, picture):
        """Return the hash of a picture, as text."""
        picture = np.ascontiguousarray(picture)
        what = f"{self._settings} {picture.dtype.str} {picture.shape}"
        checksum = hashlib.sha256(what.encode())
        checksum.update(picture)
        return checksum.hexdigest()

    def read(self, key):
        """Return the boxes, or None where no complete file has them.

        Raises:
            UserError: a file can't be read.
        """
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise errors.UserError(
                f"{self.folder}: can't be read: {error.strerror}; give another "
                "folder for the proposals"
            ) from error
        body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
        if checksum != _checksum(body) or len(body) % (4 * _DTYPE.itemsize):
            self.broken += 1
            return None
        return np.frombuffer(body, _DTYPE).reshape(-1, 4).astype(np.float32)

    def write(self, key, boxes):
        """Write a picture's boxes, whole or not at all.

        Raises:
            UserError: the file can't be written.
        """
        body = np.ascontiguousarray(boxes, _DTYPE).tobytes()
        files.write_bytes(self._path(key), body + _checksum(body))

    def _path(self, key):
        # Folders of millions of files are slow.
        return self.folder / key[:2] / f"{key[2:]}.boxes"


def _checksum(data):
    # Not 0 of nothing, as a file of zeros would have.
    return zlib.crc32(data, 1).to_bytes(_CHECKSUM, "little")
