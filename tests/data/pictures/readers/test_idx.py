"""The MNIST family's files, whole and broken."""

import gzip

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.pictures import load
from tests.support.paths import SHARED

PICTURES = np.random.default_rng(0).integers(0, 256, (12, 5, 4), np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 3


def idx(array):
    head = bytes([0, 0, 8, array.ndim])
    return head + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write(folder, prefix="train", pictures=PICTURES, labels=LABELS, gz=False):
    for name, array in (("images-idx3", pictures), ("labels-idx1", labels)):
        data = array if isinstance(array, bytes) else idx(array)
        path = folder / f"{prefix}-{name}-ubyte{'.gz' if gz else ''}"
        path.write_bytes(gzip.compress(data) if gz else data)
    return str(folder)


@pytest.mark.parametrize("gz", [False, True])
def test_train_alone(tmp_path, gz):
    examples = load.load(write(tmp_path, gz=gz))
    np.testing.assert_array_equal(examples.images[..., 0], PICTURES)
    np.testing.assert_array_equal(examples.labels, LABELS)
    assert examples.class_names == ["0", "1", "2"]
    assert examples.ids[11] == "train/000011"
    assert list(examples.official) == ["train"]


def test_test_files_are_the_official_test_side(tmp_path):
    write(tmp_path, gz=True)
    write(tmp_path, "t10k", PICTURES[:4], LABELS[:4])
    examples = load.load(str(tmp_path))
    assert examples.official["train"].tolist() == list(range(12))
    assert examples.official["test"].tolist() == [12, 13, 14, 15]
    np.testing.assert_array_equal(examples.images[12:, ..., 0], PICTURES[:4])
    assert examples.ids[15] == "test/000003"


def unpacked(folder, name, data):
    """Write a file into a folder of its name, as some programs unpack it."""
    (folder / name).mkdir(parents=True)
    (folder / name / name).write_bytes(data)


def test_files_in_folders_of_their_names(tmp_path):
    for prefix, count in (("train", 12), ("t10k", 4)):
        unpacked(tmp_path, f"{prefix}-images-idx3-ubyte", idx(PICTURES[:count]))
        unpacked(tmp_path, f"{prefix}-labels-idx1-ubyte", idx(LABELS[:count]))
    both = {"train": 12, "test": 4}
    found = load.load(str(tmp_path))
    assert {k: len(v) for k, v in found.official.items()} == both
    found = load.load(str(tmp_path / "train-images-idx3-ubyte"))
    assert {k: len(v) for k, v in found.official.items()} == both
    # A copy beside the folders, as one archive has it.
    for name, array in (("images.idx3", PICTURES), ("labels.idx1", LABELS)):
        (tmp_path / f"train-{name}-ubyte").write_bytes(idx(array))
    assert len(load.load(str(tmp_path)).official["train"]) == 12


def test_packed_or_not_whatever_the_name(tmp_path):
    write(tmp_path, gz=True)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_suffix(""))
    assert len(load.load(str(tmp_path)).ids) == 12
    write(tmp_path, "test", gz=True)
    for path in tmp_path.glob("test*"):
        path.write_bytes(gzip.decompress(path.read_bytes()))
    assert list(load.load(str(tmp_path)).official) == ["train", "test"]
    write(tmp_path, "t10k")
    with pytest.raises(errors.UserError, match="test-images.* beside t10k-im"):
        load.load(str(tmp_path))


def test_a_folder_of_a_files_name_beside_it(tmp_path):
    write(tmp_path)
    for name in ("train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte"):
        (tmp_path / name).mkdir()
    assert list(load.load(str(tmp_path)).official) == ["train"]


def test_size_and_channels(tmp_path):
    examples = load.load(write(tmp_path), image_size=8, channels=3)
    assert examples.images.shape == (12, 8, 8, 3)


def test_labels_may_start_at_one(tmp_path):
    examples = load.load(write(tmp_path, labels=LABELS + 1))
    np.testing.assert_array_equal(examples.labels, LABELS)
    assert examples.class_names == ["1", "2", "3"]


def label(value):
    labels = LABELS.copy()
    labels[5] = value
    return labels


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pictures": b""}, "images-idx3.*begins with , not 00000803"),
        ({"pictures": b"\0\0\x0d\x03" + idx(PICTURES)[4:]}, "begins with"),
        ({"pictures": idx(PICTURES)[:9]}, "images-idx3.*truncated"),
        ({"pictures": idx(PICTURES)[:-1]}, "promises 240 bytes.*holds 239"),
        ({"pictures": idx(PICTURES) + b"x"}, "holds more"),
        ({"pictures": b"\0\0\x08\x03" + b"\xff" * 12}, "promises"),
        ({"labels": LABELS[:-1]}, "labels-idx1.*11 labels for the 12"),
        ({"labels": idx(PICTURES)}, "labels-idx1.*begins with"),
        ({"labels": label(200)}, "label 200 is out of range"),
        ({"labels": LABELS * 0}, "of one class, '0'"),
    ],
)
@pytest.mark.parametrize("gz", [False, True])
def test_broken_files_are_refused(tmp_path, change, message, gz):
    path = write(tmp_path, gz=gz, **change)
    with pytest.raises(errors.UserError, match=message) as caught:
        load.load(path)
    assert "\n" not in str(caught.value)


def test_a_cut_gzip_is_refused(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    write(tmp_path, gz=True)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(errors.UserError, match=f"{path.name}: can't be read"):
        load.load(str(tmp_path))


def test_sets_that_do_not_fit_are_refused(tmp_path):
    write(tmp_path)
    write(tmp_path, "t10k", labels=label(3))
    with pytest.raises(
        errors.UserError, match="t10k-labels.*label 3 is out of"
    ):
        load.load(str(tmp_path))
    write(tmp_path, "t10k", pictures=PICTURES[:, :3])
    with pytest.raises(errors.UserError, match="t10k.*pictures of"):
        load.load(str(tmp_path))
    write(tmp_path, "emnist-train")
    with pytest.raises(errors.UserError, match="several sets"):
        load.load(str(tmp_path))


def test_missing_labels_are_named(tmp_path):
    write(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(errors.UserError, match="its labels are missing"):
        load.load(str(tmp_path))


def test_mnist():
    folder = SHARED / "mnist"
    if not folder.is_dir():
        pytest.skip("needs the shared data")
    examples = load.load(str(folder))
    assert examples.images.shape == (60_000, 28, 28, 1)
    assert examples.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(examples.labels)[0] == 5923
