"""Scenes of real digits with several labels."""

import types

import numpy as np
import pytest
from sklearn import datasets

from kerasnotes import splits
from kerasnotes.data.pictures.readers import scenes


@pytest.fixture(scope="module")
def dev():
    pictures, labels = scenes.compose("dev")
    return pictures, dict(zip(scenes.LABELS, labels.T, strict=True))


def test_four_of_seven_labels_are_withheld_in_train_alone():
    _, labels = scenes.compose("train")
    assert labels.shape == (6000, 7) and labels.dtype == np.int8
    unknown = labels == -1
    assert (unknown.sum(1) == 4).all()
    assert np.abs(unknown.mean(0) - 4 / 7).max() < 0.03


def test_labels_are_neither_rare_nor_the_rule(dev):
    for values in dev[1].values():
        assert set(values) == {0, 1} and 0.4 < values.mean() < 0.75


def test_what_the_pictures_show(dev):
    """The labels that can be told without reading."""
    pictures, labels = dev
    assert pictures.shape == (1000, 32, 32, 3)
    dark = np.median(pictures, (1, 2, 3)) < 127
    np.testing.assert_array_equal(dark, labels["dark background"])
    # Ink lies far from the middle of all shades, on the other side of it.
    grey = pictures.mean(-1)
    grey = np.where(dark[:, None, None], grey, 255 - grey)
    ink = grey > 130
    assert ink.sum((1, 2)).min() > 4
    # A lone digit's middle is near its ink's.
    alone = labels["two digits"] == 0
    columns = ink[alone].sum(1) @ np.arange(32) / ink[alone].sum((1, 2))
    left = labels["digit on the left"][alone]
    clear = np.abs(columns - 15.5) > 2
    assert clear.mean() > 0.7
    np.testing.assert_array_equal(columns[clear] < 15.5, left[clear])
    rows = ink[alone].any(2)
    heights = 32 - rows.argmax(1) - rows[:, ::-1].argmax(1)
    large = labels["large digit"][alone] == 1
    assert np.median(heights[large]) > np.median(heights[~large]) + 3


@pytest.fixture
def compose_with(monkeypatch):
    """Composes a side with all digits that don't fit blanked out."""
    digits = datasets.load_digits()

    def compose(side, fits):
        images = np.tile(16.0 * fits[:, None, None], (8, 8))
        fake = types.SimpleNamespace(images=images, target=digits.target)
        monkeypatch.setattr(datasets, "load_digits", lambda: fake)
        return scenes.compose(side)

    return compose


TARGET = datasets.load_digits().target


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("even digit", TARGET % 2 == 0),
        ("digit above five", TARGET > 5),
        ("digit with a loop", np.isin(TARGET, [0, 6, 8, 9])),
    ],
)
def test_what_has_to_be_read(name, fits, compose_with):
    shown, labels = compose_with("dev", fits)
    empty, _ = compose_with("dev", np.zeros(1797, bool))
    inked = (shown != empty).any((1, 2, 3))
    np.testing.assert_array_equal(inked, labels[:, scenes.LABELS.index(name)])


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(scenes, "SIZES", {"train": 60, "dev": 30, "test": 30})


def test_sides_share_no_digit(few, compose_with):
    names = [f"train/{i:06d}" for i in range(1797)]
    own = splits.assign(names, TARGET)
    empty = {
        side: compose_with(side, np.zeros(1797, bool))[0]
        for side in scenes.SIZES
    }
    for side, rows in own.items():
        fits = np.isin(np.arange(1797), rows)
        for other, ground in empty.items():
            inked = (compose_with(other, fits)[0] != ground).any((1, 2, 3))
            assert inked.all() if other == side else not inked.any()


def test_reading(few, tmp_path):
    read = scenes.read(data_dir=str(tmp_path))
    record = next(tmp_path.rglob("*.tfrecord*"))
    written = record.stat().st_mtime_ns
    grey = scenes.read((16, 20), 1, data_dir=str(tmp_path))
    assert record.stat().st_mtime_ns == written
    np.testing.assert_array_equal(grey.labels, read.labels)
    assert grey.images.shape == (120, 16, 20, 1)
    assert read.class_names == list(scenes.LABELS) and not read.synthetic
    assert read.ids[0] == "train/000000" and read.ids[119] == "test/000029"
    for side, rows in read.official.items():
        pictures, labels = scenes.compose(side)
        np.testing.assert_array_equal(read.images[rows], pictures)
        np.testing.assert_array_equal(read.labels[rows], labels)


def test_without_a_folder_to_write(few, tmp_path):
    (tmp_path / "file").write_text("in the way")
    read = scenes.read(data_dir=str(tmp_path / "file" / "x"))
    assert read.images.shape == (120, 32, 32, 3)
