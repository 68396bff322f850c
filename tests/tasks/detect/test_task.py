"""A detector that learns coloured boxes, and what is left of it."""

import io
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors, ops
from kerasnotes.tasks.detect import Detect
from kerasnotes.tools.visualize import program as visualize
from kerasnotes.training import runner
from tests.support import coloured_boxes

FLAGS = {
    "image_size": 32,
    "image_width": 48,
    "model": "darknet_small",
    "width": 0.25,
    "strides": "4",
    "anchors": "2",
    "head_filters": 16,
    "epochs": 16,
    "box_weight": 5.0,
    "batch_size": 8,
    "learning_rate": 0.01,
    "augment": "none",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a run, and of its data."""
    root = tmp_path_factory.mktemp("detect")
    data = coloured_boxes.write(root / "data", 100)
    command(root / "run", dataset=str(data), **FLAGS)
    return root / "run"


def command(run_dir, *inputs, **flags):
    flags["run_dir"] = str(run_dir)
    return runner.run(Detect, flags, inputs, "trainers.detect")


@pytest.fixture(scope="module")
def served(folder):
    return tf.saved_model.load(folder / "saved_model")


def png(number, size=(32, 48), scale=1):
    picture, objects = coloured_boxes.scene(number, size)
    image = Image.fromarray(picture).resize(
        (scale * size[1], scale * size[0]), Image.Resampling.NEAREST
    )
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue(), objects


def test_it_learns_and_says_so(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    dev = metrics["dev"]
    assert dev["ap50"] > 0.7 and metrics["train"]["ap50"] > 0.9
    assert 0 < dev["ap"] < dev["ap50"] <= dev["ceiling_ap50"] == 1
    assert dev["ceiling_lost"] == 0 and set(dev["per_class"]) == {
        *coloured_boxes.COLOURS
    }
    assert 0 < metrics["chosen"]["threshold"] < 1
    assert dev["f1"] > 0.7
    page = (folder / "report.html").read_text()
    for words in (
        "Precision and recall",
        "Confusion with background",
        "What average precision is lost to",
        "From all boxes to the answer",
        "By class",
        "What is annotated",
        "pictures of dev a second",
    ):
        assert words in page
    names = ("stages", "precision_recall", "confusion", "boxes")
    assert all((folder / "figures" / f"{n}.png").is_file() for n in names)
    over, left = re.search(
        r"threshold\s+[\d.e-]+\s+\((\d+)\).*leaves\s+\((\d+)\)", page, re.S
    ).groups()
    assert int(over) >= int(left) > 0
    assert "landmarks" not in page


def test_the_saved_model_answers_in_pixels_of_the_photo(folder, served):
    function = served.signatures["serving_default"]
    pairs = [png(1000 + i, scale=1 + i % 3) for i in range(12)]
    answer = function(image_bytes=tf.constant([data for data, _ in pairs]))
    assert {k: v.shape for k, v in answer.items()} == {
        "boxes": (12, 100, 4),
        "labels": (12, 100),
        "scores": (12, 100),
        "count": (12,),
    }
    hits = total = 0
    for i, (_, objects) in enumerate(pairs):
        count = int(answer["count"][i])
        names = [label.decode() for label in answer["labels"][i].numpy()]
        assert all(names[:count]) and not any(names[count:])
        assert not answer["boxes"][i, count:].numpy().any()
        assert not answer["scores"][i, count:].numpy().any()
        boxes = answer["boxes"][i, :count].numpy()
        for name, box in objects:
            total += 1
            truth = np.multiply(box, 1 + i % 3)
            if count:
                overlap = ops.iou(boxes, truth[None].astype("float32"))
                place = int(np.argmax(overlap))
                good = float(overlap[place, 0]) > 0.5
                hits += good and names[place] == name
    assert total > 8 and hits / total > 0.7


def test_a_batch_is_its_pictures_one_by_one(served):
    function = served.signatures["serving_default"]
    data = [png(2000 + i)[0] for i in range(3)]
    together = function(image_bytes=tf.constant(data))
    for i, one in enumerate(data):
        alone = function(image_bytes=tf.constant([one]))
        for name, value in together.items():
            if value.dtype == tf.string:
                assert (alone[name][0] == value[i]).numpy().all()
            else:
                np.testing.assert_allclose(alone[name][0], value[i], atol=1e-4)


def test_the_other_signatures(folder, served):
    data, _ = png(3000)
    picture = np.array(Image.open(io.BytesIO(data)))
    by_bytes = served.signatures["serving_default"](
        image_bytes=tf.constant([data])
    )
    by_pixels = served.signatures["images"](images=picture[None])
    np.testing.assert_allclose(by_bytes["boxes"], by_pixels["boxes"], atol=1e-3)
    model = keras.saving.load_model(folder / "model.keras")
    x = np.random.default_rng(0).uniform(0, 255, (2, 32, 48, 3))
    x = x.astype("float32")
    raw = served.signatures["model_inputs"](pixels=x)["outputs"]
    np.testing.assert_allclose(raw, model(x), atol=1e-4)


def test_predictions_are_rows_and_pictures(folder, capsys):
    data = folder.parent / "data"
    paths = [str(data / f"{i:03}.png") for i in (0, 1)]
    flags = {"mode": "predict", "format": "coco"}
    assert command(folder, *paths, **flags) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert lines[-1].startswith(paths[1]) and len(lines[-1].split("  ")) == 8
    results = json.loads((folder / "predictions" / "coco.json").read_text())
    assert len(results) <= len(lines)
    assert {r["category_id"] for r in results} <= {1, 2}
    assert {r["image_id"] for r in results} <= {0, 1}
    for r in results:
        left, top, width, height = r["bbox"]
        assert 0 <= left < left + width <= 48.01
        assert 0 <= top < top + height <= 32.01
    assert (folder / "predictions" / "000.png").is_file()


def test_pictures_of_one_name_are_no_one_image(folder, tmp_path):
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
        picture, _ = coloured_boxes.scene(0)
        Image.fromarray(picture).save(tmp_path / part / "007.png")
    flags = {"mode": "predict", "format": "coco"}
    with pytest.raises(errors.UserError, match="both be image_id 7"):
        command(folder, str(tmp_path), **flags)


def test_what_looks_like_a_picture_is_told(folder, tmp_path, capsys):
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.PNG").touch()
    (tmp_path / "notes.txt").write_text("no picture")
    assert command(folder, str(tmp_path), mode="predict") == 1
    told = capsys.readouterr().err
    assert "text.jpg" in told and "empty.PNG" in told
    assert "notes.txt" not in told


def test_a_run_is_evaluated_again(folder, capsys):
    command(folder, mode="evaluate")
    text = capsys.readouterr().out
    ap50 = json.loads((folder / "metrics.json").read_text())["dev"]["ap50"]
    line = next(row for row in text.split("\n") if row.startswith("ap50"))
    assert f"{ap50:.4f}" in line


def test_what_looks_into_classifiers_refuses_it(folder):
    flags = {"mode": "filters", "run_dir": str(folder)}
    with pytest.raises(errors.UserError, match="a run of detect; give one"):
        visualize.run(flags, [], "")


def test_other_formats_answer_alike(folder):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    figures = command(folder, mode="export", export="litert,onnx")
    for name in ("litert", "onnx"):
        assert figures[name]["largest_difference"] < 1e-4


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"strides": "64"}, "--strides: .*no maps of 1×1 cells, of stride 64"),
        ({"anchors": "99"}, "--anchors=99: the boxes .* different shapes"),
    ],
)
def test_what_the_data_refuse(folder, tmp_path, flags, message):
    flags = FLAGS | {"width": None} | flags
    data = str(folder.parent / "data")
    with pytest.raises(errors.UserError, match=message) as caught:
        command(tmp_path / "run", dataset=data, **flags)
    assert "\n" not in str(caught.value)
