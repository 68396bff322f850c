"""Detectors of two stages learn coloured boxes, and serve what they learned."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors, ops
from kerasnotes.tasks.detect import Detect, config
from kerasnotes.training import runner
from tests.support import coloured_boxes

FLAGS = {
    "image_size": 32,
    "image_width": 48,
    "width": 0.25,
    "strides": "4",
    "head_filters": 16,
    "batch_size": 8,
    "learning_rate": 3e-3,
    "augment": "none",
}
KINDS = {
    "faster_rcnn": {"anchors": "2", "proposals": 20, "epochs": 30},
    "fast_rcnn": {"proposals": 30, "epochs": 4},
    "rcnn": {"proposals": 30, "crop_size": 16, "epochs": 4},
}

# What is the same for all.
ONE = pytest.mark.parametrize("kind", ["fast_rcnn"], indirect=True)


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def folder(kind, tmp_path_factory):
    """Return the folder of a run, beside its data."""
    root = tmp_path_factory.mktemp(kind)
    data = coloured_boxes.write(root / "data", 60)
    flags = FLAGS | KINDS[kind] | {"dataset": str(data), "detector": kind}
    if kind == "rcnn":
        del flags["head_filters"]
    if kind != "faster_rcnn":
        flags["proposals_dir"] = str(root / "proposals")
    command(root / "run", **flags)
    return root / "run"


def command(run_dir, *inputs, **flags):
    flags["run_dir"] = str(run_dir)
    return runner.run(Detect, flags, inputs, "trainers.detect")


def photo(number, scale):
    picture, objects = coloured_boxes.scene(number, (32, 48))
    image = Image.fromarray(picture).resize((48 * scale, 32 * scale))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue(), [
        (name, scale * np.float32(box)) for name, box in objects
    ]


def test_it_learns_and_shows_its_regions(folder, kind):
    metrics = json.loads((folder / "metrics.json").read_text())
    dev = metrics["dev"]
    assert dev["ap50"] > {"faster_rcnn": 0.5}.get(kind, 0.8)
    assert dev["proposal_recall_70"] <= dev["proposal_recall_50"] <= 1
    assert dev["proposal_recall_50"] >= dev["recall"] > 0.5
    page = (folder / "report.html").read_text()
    for words in ("What the regions cover", "From all boxes to the answer"):
        assert words in page
    assert (folder / "figures" / "proposals.png").is_file()
    assert (folder / "proposals").exists() is False
    kept = folder.parent / "proposals"
    assert kept.exists() == (kind != "faster_rcnn")


def test_the_saved_model_answers_in_pixels_of_the_photo(folder, kind):
    served = tf.saved_model.load(folder / "saved_model")
    function = served.signatures["serving_default"]
    hits = total = 0
    for i in range(12):
        data, objects = photo(500 + i, 1 + i % 3)
        inputs = {"image_bytes": tf.constant([data])}
        if kind != "faster_rcnn":
            # Given by others, here the truth and a region of nothing.
            boxes = [[0, 0, 9, 9], *(box.tolist() for _, box in objects)]
            inputs["boxes"] = tf.constant([boxes], tf.float32)
        answer = function(**inputs)
        assert answer["boxes"].shape == (1, 100, 4)
        count = int(answer["count"][0])
        names = [x.decode() for x in answer["labels"][0, :count].numpy()]
        for name, box in objects:
            total += 1
            if count:
                overlap = ops.iou(answer["boxes"][0, :count], box[None])
                place = int(np.argmax(overlap))
                good = float(overlap[place, 0]) > 0.5
                hits += good and names[place] == name
    assert total > 8 and hits / total > 0.6


@ONE
def test_predictions_are_rows_and_pictures(folder, capsys):
    path = str(folder.parent / "data" / "000.png")
    assert command(folder, path, mode="predict", format="json") == 0
    rows = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
    assert rows and all(row["file"] == path for row in rows)
    assert (folder / "predictions" / "000.png").is_file()


@ONE
def test_a_run_is_evaluated_again(folder, capsys):
    command(folder, mode="evaluate")
    text = capsys.readouterr().out
    ap50 = json.loads((folder / "metrics.json").read_text())["dev"]["ap50"]
    line = next(row for row in text.split("\n") if row.startswith("ap50"))
    assert f"{ap50:.4f}" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"anchors": "3", "detector": "rcnn"}, "--anchors=3: is for --detect"),
        ({"box_loss": "giou", "detector": "fast_rcnn"}, "--box_loss=giou: is"),
        ({"crop_size": 9, "detector": "faster_rcnn"}, "--crop_size=9: is for"),
        ({"head_filters": 8, "detector": "rcnn"}, "--head_filters=8: is for"),
        ({"proposals": 9}, "--proposals=9: is for .*or rcnn; leave it out"),
        ({"strides": "8,16", "detector": "fast_rcnn"}, "--strides=8,16: .*one"),
    ],
)
def test_flags_of_other_kinds_are_refused(flags, message):
    with pytest.raises(errors.UserError, match=message) as caught:
        config.Config(run_dir="run", **flags).check()
    assert "\n" not in str(caught.value)
