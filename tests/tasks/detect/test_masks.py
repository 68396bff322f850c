"""Mask R-CNN learns the pixels of things, and serves them."""

import io
import json
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import object_masks
from kerasnotes.tasks.detect import Detect, mask_answers
from kerasnotes.training import runner

FLAGS = {
    "detector": "mask_rcnn",
    "image_size": 32,
    "image_width": 48,
    "width": 0.25,
    "strides": "4",
    "anchors": "2",
    "head_filters": 16,
    "proposals": 20,
    "max_detections": 10,
    "batch_size": 8,
    "epochs": 16,
    "learning_rate": 3e-3,
    "augment": "light:rotate=0,flip=true",
}


def scene(number, scale=1):
    """Return a picture of up to two coloured discs, and its mask."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[: 32 * scale, : 48 * scale]
    picture = rng.integers(90, 130, (32, 48, 3)).repeat(scale, 0)
    picture, mask = picture.repeat(scale, 1), np.zeros(rows.shape, np.uint8)
    for half in range(2):
        if not rng.integers(4):
            continue
        middle = rng.uniform([9, 9 + 24 * half], [23, 15 + 24 * half])
        radii = rng.uniform(5, 8, 2)
        away = np.stack([rows, columns], -1) + 0.5 - scale * middle
        inside = ((away / (scale * radii)) ** 2).sum(-1) < 1
        label = rng.integers(2)
        picture[inside] = ((30, 200, 40), (220, 40, 30))[label]
        mask[inside] = label + 1
    return picture.astype("uint8"), mask


def png(array):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return data.getvalue()


def command(run_dir, *inputs, **flags):
    flags["run_dir"] = str(run_dir)
    return runner.run(Detect, flags, inputs, "trainers.detect")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a run, beside its data."""
    root = tmp_path_factory.mktemp("masks")
    for name in ("images", "masks"):
        (root / "data" / name).mkdir(parents=True)
    for i in range(60):
        picture, mask = scene(i)
        (root / "data" / "images" / f"{i:03}.png").write_bytes(png(picture))
        (root / "data" / "masks" / f"{i:03}.png").write_bytes(png(mask))
    command(root / "run", dataset=str(root / "data"), **FLAGS)
    return root / "run"


def test_it_learns_pixels_and_shows_them(folder):
    dev = json.loads((folder / "metrics.json").read_text())["dev"]
    assert dev["mask_ap50"] > 0.5
    assert dev["mask_ap50"] <= dev["ap50"] + 0.1
    page = (folder / "report.html").read_text()
    assert "By the IoU of pixels" in page
    assert (folder / "figures" / "masks.png").is_file()


def test_the_saved_model_answers_masks_of_the_photos_size(folder):
    served = tf.saved_model.load(folder / "saved_model")
    function = served.signatures["serving_default"]
    photos = [scene(500 + i, 1 + i % 3) for i in range(12)]
    answer = function(
        image_bytes=tf.constant([png(picture) for picture, _ in photos])
    )
    shares = []
    for i, (_, mask) in enumerate(photos):
        count, masks = int(answer["count"][i]), answer["masks"][i].numpy()
        assert all(masks[:count]) and not any(masks[count:])
        pixels = [
            np.asarray(Image.open(io.BytesIO(data))) for data in masks[:count]
        ]
        for shown, box in zip(pixels, answer["boxes"][i], strict=False):
            assert shown.shape == mask.shape
            assert set(np.unique(shown)) <= {0, 255}
            rows, columns = np.nonzero(shown)
            left, top, right, bottom = box.numpy()
            # A pixel is in a box where its centre is.
            assert columns.min() + 0.5 >= left and columns.max() <= right - 0.5
            assert rows.min() + 0.5 >= top and rows.max() <= bottom - 0.5
        for label in np.unique(mask)[1:]:
            overlaps = [
                ((shown > 0) & (mask == label)).sum()
                / ((shown > 0) | (mask == label)).sum()
                for shown in pixels
            ]
            if len(np.unique(mask)) == 3:
                shares.append(max(overlaps, default=0))
    assert len(shares) > 4 and np.median(shares) > 0.6


def test_predictions_have_areas_and_run_lengths(folder, capsys):
    path = str(folder.parent / "data" / "images" / "001.png")
    assert command(folder, path, mode="predict", format="json") == 0
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert rows[0]["area"] > 20
    assert command(folder, path, mode="predict", format="coco") == 0
    (first, *_) = json.loads((folder / "predictions" / "coco.json").read_text())
    from pycocotools import mask as pycocotools_mask

    pixels = pycocotools_mask.decode(first["segmentation"])
    assert pixels.shape == (32, 48) and pixels.sum() == rows[0]["area"]
    assert (folder / "predictions" / "001.png").is_file()


def test_an_object_too_small_for_a_pixel_is_judged_by_its_box():
    ragged = tf.RaggedTensor.from_row_lengths
    masks = np.zeros((2, 8, 8), bool)
    masks[0, 2:5, 1:4] = True
    examples = types.SimpleNamespace(
        images=np.zeros((1, 8, 8, 3), np.uint8),
        masks=ragged(object_masks.pack(masks), [2]),
    )
    boxes = np.array([[1, 2, 4, 5], [5.2, 6.5, 5.9, 6.9]], np.float32)
    columns = {"boxes": boxes, "labels": np.array([0, 0])}
    answered = types.SimpleNamespace(
        split=types.SimpleNamespace(examples=examples, indices=np.array([0])),
        truth=({**columns, "crowd": np.zeros(2, bool)},),
        detections=[columns | {"scores": np.array([0.9, 0.8])}],
        outputs=np.concatenate([boxes, np.zeros((2, 2))], 1)[None],
        masks=np.full((1, 2, 28, 28), 255, np.uint8),
        classes=1,
    )
    report = mask_answers.report(answered)
    assert report["per_class"][0]["objects"] == 2
    assert report["ap"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"mosaic": 0.5}, "--mosaic=0.5: is for --detector=yolo"),
        ({"augment": "light:mixup=0.4"}, "--augment=.*masks can't follow"),
    ],
)
def test_what_mixes_pictures_is_refused(folder, tmp_path, flags, message):
    data = str(folder.parent / "data")
    with pytest.raises(errors.UserError, match=message):
        command(tmp_path / "run", dataset=data, **FLAGS | flags)
