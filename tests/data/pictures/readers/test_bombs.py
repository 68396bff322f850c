"""Files that are small, and claim or unpack to what fills the machine."""

import gzip
import io
import pathlib
import re
import struct
import tempfile
import zipfile
import zlib

from PIL import Image

from kerasnotes.data.common import by_id
from kerasnotes.data.pictures import load
from kerasnotes.data.pictures.readers import folders, labelled
from kerasnotes.data.tables import read as tables
from tests.support import guarded

MB = 2**20


def encoded(kind, size=(8, 6), **options):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


PNG = encoded("PNG")


def chunk(kind, data):
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def zeros(megabytes, start=b""):
    """Return a raw deflate stream of zeros, made of copies of one part."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    part = deflate.compress(bytes(16 * MB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return start + megabytes // 16 * part + deflate.flush()


def zip_of(folder, data, told, copies=1, name="a/1.png"):
    """Write a zip whose directory says what it likes of a member's size."""
    head = struct.pack(
        "<HHHHHLLLHH", 20, 0, 8, 0, 33, 0, len(data), told, len(name), 0
    )
    member = b"PK\3\4" + head + name.encode() + data
    directory = b"".join(
        b"PK\1\2"
        + struct.pack("<H", 20)
        + struct.pack(
            "<HHHHHLLLHH", 20, 0, 8, 0, 33, 0, len(data), told, len(odd), 0
        )
        + struct.pack("<HHHLL", 0, 0, 0, 0, 0)
        + odd.encode()
        for odd in [name, *(f"a/{i}.png" for i in range(2, copies + 1))]
    )
    end = struct.pack(
        "<HHHHLLH", 0, 0, copies, copies, len(directory), len(member), 0
    )
    path = folder / "set.zip"
    path.write_bytes(member + directory + b"PK\5\6" + end)
    return str(path)


def many_copies(folder):
    load.load(zip_of(folder, zeros(64), 64 * MB, copies=1600))


def huge_claim(folder):
    load.load(zip_of(folder, zlib.compress(PNG)[2:-4], 2**32 - 2, copies=25))


def nested(folder):
    """A folder with a zip whose members are zips: no more is opened."""
    inner = pathlib.Path(zip_of(folder, zeros(1024), MB)).read_bytes()
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for side in "ab":
            archive.writestr(f"{side}/1.zip", inner)
    load.load(str(folder))


def lying_size(folder):
    load.load(zip_of(folder, zeros(3072, PNG[:40]), 100_000))


def bzip2(folder):
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a/1.png", PNG + bytes(64 * MB))
    load.load(str(folder / "set.zip"))


def picture(data):
    def read(folder):
        (folder / "a").mkdir()
        (folder / "a" / "1.png").write_bytes(data)
        folders.read(folder)

    return read


def wide_png():
    head = struct.pack(">II", 60_000, 60_000) + PNG[24:29]
    return PNG[:8] + chunk(b"IHDR", head) + PNG[33:]


def wide(kind, start, form, value=60_000):
    data = bytearray(encoded(kind))
    struct.pack_into(form, data, start, value, value)
    return bytes(data)


def wide_jpeg():
    data = encoded("JPEG")
    return wide("JPEG", data.index(b"\xff\xc0") + 5, ">HH")


def wide_webp():
    head = b"\0" * 4 + 2 * (16_382).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<L", 10) + head + encoded("WEBP")[12:]
    return b"RIFF" + struct.pack("<L", len(body)) + body


def wide_frame():
    """A GIF of 8 × 6 whose second frame says that it is 60,000 wide."""
    film = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    film[0].save(out, "GIF", save_all=True, append_images=film[1:])
    data = bytearray(out.getvalue())
    struct.pack_into(
        "<HH", data, data.rindex(b"\x2c\0\0\0\0") + 5, 60_000, 60_000
    )
    return bytes(data)


def text_png():
    """Compressed texts of 256 MB each, of which the file has 16."""
    text = b"note\0\0" + b"\x78\xda" + zeros(256) + bytes(4)
    return PNG[:33] + 16 * chunk(b"zTXt", text) + PNG[33:]


def profile_png():
    profile = b"ICC\0\0" + b"\x78\xda" + zeros(1024) + bytes(4)
    return PNG[:33] + chunk(b"iCCP", profile) + PNG[33:]


def idx(folder, images, name="train-images-idx3-ubyte"):
    (folder / name).write_bytes(images)
    labels = b"\0\0\x08\x01" + struct.pack(">I", 4) + bytes(4)
    (folder / "train-labels-idx1-ubyte").write_bytes(labels)
    load.load(str(folder))


def idx_claim(folder):
    idx(folder, b"\0\0\x08\x03" + struct.pack(">III", 2**31, 28, 28))


def idx_claim_gz(folder):
    head = b"\0\0\x08\x03" + struct.pack(">III", 2**31, 28, 28)
    idx(folder, gzip.compress(head), "train-images-idx3-ubyte.gz")


def idx_zeros(folder):
    head = b"\0\0\x08\x03" + struct.pack(">III", 2**20, 32, 32)
    data = gzip.compress(head) + 64 * gzip.compress(bytes(16 * MB))
    idx(folder, data, "train-images-idx3-ubyte.gz")


def long_line(read, start, part):
    def run(folder):
        path = folder / "labels.csv"
        path.write_bytes(start + part * (100 * MB // len(part)))
        read(path)

    return run


def by_ids(path):
    by_id.read("--example_weight", path, "weight", ["a"])


BOMBS = {
    "many copies": (many_copies, "set.zip would unpack to 100 GiB"),
    "huge claim": (huge_claim, "set.zip would unpack to 100 GiB"),
    "nested": (nested, "holds no pictures"),
    "lying size": (lying_size, "1.png.*Bad CRC"),
    "bzip2": (bzip2, "1.png.*uncommon method"),
    "wide PNG": (picture(wide_png()), "1.png.*over 100 megapixels"),
    "wide JPEG": (picture(wide_jpeg()), "1.png.*over 100 megapixels"),
    "wide BMP": (
        picture(wide("BMP", 18, "<ii")), "1.png.*over 100 megapixels"
    ),
    "wide GIF": (
        picture(wide("GIF", 6, "<HH")), "1.png.*over 100 megapixels"
    ),
    "wide WebP": (picture(wide_webp()), "1.png.*over 100 megapixels"),
    "wide frame": (picture(wide_frame()), "of one class, 'a'.*0 skipped"),
    "text": (picture(text_png()), "1.png.*broken header"),
    "profile": (picture(profile_png()), "1.png.*broken header"),
    "IDX": (idx_claim, "train-images-idx3-ubyte: its header promises 16836"),
    "IDX gz": (idx_claim_gz, "ubyte.gz: its header promises 16836"),
    "IDX zeros": (idx_zeros, "ubyte.gz: its header promises 10737"),
    "table names": (
        long_line(tables.read, b"", b"a,"), "labels.csv: line 1: over 1 MiB"
    ),
    "table cells": (
        long_line(tables.read, b"a,b\n", b"1,"),
        "labels.csv: line 2: over 1 MiB",
    ),
    "sheet": (long_line(by_ids, b"id,weight\n", b"a,"), "labels.csv: over 64"),
    "many rows": (
        long_line(by_ids, b"id,weight\n", b"b,1\n"), "labels.csv: over 64 MiB"
    ),
    "labels": (
        long_line(lambda path: labelled.read(path.parent), b"file,", b"a,"),
        "labels.csv: over 64 MiB",
    ),
}  # fmt: skip


def attempt(name):
    """Make a bomb, and read it."""
    with tempfile.TemporaryDirectory() as folder:
        BOMBS[name][0](pathlib.Path(folder))


def test_bombs_are_refused():
    cases = [(name, name) for name in BOMBS]
    for outcome in guarded.guarded_run(attempt, cases):
        told = BOMBS[outcome.description][1]
        assert re.search(told, outcome.message), outcome
