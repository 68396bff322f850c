"""Sliding windows over large pictures."""

import json

import numpy as np
from PIL import Image
from scipy import special
from sklearn import datasets

from kerasnotes import models
from kerasnotes.models.pictures import fully_convolutional
from kerasnotes.tasks.classify import sliding_window


def one_digit(path, place, side, size):
    """Draws a zero into an empty picture."""
    digits = datasets.load_digits()
    pixels = (digits.images[digits.target == 0][0] * 255 / 16).astype("uint8")
    digit = Image.fromarray(pixels).resize((side, side), Image.BILINEAR)
    picture = Image.new("L", size)
    picture.paste(digit, place)
    picture.save(path)
    return path


def test_predict_finds_and_draws(classifiers, command, tmp_path, capsys):
    path = one_digit(tmp_path / "zero.png", (60, 24), 32, (120, 80))
    small = tmp_path / "small.png"
    Image.new("L", (31, 40)).save(small)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    given = {"sliding_window": True, "format": "json", "scales": "1"}
    inputs = [path, small, broken, path]
    capsys.readouterr()
    assert command(classifiers[0], "predict", *inputs, **given) == 1
    told = capsys.readouterr()
    first, again = map(json.loads, told.out.splitlines())
    left, top, right, bottom = (first[side] for side in sliding_window._SIDES)
    assert (right - left, bottom - top) == (32, 32)
    picture = np.array(Image.open(path), "float32")
    every = np.lib.stride_tricks.sliding_window_view(picture, (32, 32))
    crops = every[::4, ::4]
    model = models.load(classifiers[0] / "model.keras")
    logits = model(crops.reshape(-1, 32, 32, 1)).numpy()
    want = special.softmax(logits, -1)
    best = want.max(-1).argmax()
    row, column = np.unravel_index(best, crops.shape[:2])
    assert (top, left) == (4 * row, 4 * column)
    assert first["label"] == str(want[best].argmax())
    np.testing.assert_allclose(first["confidence"], want.max(), atol=1e-4)
    for answer, name in ((first, "zero"), (again, "zero-2")):
        drawn = classifiers[0] / "sliding" / f"{name}.png"
        assert answer["map"] == str(drawn)
        assert Image.open(drawn).width > 500
    wrong = told.err.splitlines()
    assert len(wrong) == 2
    assert "31×40 pixels" in wrong[0] and "32×32" in wrong[0]
    assert str(broken) in wrong[1]


def test_what_becomes_too_large_is_told(classifiers, command, tmp_path, capsys):
    path = tmp_path / "large.png"
    Image.new("1", (1200, 1000)).save(path)
    given = {"sliding_window": True, "scales": "0.1,9.5"}
    assert command(classifiers[0], "predict", path, **given) == 1
    told = "1200×1000 pixels, at --scales=9.5 over 100 megapixels"
    assert told in capsys.readouterr().err


def test_maps_are_the_classifier_on_each_crop(classifiers, monkeypatch):
    model = models.load(classifiers[0] / "model.keras")
    windows = fully_convolutional.convolutionalize(model)
    pixels = np.random.default_rng(0).integers(0, 256, (90, 101, 1), "uint8")
    whole, half = sliding_window.maps(
        windows, lambda z: special.softmax(z, -1), pixels, [1, 0.5, 0.3]
    )
    assert whole.window == (32, 32) and whole.stride == (4, 4)
    # 101 pixels at half the size are 50.
    assert half.window == (64, 32 * 101 / 50)
    assert half.probabilities.shape[:2] == ((45 - 32) // 4 + 1, 5)
    for row, column in [(0, 0), (3, 7), (14, 17)]:
        left, top, right, bottom = map(int, whole.box(row, column))
        crop = pixels[np.newaxis, top:bottom, left:right].astype("float32")
        want = special.softmax(np.asarray(model(crop)), -1)[0]
        np.testing.assert_allclose(
            whole.probabilities[row, column], want, atol=1e-5
        )
    # Read in strips, a picture gives the same map.
    monkeypatch.setattr(sliding_window, "_PIXELS", 101 * 40)
    (strips,) = sliding_window.maps(
        windows, lambda z: special.softmax(z, -1), pixels, [1]
    )
    np.testing.assert_allclose(
        strips.probabilities, whole.probabilities, atol=1e-6
    )


def test_what_borders_cost_is_told(capsys):
    model = models.build("nin", input_shape=(32, 32, 3), width=0.125)
    windows = sliding_window._convolutional(model)
    assert f"differ by up to {windows.border:.2g}" in capsys.readouterr().out
