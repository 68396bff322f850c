"""Records of prepared TFDS sets, one at a time in any order."""

import struct

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import progress

_BATCH = 4096
# A record's length and its checksum stand before it, a checksum behind.
_LENGTH, _BEFORE, _AFTER = 8, 12, 4


def check_format(builder):
    """Refuses a set whose files aren't TFRecord.

    Args:
        builder: a `tfds.core.DatasetBuilder`.

    Raises:
        UserError: they are of another format.
    """
    name = builder.info.file_format.value
    if name != tfds.core.FileFormat.TFRECORD.value:
        raise errors.UserError(
            f"--cache=none: {builder.name} is stored as {name}, and single "
            "records are read of tfrecord files only; give --cache=disk"
        )


class Records:
    """A split's records, in TFDS's order.

    Of a record only what is asked for is read: a file is searched for the
    records' places, which its headers tell. Source: TensorFlow, "TFRecord and
    tf.train.Example", section "TFRecords format details".

    Args:
        builder: a prepared `tfds.core.DatasetBuilder` of TFRecord files.
        split: the split's name.
        key: the one scalar feature to read of all records.
        names: the records' TFDS ids in order, where they are known.

    Attributes:
        values: that feature, an array `[n]`; None with `names`.
    """

    def __init__(self, builder, split, key=None, names=None):
        paths = builder.info.splits[split].filepaths
        self._paths = [str(path) for path in paths]
        self.values = None
        if names is None:
            self.values, names = _values(builder, split, key)
        places = {path.name: number for number, path in enumerate(paths)}
        spans = [_spans(path) for path in self._paths]
        self._places = []
        for name in names:
            file, _, record = name.decode().rpartition("__")
            number = places[file]
            self._places.append((number, *spans[number][int(record)]))

    def __len__(self):
        return len(self._places)

    def read(self, row):
        """Return a record's bytes, a serialised `tf.train.Example`."""
        number, start, size = self._places[row]
        with open(self._paths[number], "rb", buffering=0) as file:
            file.seek(start)
            return file.read(size)


def _values(builder, split, key):
    """Return a scalar feature of all records, and their TFDS ids."""
    data = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding({key: True}),
        read_config=tfds.ReadConfig(add_tfds_id=True),
    )
    batches = progress.progress(
        data.batch(_BATCH).as_numpy_iterator(),
        -(-int(data.cardinality()) // _BATCH),
        f"labels of {split}, batches",
    )
    values, names = [], []
    for batch in batches:
        values.append(batch[key])
        names += batch["tfds_id"].tolist()
    return np.concatenate(values), names


def _spans(path):
    """Return where each record of a file starts, and its size."""
    spans, start = [], 0
    with tf.io.gfile.GFile(path, "rb") as file:
        end = file.size()
        while start < end:
            file.seek(start)
            (size,) = struct.unpack("<Q", file.read(_LENGTH))
            spans.append((start + _BEFORE, size))
            start += _BEFORE + size + _AFTER
    return spans
