"""Sliding windows over large pictures."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import special
from sklearn import datasets

from kerasnotes import errors, models
from kerasnotes.models.pictures import fully_convolutional
from kerasnotes.tasks.classify import decision, windows
from tests.support import detections

SIDES = ("left", "top", "right", "bottom")


def one_digit(path, place, side, size):
    """Draws a zero into an empty picture."""
    digits = datasets.load_digits()
    pixels = (digits.images[digits.target == 0][0] * 255 / 16).astype("uint8")
    digit = Image.fromarray(pixels).resize((side, side), Image.BILINEAR)
    picture = Image.new("L", size)
    picture.paste(digit, place)
    picture.save(path)
    return path


def searching(model, scales, score_threshold=0.6, objects=None):
    """Return the `Search` of a classifier, as it was trained."""
    return windows.Search(
        fully_convolutional.convolutionalize(model),
        decision.Decision(),
        scales,
        [1.0] * model.output_shape[-1] if objects is None else objects,
        score_threshold,
        0.3,
    )


def suppressed(boxes, scores, iou_threshold):
    """Return the places of the boxes left, by a plain loop."""
    left = []
    for i in np.argsort(-scores, kind="stable"):
        overlaps = [detections.iou(boxes[i], boxes[j]) for j in left]
        if max(overlaps, default=0) < iou_threshold:
            left.append(i)
    return left


def test_predict_keeps_the_best_and_draws(
    classifiers, command, tmp_path, capsys
):
    path = one_digit(tmp_path / "zero.png", (60, 24), 32, (120, 80))
    small = tmp_path / "small.png"
    Image.new("L", (31, 40)).save(small)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    given = {"sliding_window": True, "format": "json", "scales": "1"}
    given["score_threshold"] = 0.5
    inputs = [path, small, broken, path]
    capsys.readouterr()
    assert command(classifiers[0], "predict", *inputs, **given) == 1
    told = capsys.readouterr()
    rows = [json.loads(line) for line in told.out.splitlines()]
    picture = np.array(Image.open(path), "float32")
    crops = np.lib.stride_tricks.sliding_window_view(picture, (32, 32))
    crops = crops[::4, ::4]
    model = models.load(classifiers[0] / "model.keras")
    sure = special.softmax(model(crops.reshape(-1, 32, 32, 1)).numpy(), -1)
    top, left = np.indices(crops.shape[:2]).reshape(2, -1) * 4
    boxes = np.stack([left, top, left + 32, top + 32], -1)
    want = []
    for label in range(10):
        answers = (sure.argmax(-1) == label) & (sure.max(-1) > 0.5)
        of_class = boxes[answers], sure[answers, label]
        want += [
            (str(label), *of_class[0][i], of_class[1][i])
            for i in suppressed(*of_class, 0.3)
        ]
    want.sort(key=lambda row: -row[-1])
    half = len(rows) // 2
    assert len(want) == half > 1
    for name, part in (("zero", rows[:half]), ("zero-2", rows[half:])):
        assert [(r["label"], *(r[s] for s in SIDES)) for r in part] == [
            row[:-1] for row in want
        ]
        np.testing.assert_allclose(
            [r["confidence"] for r in part], [w[-1] for w in want], atol=1e-4
        )
        drawn = classifiers[0] / "sliding" / f"{name}.png"
        assert {r["map"] for r in part} == {str(drawn)}
        assert Image.open(drawn).width > 500
    wrong = told.err.splitlines()
    assert len(wrong) == 2
    assert "31×40 pixels" in wrong[0] and "32×32" in wrong[0]
    assert str(broken) in wrong[1]


def test_background_and_the_unsure_are_no_objects(
    classifiers, command, tmp_path, capsys
):
    path = one_digit(tmp_path / "zero.png", (60, 24), 32, (120, 80))
    given = {"sliding_window": True, "format": "json"}
    given["background_classes"] = "0, 2,3,4,5,6,7,8,9"
    capsys.readouterr()
    assert command(classifiers[0], "predict", path, **given) == 0
    rows = map(json.loads, capsys.readouterr().out.splitlines())
    assert {row["label"] for row in rows} <= {"1", ""}
    given["background_classes"] = ",".join(map(str, range(9)))
    given["score_threshold"] = 0.999
    assert command(classifiers[0], "predict", path, **given) == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["label"] == "" and row["confidence"] == 0
    assert [row[side] for side in SIDES] == [None] * 4


def test_a_bound_on_the_windows_is_told(
    classifiers, command, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(windows, "MOST", 1)
    path = one_digit(tmp_path / "zero.png", (60, 24), 32, (120, 80))
    given = {"sliding_window": True, "score_threshold": 0.1}
    assert command(classifiers[0], "predict", path, **given) == 0
    told = capsys.readouterr()
    assert f"{path}: the 1 surest window, more" in told.err
    assert told.out.count("zero.png") == 2


@pytest.mark.parametrize(
    "background, told",
    [
        ("road", "--background_classes: unknown 'road'"),
        (",".join("0123456789"), "these are all classes"),
    ],
)
def test_other_backgrounds_are_refused(
    classifiers, command, tmp_path, capsys, background, told
):
    given = {"sliding_window": True, "background_classes": background}
    path = one_digit(tmp_path / "zero.png", (0, 0), 32, (40, 40))
    with pytest.raises(errors.UserError, match=told):
        command(classifiers[0], "predict", path, **given)


def test_a_model_without_windows_is_refused():
    trunk = models.build("resnet20", include_top=False, width=0.25)
    with pytest.raises(errors.UserError, match="--sliding_window: .* shapes"):
        windows._convolutional(trunk)


def test_what_becomes_too_large_is_told(classifiers, command, tmp_path, capsys):
    path = tmp_path / "large.png"
    Image.new("1", (1200, 1000)).save(path)
    given = {"sliding_window": True, "scales": "0.1,9.5"}
    assert command(classifiers[0], "predict", path, **given) == 1
    told = "1200×1000 pixels, at --scales=9.5 over 100 megapixels"
    assert told in capsys.readouterr().err


def test_maps_are_the_classifier_on_each_crop(classifiers, monkeypatch):
    model = models.load(classifiers[0] / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (90, 101, 1), "uint8")
    whole, half, none = searching(model, [1, 0.5, 0.3]).maps(pixels)
    assert whole.window.numpy().tolist() == [32, 32]
    assert whole.stride.numpy().tolist() == [4, 4]
    # 101 pixels at half the size are 50.
    np.testing.assert_allclose(half.window, (64, 32 * 101 / 50))
    assert half.probabilities.shape[:2] == ((45 - 32) // 4 + 1, 5)
    assert none.labels.shape == (0, 0)
    boxes = whole.boxes().numpy()
    for row, column in [(0, 0), (3, 7), (14, 17)]:
        left, top, right, bottom = map(int, boxes[row, column])
        crop = pixels[np.newaxis, top:bottom, left:right].astype("float32")
        want = special.softmax(np.asarray(model(crop)), -1)[0]
        np.testing.assert_allclose(
            whole.probabilities[row, column], want, atol=1e-5
        )
    # Read in strips, a picture gives the same map.
    monkeypatch.setattr(windows, "_PIXELS", 101 * 40)
    (strips,) = searching(model, [1]).maps(pixels)
    np.testing.assert_allclose(
        strips.probabilities, whole.probabilities, atol=1e-6
    )


def test_the_served_model_answers_as_predict(
    classifiers, command, tmp_path, capsys
):
    paths = [
        one_digit(tmp_path / "1.png", (60, 24), 32, (120, 80)),
        one_digit(tmp_path / "2.png", (10, 30), 64, (90, 130)),
        one_digit(tmp_path / "3.png", (0, 0), 20, (20, 20)),
    ]
    given = {"sliding_window": True, "scales": "1,0.5"}
    command(classifiers[0], "export", **given)
    served = tf.saved_model.load(str(classifiers[0] / "saved_model"))
    answer = served.signatures["sliding_window"](
        image_bytes=tf.constant([path.read_bytes() for path in paths])
    )
    given["format"] = "json"
    capsys.readouterr()
    assert command(classifiers[0], "predict", *paths, **given) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for i, path in enumerate(paths):
        want = [row for row in rows if row["file"] == str(path)]
        assert int(answer["count"][i]) == len(want) == min(len(want), 99)
        for j, row in enumerate(want):
            assert answer["labels"][i, j].numpy().decode() == row["label"]
            np.testing.assert_allclose(
                answer["boxes"][i, j], [row[s] for s in SIDES], atol=0.51
            )
            np.testing.assert_allclose(
                answer["scores"][i, j], row["confidence"], atol=1e-4
            )
        assert not answer["scores"][i, len(want) :].numpy().any()
    assert not int(answer["count"][2])


def test_what_borders_cost_is_told(capsys):
    model = models.build("nin", input_shape=(32, 32, 3), width=0.125)
    sliding = windows._convolutional(model)
    assert f"differ by up to {sliding.border:.2g}" in capsys.readouterr().out
