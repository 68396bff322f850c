"""What every set of examples holds, and its statistics."""

import numpy as np
import pytest
from sklearn import preprocessing

from kerasnotes import errors
from kerasnotes.data.pictures import examples as lib


def make(images, labels, **changes):
    count = len(images)
    return lib.Examples(
        images,
        np.asarray(labels, np.int64),
        [str(i) for i in range(count)],
        ["a", "b"],
        **changes,
    )


def test_mean_and_std_are_the_standard_scalers():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (600, 30, 20, 3), np.uint8)
    images[..., 2] = 7
    rows = np.arange(0, 600, 2)
    mean, std = lib.mean_and_std(make(images, [0, 1] * 300), rows)
    scaler = preprocessing.StandardScaler().fit(images[rows].reshape(-1, 3))
    np.testing.assert_allclose(mean, scaler.mean_, rtol=1e-10)
    np.testing.assert_allclose(std, scaler.scale_, rtol=1e-10)


def test_the_tensor_shares_aligned_memory():
    array = lib.allocate((4, 3, 5, 1))
    array[:] = 9
    examples = make(array, [0, 1, 0, 1])
    tensor = examples.tensor
    array[2, 1, 4, 0] = 5
    np.testing.assert_array_equal(tensor, array)
    odd = np.arange(121, dtype=np.uint8)[1:].reshape(4, 5, 3, 2)[..., :1]
    np.testing.assert_array_equal(make(odd, [0, 1, 0, 1]).tensor, odd)


def test_large_sets_lie_in_a_file_that_goes_away(tmp_path, monkeypatch):
    monkeypatch.setattr(lib, "MEMORY", 1000)
    array = lib.allocate((5, 20, 20, 1), tmp_path)
    array[:] = np.arange(5, dtype=np.uint8)[:, None, None, None]
    assert isinstance(array, np.memmap)
    assert not list(tmp_path.iterdir())
    assert make(array, [0, 1, 0, 1, 0]).tensor is None
    assert array[:, 3, 4, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_folder_without_room_is_named(tmp_path):
    with pytest.raises(errors.UserError, match="GiB are needed") as caught:
        lib.allocate((2**24, 2**24, 2**8), tmp_path)
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(errors.UserError, match="No such file"):
        lib.allocate((2**30,), tmp_path / "missing")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no picture could be read: 1 skipped; the first"),
        ([1, 1], "of one class, 'b'"),
        ([0, 2], "label 2 of 1 is outside 0…1"),
        ([-1, 0], "label -1 of 0 is outside"),
    ],
)
def test_sets_refused(labels, message):
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
    with pytest.raises(errors.UserError, match=message):
        make(images, labels, skipped=[("x.png", "broken")])


def test_the_covariance_is_numpys(monkeypatch):
    monkeypatch.setattr(lib, "_CHUNK", 300)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 5, 4, 3)).astype(np.uint8)
    images[..., 1] = images[..., 0] // 2 + 7
    rows = np.arange(3, 17)
    found = lib.covariance(make(images, np.arange(20) % 2), rows)
    wanted = np.cov(images[rows].reshape(-1, 3).T, bias=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
