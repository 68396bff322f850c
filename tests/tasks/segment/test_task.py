"""The class of each pixel, from flags to a served photo."""

import base64
import io
import json
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors, models
from kerasnotes.data.pictures import decode
from kerasnotes.plots import masks as mask_plot
from kerasnotes.tasks import segment
from kerasnotes.tasks.segment import serving, tiles
from kerasnotes.training import runner
from tests.support import alone, csv_rows, mask_files, runs

CLASSES = ["ground", "bright", "dark"]
LEVELS = np.array([110, 230, 10], np.uint8)
COUNT = 40


def write(folder, sizes, classes=3):
    """Write photos of a bright square and a dark one, with masks."""
    rng = np.random.default_rng(0)
    for i in range(COUNT):
        height, width = sizes[i % len(sizes)]
        mask = np.zeros([height, width], np.uint8)
        for label in range(1, classes):
            side = int(rng.integers(8, 14))
            top = int(rng.integers(0, height - side))
            left = int(rng.integers(0, width - side))
            mask[top : top + side, left : left + side] = label
        noise = rng.integers(-9, 10, mask.shape)
        picture = (LEVELS[mask] + noise).astype(np.uint8)
        mask_files.save(folder / "images" / f"{i:02}.png", picture)
        palette = [0, 0, 0, 255, 0, 0, 0, 0, 255] + [0] * 759
        mask_files.save(folder / "masks" / f"{i:02}.png", mask, None, palette)
    (folder / "classes.txt").write_text("\n".join(CLASSES[:classes]))
    return folder


def run(folder, data, **flags):
    flags = {
        "epochs": 10, "image_size": 24, "batch_size": 4, "filters": "6,12",
        "augment": "none", "normalization": "group", **flags,
    }  # fmt: skip
    flags |= {"run_dir": str(folder), "dataset": str(data)}
    flags = {k: v for k, v in flags.items() if v is not None}
    return runner.run(segment.Segment, flags, [], "trainers.segment")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "squares"
    return write(folder, [(24, 32), (40, 24)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("runs") / "a"
    return folder, run(folder, data)


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    """A run of two classes that learned from windows."""
    folder = tmp_path_factory.mktemp("tiled")
    data = write(folder / "data", [(32, 40)], classes=2)
    windows = {"image_size": None, "crop_size": 16, "epochs": 4}
    return folder / "run", data, run(folder / "run", data, **windows)


ALONE = """
import base64, json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
photos = [open(path, "rb").read() for path in sys.argv[2:]]
got = model.signatures["serving_default"](image_bytes=tf.constant(photos))
raw = tf.io.decode_png(photos[0])[None]
one = model.signatures["images"](images=raw)
print(json.dumps({
    "mask": [base64.b64encode(m).decode() for m in got["mask"].numpy()],
    "areas": got["areas"].numpy().tolist(),
    "labels": [[n.decode() for n in row] for row in got["labels"].numpy()],
    "again": bool(tf.reduce_all(one["mask"] == got["mask"][:1])),
}))
"""


def served(folder, paths):
    """Return the masks and the rest that the SavedModel answers alone."""
    got = json.loads(alone.run(ALONE, folder / "saved_model", *paths))
    masks = [base64.b64decode(mask) for mask in got["mask"]]
    return [np.asarray(Image.open(io.BytesIO(m))) for m in masks], got


def test_it_learns_and_answers_in_the_size_of_the_photo(finished, data):
    folder, scores = finished
    for split in ("train", "dev", "test"):
        assert scores[split]["mean_iou"] > 0.75, split
        assert set(scores[split]["per_class"]) == set(CLASSES)
        judged = scores[split]["instances"]
        assert {*judged["per_class"], *judged["left_out"]} == {*CLASSES[1:]}
    names = [f"{i:02}.png" for i in range(6)]
    photos = [(data / "images" / name).read_bytes() for name in names]
    model = tf.saved_model.load(folder / "saved_model")
    got = model.signatures["serving_default"](image_bytes=tf.constant(photos))
    labels = [[*map(bytes.decode, row)] for row in got["labels"].numpy()]
    assert labels == [CLASSES] * 6
    for name, png, areas in zip(
        names, got["mask"].numpy(), got["areas"].numpy().tolist(), strict=True
    ):
        mask = np.asarray(Image.open(io.BytesIO(png)))
        with Image.open(data / "masks" / name) as image:
            truth = np.asarray(image)
        assert mask.shape == truth.shape and mask.dtype == np.uint8
        assert (mask == truth).mean() > 0.9
        assert areas == np.bincount(mask.ravel(), minlength=3).tolist()


def test_the_report_has_its_pictures_and_rows(finished):
    folder, _ = finished
    for name in ("masks", "augmentation", "confusion"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 1000
    page = (folder / "report.html").read_text()
    for text in ("The worst pictures", "By class", "bright"):
        assert text in page
    rows = (folder / "mistakes.csv").read_text().splitlines()
    assert rows[0].startswith("id,true,given,iou,wrong_pixels")


def test_areas_are_printed_with_their_names(finished, data, capsys):
    folder, _ = finished
    names = [str(data / "images" / "00.png")]
    flags = {"mode": "predict", "run_dir": str(folder)}
    assert not runner.run(segment.Segment, flags, names, "trainers.segment")
    line = capsys.readouterr().out.splitlines()[-1]
    path, areas, mask = line.split("  ")
    assert path == names[0] and mask.endswith("predictions/00.png")
    pattern = r"ground \d+ \([\d.]+ %\), bright \d+ \(.+ %\), dark \d+ \(.*"
    assert re.fullmatch(pattern, areas), areas


def test_masks_are_written_with_a_palette_and_areas_printed(
    finished, data, capsys
):
    folder, _ = finished
    names = [str(data / "images" / "00.png")]
    flags = {"mode": "predict", "run_dir": str(folder), "format": "json"}
    assert not runner.run(segment.Segment, flags, names, "trainers.segment")
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    with Image.open(row["mask"]) as image:
        assert image.mode == "P" and image.size == (32, 24)
        values = np.asarray(image)
        assert image.getpalette()[:9] == [0, 0, 0, 255, 0, 0, 0, 0, 255]
    for i, name in enumerate(CLASSES):
        assert row[name] == (values == i).sum()
        assert row[f"{name}_%"] == round(100 * (values == i).mean(), 2)


def test_tiles_answer_photos_of_any_size_as_the_whole_model_does(tiled):
    folder, data, scores = tiled
    assert scores["dev"]["mean_iou"] > 0.75
    assert scores["dev"]["f1"] == pytest.approx(
        2 * scores["dev"]["iou"] / (1 + scores["dev"]["iou"])
    )
    rng = np.random.default_rng(0)
    photos = []
    for i, (height, width) in enumerate([(16, 16), (70, 33), (7, 9)]):
        mask = np.zeros([height, width], np.uint8)
        mask[height // 4 : height // 2, 2 : width // 2] = 1
        noise = rng.integers(-9, 10, mask.shape)
        photos.append((mask, folder.parent / f"photo{i}.png"))
        picture = (LEVELS[mask] + noise).astype(np.uint8)
        mask_files.save(photos[-1][1], picture)
    masks, got = served(folder, [path for _, path in photos])
    assert got["again"]
    for (truth, _), mask in zip(photos, masks, strict=True):
        assert mask.shape == truth.shape
        assert (mask == truth).mean() > 0.9
    # What fits into the input is answered as by the network itself.
    model = tf.saved_model.load(folder / "saved_model")
    with Image.open(photos[0][1]) as image:
        pixels = np.asarray(image, np.float32)[None, ..., None]
    answer = model.signatures["model_inputs"](pixels=tf.constant(pixels))
    threshold = scores["chosen"]["threshold"]
    alone_mask = answer["probabilities"][0, ..., 1].numpy() >= threshold
    np.testing.assert_array_equal(masks[0], alone_mask)


def test_valid_convolutions_answer_all_of_a_photo(tmp_path):
    """With the paper's weights of what parts things, on windows."""
    folder = tmp_path / "run"
    data = write(tmp_path / "data", [(32, 40)], classes=2)
    with runs.no_page():
        scores = run(
            folder, data, image_size=None, crop_size=17, epochs=2,
            padding="valid", boundary_weight=4.0, boundary="gaps:sigma=3",
        )  # fmt: skip
    assert scores["dev"]["mean_iou"] > 0.75
    served = tf.saved_model.load(folder / "saved_model")
    paths = [data / "images" / f"{i:02}.png" for i in range(4)]
    got = served.signatures["serving_default"](
        image_bytes=tf.constant([path.read_bytes() for path in paths])
    )
    # The border too, which no zeros tell apart.
    edge = np.ones([32, 40], bool)
    edge[2:-2, 2:-2] = False
    for path, png in zip(paths, got["mask"].numpy(), strict=True):
        mask = tf.io.decode_png(png).numpy()[..., 0]
        with Image.open(data / "masks" / path.name) as image:
            right = mask == np.asarray(image)
        assert right.shape == (32, 40)
        assert right.mean() > 0.9 and right[edge].mean() > 0.8
    model = models.load(str(folder / "model.keras"))
    assert model.input_shape == (None, 34, 34, 1)
    assert model.output_shape == (None, 18, 18, 2)


def test_valid_convolutions_on_whole_pictures(tmp_path, data):
    with runs.no_report():
        scores = run(
            tmp_path / "a", data, padding="valid", epochs=1,
            augment="standard:rotate=9", boundary_weight=2.0,
            boundary="edges:width=2",
        )  # fmt: skip
    assert scores["dev"]["size"] == 8 and 0 < scores["dev"]["loss"] < 2
    # Dev's loss of the epoch kept is that of all its pixels.
    rows = csv_rows.read(tmp_path / "a" / "history.csv")
    best = float(rows[scores["best_epoch"] - 1]["val_loss"])
    assert scores["dev"]["loss"] == pytest.approx(best, rel=1e-3)


def test_masks_that_changed_are_another_set(finished, data):
    folder, _ = finished
    path = data / "masks" / "03.png"
    before = path.read_bytes()
    with Image.open(path) as image:
        changed = image.copy()
    changed.putpixel((0, 0), 2)
    try:
        changed.save(path)
        flags = {"mode": "evaluate", "run_dir": str(folder)}
        with pytest.raises(errors.UserError, match="no longer what the run"):
            runner.run(segment.Segment, flags, [], "trainers.segment")
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"threshold": "1.5"}, "--threshold=1.5: give a probability"),
        ({"class_weight": "brigt=2"}, "did you mean 'bright'"),
        (
            {"augment": "strong"},
            "--augment=strong: lays two pictures over one another",
        ),
        ({"crop_size": 64}, "--crop_size=64: is more than the pictures have"),
        ({"image_size": None}, "pictures differ in size"),
        ({"filters": "8"}, "--filters"),
        ({"mask_folder": "no"}, "no picture with a mask"),
        (
            {"padding": "valid", "model": "resnet20"},
            "--padding=valid: is of --model=unet; resnet20 as the way down",
        ),
        ({"boundary": "gaps"}, "--boundary=gaps: goes with --boundary_weight"),
        ({"boundary": "gap"}, "--boundary: unknown 'gap'; did you mean"),
        ({"boundary": "gaps:sigma=0"}, "sigma is between 0.5 and 100"),
        (
            {"boundary": "gaps:things=bright+drak", "boundary_weight": 1.0},
            "unknown 'drak'; did you mean 'dark'",
        ),
        ({"boundary": "edges:width=1.5"}, "width is between 1 and 64"),
        (
            {"boundary_weight": 2.0, "pixel_loss": "dice"},
            "--boundary_weight=2: is of cross-entropy and focal loss",
        ),
        ({"width": 0.5}, "--width=0.5: is of a network that is the way down"),
    ],
)
def test_what_it_refuses(data, tmp_path, flags, message):
    with pytest.raises(errors.UserError, match=message):
        run(tmp_path / "a", data, **flags)


@pytest.mark.parametrize("freeze", ["none", "2", "all"])
def test_a_trunk_is_the_way_down(tmp_path, freeze):
    weights = tmp_path / "trunk.weights.h5"
    models.build("resnet20", (16, 16, 1), classes=2).save_weights(weights)
    config = segment.Config(
        model="resnet20", filters="4,6", weights=str(weights), freeze=freeze
    )
    facts = {
        "classes": CLASSES,
        "input_shape": [16, 16, 1],
        "mean": [0.0],
        "std": [1.0],
        "shares": [0.7, 0.3, 0.0],
        "train": 10,
    }
    model = segment.Segment(config).model(facts)
    assert model.output_shape == (None, 16, 16, 3)
    trained = [v.path for v in model.trainable_variables if "kernel" in v.path]
    everything = [v.path for v in model.variables if "kernel" in v.path]
    frozen = len(everything) - len(trained)
    assert frozen == {"none": 0, "2": 3, "all": 19}[freeze]
    # It begins with the shares of the classes.
    p = tf.nn.softmax(model.get_layer("logits").bias)
    np.testing.assert_allclose(p, [0.7, 0.3, 1e-4], atol=1e-3)


def test_what_differs_is_coloured():
    picture = np.full([1, 4, 1], 100, np.uint8)
    truth, answer = np.array([[0, 1, 1, -1]]), np.array([[1, 0, 1, 0]])
    shown = mask_plot.differences(picture, truth, answer)[0].tolist()
    red, green, *grey = shown
    assert red[0] > 200 > red[1] and green[1] > 140 > green[0]
    assert grey == [[178] * 3] * 2


def test_tiles_are_cut_at_the_size_that_pictures_were_brought_to():
    flags = {"crop_size": 16, "image_size": 32, "threshold": "0.3"}
    config = segment.Config(filters="2,3", normalization="none", **flags)
    facts = {
        "classes": CLASSES[:2],
        "input_shape": [16, 16, 1],
        "resized": [32, 40],
        "mean": [100.0],
        "std": [60.0],
        "shares": [0.7, 0.3],
        "train": 10,
    }
    task = segment.Segment(config)
    trained = task.Trained(task.model(facts), facts)
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, [63, 81, 1]).astype(np.uint8)
    serve = task.signatures(trained)["serving_default"].function
    got = serve(tf.constant([mask_files.png(photo[..., 0])]))
    mask = tf.io.decode_png(got["mask"][0]).numpy()
    pixels = tf.cast(decode.resize(photo, (32, 40), 1), tf.float32)

    def predict(x):
        return tf.nn.softmax(trained.model(x))

    p = tiles.blended(predict, pixels, (16, 16), 2)
    want = serving.photo_mask(p, tf.constant([63, 81]), "stretch", 0.3)
    assert mask.shape == (63, 81, 1) and 0 < mask.mean() < 1
    assert (mask == want.numpy()).mean() > 0.999
    assert got["areas"].numpy().sum() == 63 * 81
