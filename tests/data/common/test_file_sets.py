"""Names that lead out, links, and names that are hard to write."""

import collections
import io
import os
import stat
import zipfile

import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import load
from kerasnotes.data.pictures.readers import folders

out = io.BytesIO()
Image.new("RGB", (8, 6), "red").save(out, "PNG")
PNG = out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../x.png", "a/../../x.png", "/x.png", "C:\\x.png", "C:x.png",
        "a\\..\\..\\x.png", "\\\\host\\share\\x.png",
    ],
)  # fmt: skip
def test_a_zip_that_leads_out_writes_nothing(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(inside / "set.zip", "w") as archive:
        archive.writestr("a/1.png", PNG)
        archive.writestr(name, PNG)
    with pytest.raises(errors.UserError, match="leads out of its folder"):
        load.load(str(inside / "set.zip"))
    assert list(tmp_path.rglob("*")) == [inside, inside / "set.zip"]


def test_a_link_in_a_zip_is_followed_nowhere(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("a/1.png", "b/1.png"):
            archive.writestr(name, PNG)
        link = zipfile.ZipInfo("b/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(secret))
    found = load.load(str(tmp_path / "set.zip"))
    assert found.ids == ["a/1.png", "b/1.png"]
    assert found.skipped == [("b/link.png", "no picture")]


def test_odd_names(tmp_path):
    names = [
        b"two\nlines", "\u202egnp.esrever".encode(), "🙂".encode(), b"\x1b[31m",
        b"a;b,c\"'", b" ",
    ]  # fmt: skip
    for name in names:
        folder = tmp_path.joinpath("set", os.fsdecode(name))
        folder.mkdir(parents=True)
        for file in [*names, b"broken.png", b"\xff.png"]:
            data = PNG[:40] if file == b"broken.png" else PNG
            (folder / os.fsdecode(file)).write_bytes(data)
    found = folders.read(tmp_path / "set", 8)
    assert sorted(found.class_names) == sorted(n.decode() for n in names)
    assert len(found.ids) == len(names) ** 2
    reasons = collections.Counter(reason for _, reason in found.skipped)
    assert reasons.pop("its name is no UTF-8") == len(names)
    assert sum(reasons.values()) == len(names)
    for name in [*found.ids, *(name for name, _ in found.skipped)]:
        name.encode()
    with pytest.raises(errors.UserError) as caught:
        folders.read(tmp_path / "set" / "two\nlines" / "\x1b[31m")
    assert str(caught.value).isprintable()
