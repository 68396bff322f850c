"""Scenes of digits with the class of each pixel."""

import numpy as np

from kerasnotes.data.pictures import load_masks
from kerasnotes.data.pictures.readers import digit_masks, digit_scenes


def small(monkeypatch):
    scene = digit_scenes.Scene(
        48, (1, 3), (16, 32), 0.04, {"train": 40, "dev": 8, "test": 8}
    )
    monkeypatch.setattr(digit_masks, "SCENE", scene)
    return scene


def test_ink_is_where_the_scene_shows_digits(tmp_path, monkeypatch):
    scene = small(monkeypatch)
    data = load_masks.load("digit_masks", data_dir=tmp_path)
    assert data.images.shape == (56, 48, 48, 3)
    assert {k: len(v) for k, v in data.official.items()} == scene.sizes
    scenes = list(digit_scenes.compose(scene, "dev"))
    for (picture, objects), row in zip(
        scenes, data.official["dev"], strict=True
    ):
        np.testing.assert_array_equal(data.images[row], picture)
        ink = np.zeros([48, 48], bool)
        for item in objects:
            left, top, right, bottom = item["box"]
            part = data.labels[row][top:bottom, left:right]
            # The box is the tightest around the ink.
            assert part[[0, -1]].any(1).all() and part[:, [0, -1]].any(0).all()
            ink[top:bottom, left:right] = True
        assert not data.labels[row][~ink].any()


def test_at_another_size(tmp_path, monkeypatch):
    small(monkeypatch)
    data = load_masks.load("digit_masks", data_dir=tmp_path)
    half = load_masks.load("digit_masks", data_dir=tmp_path, image_size=24)
    np.testing.assert_array_equal(half.labels, data.labels[:, 1::2, 1::2])
    assert half.images.shape == (56, 24, 24, 3)
    assert (half.sizes == 48).all()
