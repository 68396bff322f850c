"""One object a picture, from flags to a served photo."""

import csv
import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import load_boxes, object_batches
from kerasnotes.data.pictures.augmentation import named
from kerasnotes.tasks import localize
from kerasnotes.tasks.localize import review
from kerasnotes.training import records, runner
from tests.support import alone, box_toys
from tests.support.runs import no_report

SIDE, COUNT = 32, 160
WIDE = (48, 96)


def write(folder, count=COUNT):
    """Write photos of a bright square or a dark one, or none, with points."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    header = ["file", "label", "x1", "y1", "x2", "y2"]
    names = ["left_end_x", "left_end_y", "right_end_x", "right_end_y"]
    rows = [[*header, *names]]
    for i in range(count):
        height, width = WIDE if i % 2 else WIDE[::-1]
        pixels = np.full((height, width, 3), 100, np.uint8)
        name = f"{i:03}.png"
        if i % 4 == 3:
            rows.append([name] + [""] * 9)
        else:
            side = int(rng.integers(16, 32))
            left = int(rng.integers(0, width - side))
            top = int(rng.integers(0, height - side))
            box = [left, top, left + side, top + side]
            pixels[top : box[3], left : box[2]] = 255 if i % 3 else 0
            middle = (top + box[3]) / 2 - 0.5
            ends = [left, middle, box[2] - 1, middle]
            label = "bright" if i % 3 else "dark"
            rows.append([name, label, *box, *ends])
        Image.fromarray(pixels).save(folder / name)
    with open(folder / "boxes.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def run(folder, data, **given):
    given = {
        "epochs": 40, "image_size": SIDE, "batch_size": 8, "model": "lenet5",
        "activation": "relu", "augment": "none", "box_weight": 5.0,
        "landmark_weight": 10.0, **given,
    }  # fmt: skip
    given |= {"run_dir": str(folder), "dataset": str(data)}
    return runner.run(localize.Localize, given, [], "trainers.localize")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "squares")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("runs") / "a"
    return folder, run(folder, data)


ALONE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
images = [open(path, "rb").read() for path in sys.argv[2:]]
got = model.signatures["serving_default"](image_bytes=tf.constant(images))
raw = tf.stack([tf.io.decode_png(images[0])])
one = model.signatures["images"](images=raw)
print(json.dumps({
    name: [x.decode() for x in value.numpy().ravel()]
    if value.dtype == tf.string else value.numpy().tolist()
    for name, value in got.items()
} | {"again": one["boxes"].numpy().tolist()}))
"""


def test_it_learns_and_answers_in_the_pixels_of_the_photo(finished, data):
    folder, scores = finished
    for split in ("train", "dev", "test"):
        assert scores[split]["iou"] > 0.4, split
        assert scores[split]["presence_accuracy"] > 0.9
        assert 0 < scores[split]["nme"] < 0.3
    names = [f"{i:03}.png" for i in range(40)]
    paths = [data / name for name in names]
    got = json.loads(alone.run(ALONE, folder / "saved_model", *paths))
    with open(data / "boxes.csv", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    boxes, points = np.array(got["boxes"]), np.array(got["landmarks"])
    assert got["landmark_names"][:2] == ["left_end", "right_end"]
    assert got["classes"][:2] == ["bright", "dark"]
    np.testing.assert_allclose(got["again"][0], boxes[0], atol=1e-3)
    shares, distances = [], []
    for i, name in enumerate(names):
        row = rows[name]
        assert bool(got["labels"][i]) == (got["scores"][i] > 0.5)
        if not row["label"]:
            continue
        true = np.array([float(row[k]) for k in ("x1", "y1", "x2", "y2")])
        low = np.maximum(true[:2], boxes[i, :2])
        high = np.minimum(true[2:], boxes[i, 2:])
        both = np.prod(np.maximum(high - low, 0))
        areas = [np.prod(b[2:] - b[:2]) for b in (true, boxes[i])]
        shares.append(both / (sum(areas) - both))
        end = [float(row["left_end_x"]), float(row["left_end_y"])]
        distances.append(np.linalg.norm(points[i, 0] - end))
    assert np.mean(shares) > 0.4 and np.mean(distances) < 12


def test_the_report_has_its_pictures_and_rows(finished):
    folder, scores = finished
    for name in ("boxes", "success", "augmentation"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 1000
    page = (folder / "report.html").read_text()
    for text in ("Why answers are wrong", "How well boxes fit", "left_end"):
        assert text in page
    assert (
        scores["dev"]["objects"] + scores["dev"]["without"]
        == (scores["dev"]["size"])
    )


def test_rows_to_print_and_pictures_with_boxes(finished, data, capsys):
    folder, _ = finished
    names = [str(data / "003.png"), str(data / "000.png")]
    flags = {"mode": "predict", "run_dir": str(folder), "format": "json"}
    assert not runner.run(localize.Localize, flags, names, "trainers.localize")
    none, one = map(json.loads, capsys.readouterr().out.splitlines()[-2:])
    assert none["label"] == "" and none["left"] is None
    assert one["label"] and 0 <= one["left"] < one["right"] <= 48
    with Image.open(one["picture"]) as picture:
        assert min(picture.size) > 300


def test_a_run_goes_on_to_the_same_weights(data, tmp_path):
    given = {"augment": "light", "lr_schedule": "constant"}
    with no_report():
        whole = run(tmp_path / "a", data, epochs=2, **given)
        run(tmp_path / "b", data, epochs=1, **given)
        rest = run(tmp_path / "b", data, epochs=2, **given)
    for split in ("train", "dev", "test"):
        assert whole[split] == rest[split]


def test_annotations_that_changed_are_another_set(finished, data, tmp_path):
    folder, _ = finished
    text = (data / "boxes.csv").read_text()
    lines = text.splitlines()
    cells = lines[1].split(",")
    cells[2] = str(int(cells[2]) + 1)
    try:
        (data / "boxes.csv").write_text(
            "\n".join([lines[0], ",".join(cells), *lines[2:]])
        )
        flags = {"mode": "evaluate", "run_dir": str(folder)}
        with pytest.raises(errors.UserError, match="no longer what the run"):
            runner.run(localize.Localize, flags, [], "trainers.localize")
    finally:
        (data / "boxes.csv").write_text(text)


def test_the_largest_object_that_counts_is_the_one():
    boxes = [[0.0, 0, 8, 8], [1, 1, 3, 3], [1, 1, 4, 4], [2, 2, 3, 3]]
    examples = box_toys.build(
        labels=((0, 1, 0), (), (1, 0)),
        boxes=[*boxes, [0.0, 0, 8, 8]],
        crowd=tf.ragged.constant([[True, False, False], [], [False, True]]),
    )
    one = object_batches.one_object(examples)
    assert one.boxes.to_list() == [[[1, 1, 4, 4]], [], [[2, 2, 3, 3]]]
    assert one.labels.to_list() == [[0], [], [1]]
    assert "1 of 3 pictures have several objects" in one.notes[-1]


def test_a_class_may_be_called_none():
    assert review._no_object(["cat"]) == "none"
    assert review._no_object(["none", "cat"]) == "no object"


def test_vectors_are_of_what_augmentation_leaves():
    examples = dataclasses.replace(
        box_toys.build(labels=((0,), (), (1,)), boxes=[[0.0, 0, 2, 2]] * 2),
        images=np.zeros((3, 8, 8, 3), "uint8"),
    )
    policy = named.build("light:shift=0.9,rotate=0,scale=0")
    split = object_batches.ObjectSplit(examples, [0, 1, 2], policy)
    lost = 0
    for x, y, _ in split.training_batches(3, 0, 0, 0, 30):
        assert x.shape == (3, 8, 8, 3) and y.shape == (3, 7)
        there = y.numpy()[:, 0] == 1
        lost += 2 - there.sum()
        sides = y.numpy()[there, 3:5]
        assert (sides.prod(1) >= 0.25 * (2 / 8) ** 2 - 1e-6).all()
        assert not y.numpy()[~there].any()
    assert 0 < lost < 60
    took = split.take(2)
    assert type(took) is object_batches.ObjectSplit and took.size == 2


def test_the_threshold_makes_the_fewest_errors():
    rng = np.random.default_rng(1)
    targets = np.zeros((60, 5), "float32")
    targets[:40] = [1, 0.5, 0.5, 0.4, 0.4]
    outputs = np.tile(np.float32([0, 0.5, 0.5, 0.4, 0.4]), (60, 1))
    # Some boxes are elsewhere: their pictures are wrong at any threshold.
    outputs[:10, 1] = 0.05
    outputs[:, 0] = rng.normal(0, 1, 60) + np.where(targets[:, 0], 3, 1)
    answers = records.Answers(None, outputs, targets)
    best = review.best_threshold(answers, 0, 0.5)
    wrong = {
        t: (~review.judged(answers, 0, t, 0.5)["right"]).sum()
        for t in [best, *np.linspace(0.01, 0.99, 99)]
    }
    assert wrong[best] == min(wrong.values()) < wrong[0.5]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"threshold": "1.5"}, "--threshold=1.5: give a probability"),
        ({"classes": "brigt"}, "--classes: unknown 'brigt'; did you mean"),
        (
            {"augment": "strong"},
            "--augment=strong: lays two pictures over one another",
        ),
        (
            {"head": "attention"},
            "--head=attention finds the centre",
        ),
        ({"freeze": "9"}, "--freeze=9: would keep the random weights"),
    ],
)
def test_what_it_refuses(data, tmp_path, flags, message):
    with pytest.raises(errors.UserError, match=message):
        run(tmp_path / "a", data, **flags)


def test_the_scenes_have_one_object_or_none():
    config = localize.Config()
    assert config.dataset == "one_digit" in load_boxes.BUILT_IN
