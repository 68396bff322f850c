"""Which files count as pictures, and when a folder is its archive."""

import zipfile

from kerasnotes.data.pictures import find_files
from tests.support.pictures import RGB, encoded


def test_a_folder_of_one_archive_is_that_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a/1.png", encoded(RGB, "PNG"))
    (tmp_path / "README.md").write_text("free to use")
    assert find_files.open_files(tmp_path).names == ["a/1.png"]
    (tmp_path / "cover.png").write_bytes(encoded(RGB, "PNG"))
    names = ["README.md", "cover.png", "set.zip"]
    assert find_files.open_files(tmp_path).names == names


def test_other_files_say_what_they_are(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    (tmp_path / "1.png").write_text(pointer)
    (tmp_path / "2.png").write_text("no pixels")
    (tmp_path / "3.png").write_bytes(encoded(RGB, "PNG"))
    (tmp_path / "4.png").symlink_to("nowhere")
    names, skipped = find_files.pictures(find_files.open_files(tmp_path))
    assert names == ["3.png"]
    assert sorted(skipped) == [
        ("1.png", "a pointer of Git LFS; git lfs pull brings the file"),
        ("2.png", "no picture"),
        ("4.png", "a dead link"),
    ]
