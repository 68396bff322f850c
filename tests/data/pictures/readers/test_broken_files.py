"""Files that are broken anyhow: one line or a skipped example, no more."""

import gzip
import io
import json
import pathlib
import struct
import tempfile
import zipfile
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import (
    by_id,
    corrections,
    example_weights,
    tag_sheet,
)
from kerasnotes.data.pictures import examples, load
from kerasnotes.data.pictures.augmentation import named
from kerasnotes.data.pictures.readers import folders, labelled
from kerasnotes.data.tables import read as tables
from tests.support import fuzzing
from tests.support.paths import SHARED

# How many versions of each file; the slow test tries ten times as many.
PICTURES, OTHERS = 18, 36

rng = np.random.default_rng(0)
BLOCKS = np.kron(rng.integers(0, 256, (5, 6, 4)), np.ones((8, 8, 1), int))
RGBA = Image.fromarray(BLOCKS.astype(np.uint8))


def encoded(kind, mode="RGB", **options):
    out = io.BytesIO()
    RGBA.convert(mode).save(out, kind, **options)
    return out.getvalue()


def interlaced():
    """Encode in Adam7, which Pillow doesn't. PNG, third edition, 8.2."""
    pixels, rows = np.asarray(RGBA), b""
    for y, x, down, right in (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4),
        (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1),
    ):  # fmt: skip
        for row in pixels[y::down, x::right]:
            rows += b"\0" + row.tobytes()
    head = struct.pack(">IIBBBBB", *RGBA.size, 8, 6, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", head),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


def pictures():
    tags = Image.Exif()
    tags[0x0112] = 6
    other = RGBA.rotate(90).convert("RGB")
    film = {"save_all": True, "append_images": [other]}
    deep = io.BytesIO()
    grey = np.asarray(RGBA.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(deep, "PNG")
    return {
        "plain.jpg": encoded("JPEG"),
        "grey.jpg": encoded("JPEG", "L"),
        "progressive.jpg": encoded("JPEG", progressive=True),
        "cmyk.jpg": encoded("JPEG", "CMYK"),
        "exif.jpg": encoded("JPEG", exif=tags.tobytes()),
        "plain.png": encoded("PNG"),
        "palette.png": encoded("PNG", "P", transparency=3),
        "deep.png": deep.getvalue(),
        "alpha.png": encoded("PNG", "RGBA", exif=tags.tobytes()),
        "grey_alpha.png": encoded("PNG", "LA"),
        "interlaced.png": interlaced(),
        "animated.png": encoded("PNG", **film),
        "film.gif": encoded("GIF", **film),
        "plain.bmp": encoded("BMP"),
        "palette.bmp": encoded("BMP", "P"),
        "plain.webp": encoded("WEBP"),
        "lossless.webp": encoded("WEBP", "RGBA", lossless=True),
        "film.webp": encoded("WEBP", **film),
    }


def shared_pictures():
    found = {}
    for name in ("bccd/BCCD_trainval.zip", "trashnet/trashnet_shared.zip"):
        if (SHARED / name).exists():
            with zipfile.ZipFile(SHARED / name) as archive:
                of = next(n for n in archive.namelist() if n.endswith(".jpg"))
                found[of.rpartition("/")[2]] = archive.read(of)
    for path in (SHARED / "style_images").rglob("*.png"):
        found[path.name] = path.read_bytes()
    return found


def zipped(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in list(pictures().items())[:6]:
            archive.writestr(f"{name[:1]}/{name}", data)
    return out.getvalue()


def idx(array):
    head = bytes([0, 0, 8, array.ndim])
    return head + np.array(array.shape, ">u4").tobytes() + array.tobytes()


DIGITS = {
    "train-images-idx3-ubyte": idx(np.ones((12, 5, 4), np.uint8)),
    "train-labels-idx1-ubyte": idx(np.arange(12, dtype=np.uint8) % 3),
}
IDS = list("abcdef")
SET = examples.Examples(
    np.zeros((6, 2, 2, 1), np.uint8), np.arange(6) % 2, IDS, ["no", "yes"]
)
TABLE = "size,rooms,price\n" + "".join(
    f'{i},"{i % 4}",{1e3 * i + 0.5}\n' for i in range(30)
)
SHEET = "file,red,round\n" + "".join(
    f"{name},{i % 2},{('yes', '')[i % 2]}\n" for i, name in enumerate("abcd")
)
POLICY = {"mirror": True, "rotate": 10, "crop": 0.5, "fill": "nearest"}


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def read_pictures(folder):
    found = folders.read(folder, 8)
    told = [*found.ids, *(name for name, _ in found.skipped)]
    assert len(set(told)) == sum(p.is_file() for p in folder.rglob("*"))
    for name, reason in found.skipped:
        assert len(reason.splitlines()) == 1, (name, reason)


def read_policy(folder):
    policy = named.build(str(folder / "policy.json"))
    numbers = tf.constant(np.linspace(0, 0.99, policy.width)[None], tf.float32)
    pictures, _ = policy(tf.zeros([1, 9, 9, 3], tf.uint8), numbers)
    assert pictures.shape[0] == 1


def read_weights(folder):
    path = folder / "weights.csv"
    for name, text in by_id.read("--flag", path, "weight", IDS).items():
        example_weights.parse(path, name, text)


READERS = {
    "set": read_pictures,
    "set.zip": lambda folder: load.load(str(folder / "set.zip"), image_size=8),
    "digits": lambda folder: load.load(str(folder), image_size=8),
    "table.csv": lambda folder: tables.load(str(folder / "table.csv")),
    "labels.csv": lambda folder: labelled.read(folder, 8),
    "weights.csv": read_weights,
    "corrections.csv": lambda f: corrections.apply(
        f / "corrections.csv", [SET]
    ),
    "tags.csv": lambda folder: tag_sheet.read(folder / "tags.csv"),
    "policy.json": read_policy,
}
# What the message names.
NAMED = {"set": "--dataset", "set.zip": "", "digits": "-ubyte"}


def attempt(case):
    """Read files in a folder of their own."""
    kind, files = case
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), files)
        try:
            READERS[kind](pathlib.Path(folder))
        except errors.UserError as error:
            assert NAMED.get(kind, kind) in str(error), error
            raise


def picture_cases(whole, count, seed):
    """Yield folders of many broken pictures with two that are whole."""
    for name, data in whole.items():
        files = {f"{side}/whole.png": encoded("PNG") for side in "ab"}
        for number, (_, broken) in enumerate(
            fuzzing.mutations(data, count, seed)
        ):
            files[f"a/{number}-{name}"] = broken
        yield f"{count} of {name}", ("set", files)


def other_cases(count, seed):
    """Yield each other file broken, beside what it needs."""
    tiny = {name: encoded("PNG") for name in "abcd"}
    rows = "".join(f"{i},{n}\n" for n, i in enumerate(IDS))
    labels = "id,label\n" + "".join(f"{i},yes\n" for i in IDS[:4])
    tags = "id,tags\n" + "".join(f"{i},blurry;dark\n" for i in IDS)
    whole = [
        ("set.zip", "set.zip", zipped(zipfile.ZIP_DEFLATED), {}),
        ("set.zip", "set.zip", zipped(zipfile.ZIP_STORED), {}),
        *(("digits", name, data, DIGITS) for name, data in DIGITS.items()),
        *(
            ("digits", f"{name}.gz", gzip.compress(data), DIGITS)
            for name, data in DIGITS.items()
        ),
        ("table.csv", "table.csv", TABLE.encode(), {}),
        ("labels.csv", "labels.csv", SHEET.encode(), tiny),
        ("weights.csv", "weights.csv", f"id,weight\n{rows}".encode(), {}),
        ("weights.csv", "weights.csv", f"id;weight\n{rows}".encode(), {}),
        ("corrections.csv", "corrections.csv", labels.encode(), {}),
        ("tags.csv", "tags.csv", tags.encode("utf-16"), {}),
        ("policy.json", "policy.json", json.dumps(POLICY).encode(), {}),
    ]
    for kind, name, data, beside in whole:
        beside = {n: d for n, d in beside.items() if f"{n}.gz" != name}
        for what, broken in fuzzing.mutations(data, count, seed):
            yield f"{name} {what}", (kind, {**beside, name: broken})


def survive(pictures_each, others_each, seed, whole):
    cases = [
        *picture_cases(whole, pictures_each, seed),
        *other_cases(others_each, seed),
    ]
    fuzzing.guarded_run(attempt, cases)


def test_broken_files():
    survive(PICTURES, OTHERS, 0, pictures())


@pytest.mark.slow
def test_many_broken_files():
    survive(10 * PICTURES, 10 * OTHERS, 1, pictures() | shared_pictures())
