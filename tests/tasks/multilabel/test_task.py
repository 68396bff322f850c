"""Several labels a picture, some unknown."""

import csv
import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import multi_examples
from kerasnotes.tasks import multilabel
from kerasnotes.tasks.multilabel import review
from kerasnotes.tools import runs
from kerasnotes.training import records, runner
from tests.support import csv_rows, digits
from tests.support.runs import no_report

LABELS = ["odd", "over four", "loop"]


def write(folder, count=250, withheld=0.3, labels=LABELS):
    """Write digits, and a sheet of what is known of them."""
    folder.mkdir()
    rng, rows = np.random.default_rng(0), [["file", *labels]]
    pictures = zip(*digits.pictures(count), strict=True)
    for i, (pixels, digit) in enumerate(pictures):
        digits.save(pixels, folder / f"{i}.png")
        truth = (digit % 2, int(digit > 4), int(digit in (0, 6, 8, 9)))
        known = rng.random(3) > withheld
        cells = [v if k else "" for v, k in zip(truth, known, strict=True)]
        rows.append([f"{i}.png", *cells])
    with open(folder / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def run(folder, data, **given):
    given = {"epochs": 12, "model": "mlp", "image_size": 8, **given}
    given |= {"run_dir": str(folder), "dataset": str(data)}
    return runner.run(multilabel.Multilabel, given, [], "trainers.multilabel")


def learn(folder, data, **given):
    """Run it without exports, figures and page."""
    with no_report():
        return run(folder, data, **given)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "digits")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("runs") / "a"
    return folder, run(folder, data)


def test_it_learns_from_what_is_known(finished, data):
    _, found = finished
    for split in ("train", "dev", "test"):
        assert found[split]["accuracy"] > 0.75
        assert list(found[split]["labels"]) == LABELS
        assert found[split]["absent"] == []
    with open(data / "labels.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    known = np.sum([[cell != "" for cell in row[1:]] for row in rows], 0)
    counted = np.sum(
        [
            [row["known"] for row in found[split]["labels"].values()]
            for split in ("train", "dev", "test")
        ],
        axis=0,
    )
    np.testing.assert_array_equal(counted, known)


def test_each_label_has_its_best_threshold(finished, data, tmp_path):
    _, before = finished
    found = learn(tmp_path / "r", data, threshold="auto")
    assert len(found["chosen"]["thresholds"]) == len(LABELS)
    for label, row in found["dev"]["labels"].items():
        assert row["error"] <= before["dev"]["labels"][label]["error"]
    assert found["dev"]["accuracy"] > before["dev"]["accuracy"]
    with pytest.raises(errors.UserError, match="--optimize=exact_match"):
        run(tmp_path / "s", data, threshold="auto", optimize="exact_match")


def test_a_label_that_dev_lacks_keeps_its_threshold():
    labels = np.array([[0, 1], [-1, 0]])
    logits = np.array([[-3.0, 2.0], [1.0, 1.0]])
    absent, other = review.best_thresholds(labels, logits, "f1")
    assert absent == 0.5 and other > 0.7


def test_examples_weigh_in_the_metric(data, tmp_path):
    path = tmp_path / "weights.csv"
    path.write_text("id,weight\n" + "".join(f"{i}.png,9\n" for i in range(99)))
    given = {"example_weight": str(path), "threshold": "auto", "epochs": 3}
    found = learn(tmp_path / "r", data, **given)
    assert found["dev"]["weighted_accuracy"] != found["dev"]["accuracy"]
    again = run(tmp_path / "r", data, mode="evaluate")
    assert again["dev"] == found["dev"]


def test_examples_are_judged_by_their_known_labels(finished):
    folder, found = finished
    opened = runs.open_run(folder)
    task, trained, dev = opened.task, opened.trained, opened.data.splits["dev"]
    answers = task.answers(trained, dev)
    given = answers.outputs >= 0
    known, wrong = dev.labels >= 0, (dev.labels >= 0) & (given != dev.labels)
    outcome = task.outcome(trained, answers)
    np.testing.assert_array_equal(outcome.errors, wrong.any(1))
    measure = task.error(trained, answers, found["dev"])
    shares = wrong.sum(1) / known.sum(1)
    np.testing.assert_allclose(measure.error, shares.mean())
    np.testing.assert_allclose(measure.deviation, shares.std())
    assert found["dev"]["error"] == pytest.approx(wrong.sum() / known.sum())
    rows = csv_rows.read(folder / "mistakes.csv")
    assert {row["id"] for row in rows} == {
        dev.ids[i] for i in np.flatnonzero(wrong.any(1))
    }
    page = (folder / "report.html").read_text()
    for text in ("unknown in train", "over four", "missed: ", "not there: "):
        assert text in page


def test_rows_name_what_is_there_and_what_is_wrong():
    examples = multi_examples.MultiExamples(
        np.zeros((3, 4, 4, 1), np.uint8),
        np.array([[1, 0, -1], [1, 1, 0], [0, -1, 0]], np.int8),
        list("xyz"),
        ["a", "b", "c"],
    )
    split = picture_batches.ImageSplit(examples, [0, 1, 2])
    logit = np.log(0.8 / 0.2)
    logits = logit * np.array([[1, 1, 1], [1, 2, -1], [-1, 1, 0.1]])
    answers = records.Answers(split, logits, split.labels)
    judged = review.outcome(answers, [0.5, 0.5, 0.6])
    keys = ("true", "given", "wrong", "confidence")
    assert [tuple(row[k] for k in keys) for row in judged.rows] == [
        ("a;c?", "a;b;c", "b", 0.8),
        ("a;b", "a;b", "", 0.8),
        ("b?", "b", "", 0.4654),
    ]
    assert judged.errors.tolist() == [True, False, False]
    assert judged.mistakes() == [0]


def test_chosen_thresholds_are_used_everywhere(finished):
    folder, _ = finished
    opened = runs.open_run(folder)
    task, trained, dev = opened.task, opened.trained, opened.data.splits["dev"]
    answers = task.answers(trained, dev)
    chances = 1 / (1 + np.exp(-answers.outputs))
    before = task.score(trained, answers)
    thresholds = [0.9, 0.1, 0.5]
    decided = dataclasses.replace(trained, decisions={"thresholds": thresholds})
    given = chances >= thresholds
    known = dev.labels >= 0
    want = (given == dev.labels)[known].mean()
    assert want != pytest.approx(before["accuracy"])
    assert task.score(decided, answers)["accuracy"] == pytest.approx(want)
    x = np.concatenate([x for x, *_ in dev.evaluation_batches(64)])
    served = task.signatures(decided)["images"].function(tf.cast(x, tf.uint8))
    np.testing.assert_array_equal(served["present"], given)


def test_without_complete_examples_there_is_no_exact_match(tmp_path):
    sheet = write(tmp_path / "set") / "labels.csv"
    rows = [line.split(",") for line in sheet.read_text().splitlines()]
    for i, row in enumerate(rows[1:]):
        row[1 + i % 3] = ""
    sheet.write_text("".join(",".join(row) + "\n" for row in rows))
    found = learn(tmp_path / "run", tmp_path / "set", epochs=1)
    assert "exact_match" not in found["dev"]


def test_a_label_that_never_is_or_always_is_refused(tmp_path):
    sheet = write(tmp_path / "set") / "labels.csv"
    text = sheet.read_text()
    for value, word in (("1", "no"), ("0", "yes")):
        lines = [f"{x},{value}" for x in text.splitlines()]
        lines[0] = f"{text.splitlines()[0]},fixed"
        sheet.write_text("\n".join(lines))
        with pytest.raises(errors.UserError, match=f"known {word}.*'fixed'"):
            run(tmp_path / "run", tmp_path / "set")
        assert not (tmp_path / "run" / "config.json").exists()


def test_what_config_says_of_the_data(finished):
    folder, _ = finished
    saved = json.loads((folder / "config.json").read_text())
    assert saved["data"]["classes"] == LABELS


def test_unknown_labels_are_not_mixed(data, tmp_path):
    with pytest.raises(errors.UserError, match="give mixup=0 and cutmix=0"):
        run(tmp_path / "r", data, augment="light:mixup=0.2")
