"""A damaged file that HDF5 never ends to read is refused all the same."""

import h5py
import numpy as np
import pytest

from kerasnotes.models.weights import hdf5


def test_reading_without_an_end_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "damaged.weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.attrs["name"] = "logits"
        group["0"] = np.zeros([64, 10], "float32")
        group["1"] = np.zeros(10, "float32")
    read = hdf5.read(str(path))
    assert [array.shape for array in read["logits"]] == [(64, 10), (10,)]
    data = bytearray(path.read_bytes())
    # As a disk loses a block. h5py hangs in C, where no thread can stop it.
    data[4021:4388] = bytes(4388 - 4021)
    path.write_bytes(data)
    monkeypatch.setattr(hdf5, "_SECONDS", 5)
    with pytest.raises(ValueError, match="reading it has no end"):
        hdf5.read(str(path))
