"""Features in a file: whole or written anew, and in the order of pictures."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples, features


@pytest.fixture
def split():
    rng = np.random.default_rng(0)
    found = examples.Examples(
        rng.integers(0, 256, (40, 3, 3, 1), dtype=np.uint8),
        np.arange(40) % 4,
        [f"train/{i:06d}" for i in range(40)],
        list("abcd"),
    )
    return picture_batches.ImageSplit(
        found, np.arange(39, 4, -1), None, rng.random(35)
    )


class Counted:
    """Sums of rows, and how many pictures were asked for."""

    def __init__(self):
        self.seen = 0

    def __call__(self, x):
        self.seen += len(x)
        return tf.reduce_sum(x, axis=[2, 3])


def batches(split, **given):
    given = {"batch_size": 8, "seed": 3, **given}
    found = split.training_batches(
        first_epoch=1, first_step=2, epochs=4, **given
    )
    return [[part.numpy() for part in batch] for batch in found]


def same(split, found):
    """Check that features come as their pictures would."""
    assert (found.size, found.ids) == (split.size, split.ids)
    pairs = [
        *zip(batches(split), batches(found), strict=True),
        *zip(
            split.evaluation_batches(8),
            found.evaluation_batches(8),
            strict=True,
        ),
    ]
    for (x, y, w), (z, *rest) in pairs:
        np.testing.assert_array_equal(np.sum(x, axis=(2, 3)), z)
        np.testing.assert_array_equal(y, rest[0])
        np.testing.assert_array_equal(w, rest[1])


@pytest.mark.parametrize("memory", [2**20, 0])
def test_features_come_as_their_pictures_would(
    split, tmp_path, memory, monkeypatch
):
    monkeypatch.setattr(examples, "MEMORY", memory)
    found = features.cached(split, Counted(), (3,), tmp_path / "a.npy", 8)
    same(split, found)
    same(split.take(12), found.take(12))


def test_a_whole_file_is_read(split, tmp_path):
    path, function = tmp_path / "made" / "a.npy", Counted()
    for _ in range(2):
        same(split, features.cached(split, function, (3,), path, 8))
    assert function.seen == split.size
    # NumPy reads it too.
    want = split.examples.images[split.indices].sum((2, 3))
    np.testing.assert_array_equal(np.load(path), want)


@pytest.mark.parametrize("left", [0, 5, 100, -1, None])
def test_a_broken_file_is_written_anew(split, tmp_path, left):
    path = tmp_path / "a.npy"
    features.cached(split, Counted(), (3,), path, 8)
    if left is None:
        np.save(path, np.zeros((split.size, 4), "float32"))
    else:
        path.write_bytes(path.read_bytes()[:left])
    same(split, features.cached(split, Counted(), (3,), path, 8))


def test_what_fails_midway_leaves_no_file(split, tmp_path):
    def fails(x):
        if len(x) < 8:
            raise RuntimeError("no more")
        return Counted()(x)

    with pytest.raises(RuntimeError, match="no more"):
        features.cached(split, fails, (3,), tmp_path / "a.npy", 8)
    assert not list(tmp_path.iterdir())


def test_another_picture_is_another_digest(split):
    before = features.digest(split)
    assert features.digest(picture_batches.ImageSplit(*parts(split))) == before
    split.examples.images[0] ^= 1  # It isn't in the split.
    assert features.digest(split) == before
    split.examples.images[39] ^= 1
    assert features.digest(split) != before


def parts(split):
    return split.examples, split.indices
