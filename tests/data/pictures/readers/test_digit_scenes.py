"""Scenes of real digits with exact boxes."""

import dataclasses
import types

import numpy as np
import pytest
from sklearn import datasets

from kerasnotes import splits
from kerasnotes.data.pictures import load_boxes
from kerasnotes.data.pictures.readers import digit_scenes

FEW = {"train": 24, "dev": 12, "test": 12}
SCENES = {
    name: dataclasses.replace(scene, sizes=FEW)
    for name, scene in (
        ("one_digit", digit_scenes.ONE),
        ("many_digits", digit_scenes.MANY),
    )
}
each_scene = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
DIGITS = datasets.load_digits()


@pytest.fixture
def compose_with(monkeypatch):
    """Composes with all digits that don't fit blanked out."""

    def compose(scene, split, fits):
        images = np.where(fits[:, None, None], DIGITS.images, 0.0)
        fake = types.SimpleNamespace(images=images, target=DIGITS.target)
        monkeypatch.setattr(datasets, "load_digits", lambda: fake)
        return list(digit_scenes.compose(scene, split))

    return compose


NOBODY, ALL = np.zeros(1797, bool), np.ones(1797, bool)


@each_scene
def test_boxes_are_around_what_a_digit_changes(scene, compose_with):
    """Beside the same scene without digits, the ink shows itself."""
    shown = compose_with(scene, "dev", ALL)
    empty = compose_with(scene, "dev", NOBODY)
    for (picture, objects), (ground, none) in zip(shown, empty, strict=True):
        assert none == []
        change = np.abs(picture.astype(int) - ground).max(-1)
        inside = np.zeros(change.shape, bool)
        for item in objects:
            left, top, right, bottom = item["box"]
            part = change[top:bottom, left:right]
            # Three tenths of an ink that stands out, on each of its sides.
            for edge in (part[0], part[-1], part[:, 0], part[:, -1]):
                assert edge.max() >= 8
            inside[top:bottom, left:right] = True
        # Beyond is at most three tenths of the whole range, faded out.
        assert change[~inside].max(initial=0) <= digit_scenes.INK * 255 + 1
        if objects:
            assert change[inside].max() > 60


@each_scene
def test_landmarks_are_the_outermost_ink(scene):
    for _, objects in digit_scenes.compose(scene, "train"):
        for item in objects:
            left, top, right, bottom = item["box"]
            x, y = item["points"].T
            assert (y[0], y[1], x[2], x[3]) == (
                top,
                bottom - 1,
                left,
                right - 1,
            )
            assert (x >= left).all() and (x < right).all()
            assert (y >= top).all() and (y < bottom).all()


def test_of_one_object_by_hand():
    alpha = np.zeros([6, 8])
    alpha[2, 3:6] = 0.5, 0.9, 0.7
    alpha[4, 1] = 0.3
    alpha[5, 7] = 0.29
    item = digit_scenes._object(alpha, 7)
    assert item["box"].tolist() == [1, 2, 6, 5] and item["label"] == 7
    assert item["points"].tolist() == [[4, 2], [1, 4], [1, 4], [5, 2]]
    assert digit_scenes._object(0 * alpha, 7) is None


@each_scene
def test_the_same_at_every_call(scene):
    for one, other in zip(
        digit_scenes.compose(scene, "dev"),
        digit_scenes.compose(scene, "dev"),
        strict=True,
    ):
        np.testing.assert_array_equal(one[0], other[0])
        assert len(one[1]) == len(other[1])
        for item, twin in zip(one[1], other[1], strict=True):
            np.testing.assert_array_equal(item["box"], twin["box"])


@each_scene
def test_no_digit_lies_on_two_sides(scene, compose_with):
    names = [f"train/{i:06d}" for i in range(1797)]
    for side, rows in splits.assign(names, DIGITS.target).items():
        fits = np.isin(np.arange(1797), rows)
        for other in FEW:
            objects = [o for _, o in compose_with(scene, other, fits)]
            assert any(objects) if other == side else not any(objects)


def test_how_many_and_how_large():
    scene = dataclasses.replace(digit_scenes.MANY, sizes={**FEW, "dev": 200})
    scenes = [o for _, o in digit_scenes.compose(scene, "dev")]
    counts = np.bincount([len(objects) for objects in scenes], minlength=9)
    assert counts.min() >= 2 and len(counts) == 9
    boxes = np.array([o["box"] for objects in scenes for o in objects])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1)
    assert sides.min() <= 14 and sides.max() >= 35 and sides.min() >= 7
    touching = 0
    for objects in scenes:
        for i, one in enumerate(objects):
            for other in objects[:i]:
                low = np.maximum(one["box"][:2], other["box"][:2])
                high = np.minimum(one["box"][2:], other["box"][2:])
                touching += (high >= low).all()
    assert touching >= 20


def test_reading(tmp_path, monkeypatch):
    for name in ("OneDigit", "ManyDigits"):
        monkeypatch.setattr(
            getattr(digit_scenes, name),
            "SCENE",
            SCENES[{"OneDigit": "one_digit"}.get(name, "many_digits")],
        )
    for name, scene in SCENES.items():
        read = load_boxes.load(name, data_dir=str(tmp_path))
        assert read.ids[0] == "train/000000" and len(read.ids) == 48
        for split, rows in read.official.items():
            for row, (picture, objects) in zip(
                rows, digit_scenes.compose(scene, split), strict=True
            ):
                np.testing.assert_array_equal(read.images[row], picture)
                np.testing.assert_array_equal(
                    read.boxes[row].numpy().tolist(),
                    [o["box"].tolist() for o in objects],
                )
                assert read.labels[row].numpy().tolist() == [
                    o["label"] for o in objects
                ]
        assert read.visible.flat_values.numpy().all()
        assert read.pairs == [(2, 3)]
        half = load_boxes.load(
            name, data_dir=str(tmp_path), image_size=scene.side // 2, channels=1
        )
        np.testing.assert_array_equal(
            half.boxes.flat_values, read.boxes.flat_values / 2
        )
        assert half.images.shape[1:] == (scene.side // 2,) * 2 + (1,)
        # A pixel's centre is half a pixel from its edge.
        np.testing.assert_array_equal(
            half.points.flat_values, (read.points.flat_values + 0.5) / 2 - 0.5
        )


def test_without_a_folder_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(digit_scenes.OneDigit, "SCENE", SCENES["one_digit"])
    (tmp_path / "file").write_text("in the way")
    read = load_boxes.load("one_digit", data_dir=str(tmp_path / "file" / "x"))
    assert read.images.shape == (48, 64, 64, 3)
