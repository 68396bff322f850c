"""Ten crops: where they lie, and that their answers are averaged."""

import json

import numpy as np
import pytest
from scipy import special

from kerasnotes import errors, models
from kerasnotes.data.pictures import load
from kerasnotes.tasks import classify
from kerasnotes.tasks.classify import ten_crop


def test_the_crops_are_corners_centre_and_their_mirrors():
    picture = np.zeros((1, 7, 9, 1), int)
    marks = {(0, 0): 1, (0, 8): 2, (6, 0): 3, (6, 8): 4, (3, 4): 5}
    for place, mark in marks.items():
        picture[0, *place, 0] = mark
    crops = ten_crop.ten_crops(picture, (3, 5))
    assert [c.shape for c in crops] == [(1, 3, 5, 1)] * 10
    corner = [(0, 0), (0, 4), (2, 0), (2, 4), (1, 2)]
    for i, place in enumerate(corner):
        assert crops[i][0, *place, 0] == i + 1
        np.testing.assert_array_equal(
            crops[i + 5][0, :, :, 0], np.fliplr(crops[i][0, :, :, 0])
        )


def test_crops_larger_than_the_picture_are_refused():
    with pytest.raises(ValueError, match=r"size=\(4, 2\)"):
        ten_crop.ten_crops(np.zeros((1, 3, 3, 1)), (4, 2))


def test_evaluate_averages_ten_answers(classifiers, command, capsys):
    folder = classifiers[0]
    whole, ten = command(folder, "evaluate", ten_crop=True)
    task = classify.Classify(
        classify.Config(data_dir=str(folder.parent / "data"))
    )
    dev = task.data().splits["dev"]
    large = load.load(
        "digits", data_dir=task.config.data_dir, image_size=37
    ).images[dev.indices]
    model = models.load(folder / "model.keras")
    want = np.mean(
        [
            special.softmax(model(crop), axis=-1)
            for crop in ten_crop.ten_crops(large.astype("float32"), (32, 32))
        ],
        axis=0,
    )
    np.testing.assert_allclose(ten.probabilities["dev"], want, atol=1e-5)
    lines = capsys.readouterr().out.splitlines()
    assert "37×37" in lines[0] and "mirror" in lines[0]
    right = np.mean(want.argmax(-1) == dev.labels)
    row = next(line for line in lines if line.startswith("ten crops  "))
    assert f"{right:.4f}" in row
    metrics = json.loads((folder / "metrics.json").read_text())
    row = next(line for line in lines if line.startswith("the whole"))
    assert f"{metrics['dev']['accuracy']:.4f}" in row
    assert f"{metrics['test']['accuracy']:.4f}" in row
    assert ten.milliseconds > whole.milliseconds


@pytest.mark.parametrize(
    "given, told",
    [
        ({"ten_crop": True}, "--ten_crop: is for --mode=evaluate"),
        ({"ensemble": "a"}, "--ensemble: is for --mode=evaluate or export"),
        ({"sliding_window": True}, "is for --mode=predict or export"),
        ({"scales": "1,big"}, "--scales=1,big"),
        ({"scales": "0"}, "--scales=0"),
        ({"scales": "1,0.5,1.0"}, "--scales=1,0.5,1.0.*each once"),
        (
            {"mode": "evaluate", "ten_crop": True, "ensemble": "a"},
            "one at a time",
        ),
    ],
)
def test_flags_of_one_mode_are_refused_in_others(given, told):
    with pytest.raises(errors.UserError, match=told):
        classify.Config(**given).check()
