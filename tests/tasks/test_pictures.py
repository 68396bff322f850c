"""What tasks on pictures share: two data sets, weights in the metrics."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets, metrics

from kerasnotes import errors
from kerasnotes.tasks import classify
from kerasnotes.training import runner

QUICK = {"model": "softmax_regression", "epochs": 4, "image_size": 8}


def run(folder, **given):
    given = {**QUICK, **given, "run_dir": str(folder)}
    return runner.run(classify.Classify, given, [], "trainers.classify")


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Digits, dark on light: another distribution than the built-in set."""
    folder = tmp_path_factory.mktemp("target")
    digits = datasets.load_digits()
    for i in range(200):
        path = folder / str(digits.target[i]) / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        image = 255 - (digits.images[i] * 255 / 16).astype("uint8")
        Image.fromarray(image).save(path)
    return folder


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory, target):
    folder = tmp_path_factory.mktemp("runs") / "two"
    return folder, run(folder, dev_dataset=str(target))


def test_dev_and_test_are_of_the_target(two_sets):
    _, found = two_sets
    assert found["dev"]["size"] + found["test"]["size"] == 200
    assert found["train"]["size"] + found["train_dev"]["size"] == 1797
    assert found["train_dev"]["accuracy"] > found["dev"]["accuracy"] + 0.3


def test_a_mismatch_is_told(two_sets):
    _, found = two_sets
    assert "data mismatch" in json.dumps(found["diagnosis"])


def test_a_split_beside_a_target_is_refused(target, tmp_path):
    with pytest.raises(errors.UserError, match="--split=train"):
        run(tmp_path / "r", dev_dataset=str(target), split="train[:50%]")


def test_other_classes_are_refused(target, tmp_path):
    pair = tmp_path / "pair"
    pair.mkdir()
    for name in "01":
        (pair / name).symlink_to(target / name)
    with pytest.raises(errors.UserError, match="--dev_dataset="):
        run(tmp_path / "r", dev_dataset=str(pair))


def test_class_weights_are_in_the_metric(tmp_path):
    found = run(tmp_path / "r", class_weight="3=5,8=0")
    matrix = np.array(found["dev"]["confusion"])
    true, given = (
        np.repeat(np.indices([10, 10])[i].ravel(), matrix.ravel())
        for i in (0, 1)
    )
    weights = np.select([true == 3, true == 8], [5, 0], 1)
    want = metrics.accuracy_score(true, given, sample_weight=weights)
    np.testing.assert_allclose(
        found["dev"]["weighted_accuracy"], want, rtol=1e-6
    )
    plain = metrics.accuracy_score(true, given)
    np.testing.assert_allclose(found["dev"]["accuracy"], plain, rtol=1e-6)
