import zipfile

import pytest
from PIL import Image

from kerasnotes.data.pictures import sizes


def save(folder, size, number, kind="png"):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(number):
        Image.new("L", size).save(folder / f"{i:03}.{kind}")


def test_the_largest_sides_of_both_classes(tmp_path):
    save(tmp_path / "cats", (20, 30), 3)
    save(tmp_path / "dogs", (32, 24), 2, "jpg")
    (tmp_path / "dogs/notes.txt").write_text("no picture")
    (tmp_path / "dogs/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 9)
    assert sizes.largest(tmp_path) == (30, 32)


def test_every_class_of_many_pictures_has_its_share(tmp_path):
    save(tmp_path / "a", (8, 8), 250)
    save(tmp_path / "b", (9, 7), 250)
    assert sizes.largest(tmp_path) == (8, 9)


@pytest.mark.parametrize("wrapped", [True, False])
def test_archives(tmp_path, wrapped):
    save(tmp_path / "plain/a", (12, 10), 2)
    (tmp_path / "zipped").mkdir()
    archive = tmp_path / "zipped/all.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (tmp_path / "plain").rglob("*.png"):
            file.write(path, path.relative_to(tmp_path))
    if wrapped:
        (tmp_path / "zipped/README.md").write_text("free to use")
    assert sizes.largest(archive.parent if wrapped else archive) == (10, 12)


def test_pictures_count_as_they_are_shown(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("L", (8, 20)).save(tmp_path / "a.jpg", exif=tags)
    assert sizes.largest(tmp_path) == (8, 20)


def test_no_picture_has_no_size(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    assert sizes.largest(tmp_path) is None
    assert sizes.largest("digits") is None
