"""The classifier's threshold and temperature, chosen on dev."""

import json

import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf
from scipy.special import softmax

from kerasnotes import errors
from kerasnotes.tasks import classify
from kerasnotes.tools import runs
from tests.support import digits

EIGHTS = ["--threshold=auto", "--optimize=precision", "--satisfy=recall>=0.95"]


@pytest.fixture(scope="module")
def eights(here, tmp_path_factory):
    """A run that tells eights from other digits, and its metrics."""
    folder = tmp_path_factory.mktemp("eights")
    for i, (pixels, digit) in enumerate(
        zip(*digits.pictures(500), strict=True)
    ):
        name = "eight" if digit == 8 else "another"
        digits.save(pixels, folder / "digits" / name / f"{i}.png")
    words = [f"--dataset={folder / 'digits'}", "--class_weight=balanced"]
    words += ["--epochs=3", "--model=mlp", "--hidden=16", *EIGHTS]
    words = [f"--run_dir={folder / 'run'}", *words]
    return folder / "run", here(classify.Classify, *words)


def outcome_of(run_dir, **flags):
    """Return the run's answers to dev, and their outcome."""
    run = runs.open_run(run_dir, **flags)
    answers = run.task.answers(run.trained, run.data.splits["dev"])
    return answers, run.task.outcome(run.trained, answers)


def test_threshold_is_the_best_on_dev(eights):
    run_dir, found = eights
    answers, outcome = outcome_of(run_dir)
    dev, logits = answers.split, answers.outputs
    shares = softmax(logits.astype("float64"), axis=-1)[:, 1]
    precision, recall, _ = sklearn.metrics.precision_recall_curve(
        dev.labels, shares
    )
    assert found["dev"]["precision"] == precision[recall >= 0.95].max()
    assert found["dev"]["recall"] >= 0.95
    given = shares >= found["chosen"]["threshold"]
    assert (given != logits.argmax(-1)).any(), "no threshold would do as well"
    names = np.array(["another", "eight"])
    told = [row["given"] for row in outcome.rows]
    assert told == names[given.astype(int)].tolist()
    sure = [row["confidence"] for row in outcome.rows]
    right = np.where(given, shares, 1 - shares)
    np.testing.assert_allclose(sure, right, atol=1e-4)
    assert found["dev"]["weighted_accuracy"] == pytest.approx(
        sklearn.metrics.accuracy_score(
            dev.labels, given, sample_weight=dev.weights
        ),
        abs=1e-6,
    )


def test_threshold_is_told(eights):
    run_dir, found = eights
    page = (run_dir / "report.html").read_text()
    assert f"a probability of {found['chosen']['threshold']:.4g} on" in page
    assert f"T = {found['chosen']['temperature']:.2f}" in page
    for name in ("thresholds", "calibration"):
        assert (run_dir / f"figures/{name}.png").exists()
    saved = json.loads((run_dir / "metrics.json").read_text())
    assert saved["chosen"] == found["chosen"]


def test_threshold_of_the_run_evaluates(here, eights):
    run_dir, found = eights
    words = [f"--run_dir={run_dir}", "--mode=evaluate"]
    again = here(classify.Classify, *words)
    for split in ("train", "dev", "test"):
        assert again[split]["confusion"] == found[split]["confusion"]
        for name, value in found[split].items():
            if isinstance(value, float):
                assert again[split][name] == pytest.approx(value), name


def served(run_dir, paths):
    model = tf.saved_model.load(str(run_dir / "saved_model"))
    images = tf.constant([path.read_bytes() for path in paths])
    got = model.signatures["serving_default"](image_bytes=images)
    labels = [label.decode() for label in got["label"].numpy()]
    return labels, got["probabilities"].numpy()


def test_threshold_and_temperature_are_served(here, eights, capsys):
    run_dir, found = eights
    answers, outcome = outcome_of(run_dir)
    dev, logits = answers.split, answers.outputs
    root = run_dir.parent / "digits"
    paths = [root / name for name in dev.ids[:40]]
    logits = logits[:40]
    labels, probabilities = served(run_dir, paths)
    assert labels == [row["given"] for row in outcome.rows[:40]]
    np.testing.assert_allclose(probabilities, softmax(logits, -1), atol=1e-5)
    common = [classify.Classify, f"--run_dir={run_dir}", "--calibrate"]
    capsys.readouterr()
    here(*common, "--mode=predict", "--format=json", *paths)
    lines = capsys.readouterr().out.splitlines()
    answers = [json.loads(line) for line in lines]
    assert [answer["label"] for answer in answers] == labels
    here(*common, "--mode=export")
    again, calibrated = served(run_dir, paths)
    assert again == labels
    wanted = softmax(logits / found["chosen"]["temperature"], axis=-1)
    np.testing.assert_allclose(calibrated, wanted, atol=1e-5)
    given = [["another", "eight"].index(label) for label in labels]
    sure = [answer["confidence"] for answer in answers]
    np.testing.assert_allclose(sure, wanted[range(len(sure)), given], atol=1e-4)
    told = outcome_of(run_dir, calibrate=True)[1].rows[:40]
    np.testing.assert_allclose(sure, [r["confidence"] for r in told], atol=1e-4)


TWO = {
    "name": "two",
    "classes": list("ab"),
    "input_shape": [32, 32, 1],
    "mean": [1.0],
    "std": [2.0],
    "train": 100,
}


def test_epochs_are_chosen_by_a_threshold_that_is_fixed():
    task = classify.Classify(classify.Config(threshold="0.3"))
    assert task.metrics(TWO, {}).plain[0].threshold == 0.3
    task = classify.Classify(classify.Config(threshold="auto"))
    decisions = {"threshold": 0.2, "temperature": 1.5}
    assert task.metrics(TWO, decisions).plain[0].threshold == 0.2


def test_no_temperature_no_calibration():
    task = classify.Classify(classify.Config(calibrate=True))
    with pytest.raises(errors.UserError, match="--calibrate.*--overwrite"):
        task.signatures(task.Trained(None, TWO))
