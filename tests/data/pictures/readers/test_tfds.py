"""Sets of TensorFlow Datasets, and the digits among them."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from sklearn import datasets

from kerasnotes import errors
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import load


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(tfds_sets, "online", lambda: False)


def check_digits(examples):
    digits = datasets.load_digits()
    np.testing.assert_array_equal(
        examples.images[..., 0], np.round(digits.images / 16 * 255)
    )
    np.testing.assert_array_equal(examples.labels, digits.target)
    assert examples.class_names == list("0123456789")
    assert examples.official is None
    assert examples.ids[1796] == "train/001796"


def test_digits_are_prepared_once(tmp_path, capsys):
    check_digits(load.load("digits", data_dir=str(tmp_path)))
    assert "ownload" not in "".join(capsys.readouterr())
    record = next(tmp_path.rglob("*.tfrecord*"))
    written = record.stat().st_mtime_ns
    check_digits(load.load("digits", data_dir=str(tmp_path)))
    assert record.stat().st_mtime_ns == written


def test_digits_without_a_folder_to_write(tmp_path):
    (tmp_path / "file").write_text("in the way")
    check_digits(load.load("digits", data_dir=str(tmp_path / "file" / "x")))


def test_a_set_of_one_size(tmp_path):
    with tfds.testing.mock_data(num_examples=30):
        examples = load.load("mnist", data_dir=str(tmp_path))
        small = load.load("mnist", data_dir=str(tmp_path), image_size=9)
        colour = load.load("mnist", data_dir=str(tmp_path), channels=3)
    assert examples.images.shape == (30, 28, 28, 1)
    assert examples.class_names == list("0123456789")
    assert small.images.shape == (30, 9, 9, 1)
    np.testing.assert_array_equal(colour.images[..., 2:], examples.images)


def test_a_set_of_many_sizes(tmp_path):
    with tfds.testing.mock_data(num_examples=20):
        examples = load.load("cats_vs_dogs", data_dir=str(tmp_path))
    assert examples.images.shape == (20, 32, 32, 3)
    assert examples.class_names == ["cat", "dog"]


class Three(tfds.core.GeneratorBasedBuilder):
    """A set with three splits."""

    VERSION = tfds.core.Version("1.0.0")
    low = 0

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "picture": tfds.features.Image(shape=(2, 2, 1)),
                    "kind": tfds.features.ClassLabel(names=["a", "b"]),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(value)
            for value, split in enumerate(("train", "test", "validation"))
        }

    def _generate_examples(self, value):
        for key in range(4):
            picture = np.full((2, 2, 1), 10 * value + key, np.uint8)
            yield key, {"picture": picture, "kind": key % 2 - self.low}


def test_official_splits(tmp_path):
    Three(data_dir=str(tmp_path)).download_and_prepare()
    examples = load.load("three", data_dir=str(tmp_path))
    values = {
        side: examples.images[rows, 0, 0, 0].tolist()
        for side, rows in examples.official.items()
    }
    assert values == {
        "train": [0, 1, 2, 3],
        "test": [10, 11, 12, 13],
        "dev": [20, 21, 22, 23],
    }
    assert examples.ids[examples.official["dev"][3]] == "dev/000003"


def test_array_records_are_refused(tmp_path):
    pytest.importorskip("array_record")
    builder = Three(data_dir=str(tmp_path), file_format="array_record")
    builder.download_and_prepare()
    for cache in ("auto", "none"):
        with pytest.raises(errors.UserError, match="stored as array_record"):
            load.load("three", data_dir=str(tmp_path), cache=cache)


class Unlabelled(Three):
    """A set whose labels are -1, as some tests' are."""

    low = 1


def test_labels_out_of_range(tmp_path):
    Unlabelled(data_dir=str(tmp_path)).download_and_prepare()
    with pytest.raises(errors.UserError, match="label -1 of train/000000"):
        load.load("unlabelled", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnizt", "unknown 'mnizt'; did you mean 'mnist'"),
        ("emnist/lettrs", "did you mean 'emnist/letters'"),
        ("coco", "does not hold pictures with one label each"),
        ("imdb_reviews", "does not hold pictures with one label each"),
        ("imagenet2012", "must be downloaded by hand"),
        ("mnist", "no network to download it"),
        ("./mnist", "no such folder"),
        ("mine.zip", "no such folder"),
    ],
)
def test_names_refused(name, message, tmp_path, offline):
    with pytest.raises(errors.UserError, match=message) as caught:
        load.load(name, data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)
