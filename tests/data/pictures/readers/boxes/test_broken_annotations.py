"""Five hundred broken annotation files: one line each, or a set without it."""

import functools
import json
import pathlib
import random
import tempfile
import zipfile

import numpy as np

from kerasnotes.data.common import file_sets
from kerasnotes.data.pictures.readers.boxes import (
    checks,
    formats,
    read,
    records,
)
from tests.support import box_files, fuzzing

FILES = {
    "voc": "Annotations/a.xml",
    "coco": "annotations/instances_train.json",
    "yolo": "labels/train/a.txt",
    "yaml": "data.yaml",
    "labelme": "a.json",
    "csv": "boxes.csv",
}
EACH = 64
HUGE = [
    None, True, [], {}, "", "x", -1, 0, 1e308, -1e308, 2**70, float("nan"),
    float("inf"), "9" * 5000, [[]], [1, 2, 3], {"a": {}}, "\x00", "é" * 99,
]  # fmt: skip


@functools.cache
def whole(name):
    """Return the files of a sound set, by their paths in it."""
    maker = box_files.FORMATS["yolo" if name == "yaml" else name]
    with tempfile.TemporaryDirectory() as root:
        maker(pathlib.Path(root))
        return {
            path.relative_to(root): path.read_bytes()
            for path in pathlib.Path(root).rglob("*.*")
        }


def write(name, root, data):
    """Write a set of which one file's bytes are others."""
    changed = {pathlib.Path(FILES[name]): data}
    for path, content in (whole(name) | changed).items():
        path = pathlib.Path(root) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_with(case):
    """Read a set of which one file's bytes, or a zip's, are others."""
    name, data, with_pictures = case
    if name == "zip":
        _read_archive(data)
        return
    with tempfile.TemporaryDirectory() as root:
        write(name, root, data)
        if with_pictures:
            examples = read.read(root, (box_files.HEIGHT, box_files.WIDTH))
            assert all("\n" not in line for line in examples.notes)
        else:
            check(file_sets.Files(root))


def check(files):
    """Read and check annotations, and leave the pictures, which take long."""
    pictures = [name for name in files.names if name.endswith(".jpg")]
    problems = records.Problems()
    annotated, _ = formats.read("set", files, pictures, problems)
    size = checks.PictureSize((box_files.HEIGHT, box_files.WIDTH))
    for annotation in annotated.annotations:
        boxes = checks.check(annotation, size, problems, annotated.point_names)
        if boxes:
            # What is left is fit to be learned of.
            assert np.isfinite(boxes.boxes).all()
            assert (boxes.boxes[:, :2] < boxes.boxes[:, 2:]).all()
            assert all(boxes.labels) and boxes.boxes.shape[1:] == (4,)
    assert all("\n" not in line for line in problems.lines())


def changed(value, rng):
    """Return JSON with a part in it replaced by what nobody expects."""
    places = list(_places(value, []))
    path = rng.choice(places)
    copy = json.loads(json.dumps(value))
    node = copy
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = rng.choice(HUGE)
    return copy


def _places(value, path):
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield [*path, key]
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key], [*path, key])


def cases():
    for number, (name, file) in enumerate(FILES.items()):
        # Of LabelMe's picture in Base64 nothing is read.
        data = whole(name)[pathlib.Path(file)].replace(b"A" * 90_000, b"")
        for what, broken in fuzzing.mutations(data, EACH, seed=number):
            yield f"{name}, {what}", (name, broken)
        rng = random.Random(number)
        if data[:1] == b"{":
            for i in range(EACH):
                broken = json.dumps(changed(json.loads(data), rng))
                yield f"{name}, change {i}", (name, broken.encode())
    for name, text in {
        "voc": "<annotation>" + "<object>" * 5000,
        "coco": '{"images": ' + "[" * 100_000,
        "labelme": '{"shapes": ' + '{"a":' * 100_000,
        "yaml": "names: " + "[" * 2000,
        "yolo": "0 " * 100_000,
        "csv": "file,label,x1,y1,x2,y2\n" + "a,b,1e999,2,3,4\n" * 500,
    }.items():
        yield f"{name}, deep or long", (name, text.encode())
    laughs = "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)
    )
    yield (
        "yaml, laughing",
        ("yaml", f"a0: &a0 [x]\n{laughs}names: *a39".encode()),
    )
    for name in ("voc", "coco", "yolo"):
        for text in (b"", b"\xff\xfe", b"\0" * 99, "é".encode("utf-16")):
            yield f"{name}, {text!r}", (name, text)


def archives(folder):
    """Yield broken versions of an archive of a set."""
    box_files.voc(folder / "set")
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((folder / "set").rglob("*.*")):
            archive.write(file, file.relative_to(folder / "set"))
    for what, data in fuzzing.mutations(path.read_bytes(), 18, seed=9):
        yield f"zip, {what}", ("zip", data, True)


def test_five_hundred_broken_files(tmp_path):
    broken = [
        (what, (name, data, number % 48 == 0))
        for number, (what, (name, data)) in enumerate(cases())
    ]
    assert len(broken) >= 500
    # In one process, which TensorFlow is imported into once.
    outcomes = fuzzing.guarded_run(
        read_with, broken + list(archives(tmp_path)), memory_bytes=4 * 2**30
    )[: len(broken)]
    refused = [outcome.message for outcome in outcomes if outcome.error]
    # Most are read without what is broken; nobody is told "error" alone.
    assert len(refused) < len(outcomes)
    assert not [m for m in refused if not m.startswith("--dataset")]


def _read_archive(data):
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        read.read(file.name, 16)
