"""Names that lead out, links, and names that are hard to write."""

import collections
import io
import os
import stat
import zipfile

import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import by_id, file_sets
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


def zip_of(path, *names, flag=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, PNG)
    if flag is not None:
        # Names of UTF-8 that don't say so.
        data = path.read_bytes()
        for head, at in ((b"PK\1\2", 9), (b"PK\3\4", 7)):
            parts = data.split(head)
            parts[1:] = [
                p[: at - 4] + bytes([flag]) + p[at - 3 :] for p in parts[1:]
            ]
            data = head.join(parts)
        path.write_bytes(data)
    return path


def test_what_is_no_file_is_skipped_by_name(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "1.png").write_bytes(PNG)
    (folder / "2.png").symlink_to("nowhere.png")
    os.mkfifo(folder / "pipe")
    files = file_sets.Files(folder)
    assert files.names == ["1.png"]
    assert files.skipped == [("2.png", "a dead link")]
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zip_of(tmp_path / "set.zip", "1.png", "1.png", "2.png")
    skipped = file_sets.Files(path).skipped
    assert skipped == [("1.png", "another of this name comes later")]
    path = tmp_path / "set.tar.gz"
    path.write_bytes(b"\x1f\x8b")
    with pytest.raises(errors.UserError, match="a whole zip .*; .* unpack it"):
        file_sets.Files(path)


def test_a_zip_of_windows_has_slashes(tmp_path):
    names = ["set\\a\\1.png", "set\\b\\2.png", "set\\b\\Thumbs.db"]
    path = zip_of(tmp_path / "set.zip", "set\\", *names)
    found = folders.read(path, 8)
    assert found.ids == ["a/1.png", "b/2.png"] and not found.skipped
    files = file_sets.Files(path)
    assert files.ends("set/a/1.png", 9) == (PNG[:9], None)
    assert files.size("set/a/1.png") == len(PNG)


def test_a_zip_whose_names_are_utf_8_without_a_flag(tmp_path):
    path = zip_of(tmp_path / "a.zip", "é/1.png", "b/1.png", flag=0)
    assert zipfile.ZipFile(path).namelist()[0] != "é/1.png"
    assert file_sets.Files(path).names == ["b/1.png", "é/1.png"]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_forms_of_unicode_are_one_name(tmp_path, kind):
    composed, decomposed = "caf\xe9", "cafe\u0301"
    names = [f"{composed}/1.png", f"{decomposed}/2.png", "tea/1.png"]

    def files(*names):
        if kind == "zip":
            return zip_of(tmp_path / "set.zip", *names)
        for name in names:
            (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "set" / name).write_bytes(PNG)
        return tmp_path / "set"

    found = folders.read(files(*names), 8)
    assert found.class_names == [composed, "tea"]
    assert found.ids == [f"{composed}/1.png", f"{composed}/2.png", "tea/1.png"]
    sheet = tmp_path / "weights.csv"
    sheet.write_text(f"id,weight\n{names[1]},2\n", "utf-8")
    values = by_id.read("--example_weight", sheet, "weight", found.ids)
    assert values == {f"{composed}/2.png": "2"}
    with pytest.raises(errors.UserError, match=r"twice.*cafe\\u0301/1.png'"):
        folders.read(files(*names, f"{decomposed}/1.png"), 8)


def test_what_systems_add_is_no_data(tmp_path):
    junk = [
        "__MACOSX/a/._1.png", "a/Thumbs.db", "a/desktop.ini", ".DS_Store",
        "@eaDir/1.png/THUMB_M.png", "a/@eaDir/1.png/THUMB_M.png",
    ]  # fmt: skip
    for name in ["a/1.png", "b/1.png", *junk]:
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(PNG)
    archive = zip_of(tmp_path / "set.zip", "a/1.png", *junk)
    assert file_sets.Files(archive).names == ["a/1.png"]
    assert file_sets.Files(tmp_path / "set").names == ["a/1.png", "b/1.png"]


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
