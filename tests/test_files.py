"""Files are whole or absent."""

import errno
import os

import pytest

from kerasnotes import errors, files
from kerasnotes.data.common import sheet


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"old": True})
    with pytest.raises(KeyError), files.aside(path) as partial:
        partial.write_text("half")
        raise KeyError
    assert files.read_json(path) == {"old": True}
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("part.data-00000; No space left on device [Op:SaveV2]"),
    ],
)
def test_a_full_disk_is_told_in_one_line(tmp_path, error):
    path = tmp_path / "model"
    with (
        pytest.raises(errors.UserError, match=f"{path}: can't be written"),
        files.aside_folder(path) as partial,
    ):
        partial.mkdir()
        raise error
    assert not os.listdir(tmp_path)


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(errors.UserError, match="can't be written"):
        files.write_csv(tmp_path / "a" / "b.csv", [{"x": 1}])


@pytest.mark.parametrize("text", ["", "{", "\x00\xff"])
def test_bad_json_is_named(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(errors.UserError, match="config.json: not valid JSON"):
        files.read_json(path)


def test_columns_are_the_union(tmp_path):
    path = tmp_path / "a.csv"
    files.write_csv(path, [{"x": 1}, {"x": 2, "y": "a,b"}])
    assert path.read_text() == 'x,y\n1,\n2,"a,b"\n'


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1-1", "-A1", "@x", "\t=1", "＝1", "'=1", "''@", "'tis", "- no"],
)
def test_formulas_are_escaped_and_come_back(text):
    cell = files.escaped_cell(text)
    assert cell[0] not in "=+-@\t＝"
    assert files.unescaped_cell(cell) == text


def test_no_end_of_a_line_begins_a_row(tmp_path):
    cells = ["a\r=1+1", "\r=1", "b\n=1", "c\r\n=1", "d"]
    path = tmp_path / "sheet.csv"
    files.write_csv(path, [dict(zip("vwxyz", cells, strict=True))])
    text = path.read_bytes().decode()
    assert text == ('v,w,x,y,z\n"a\r=1+1","\'\r=1","b\n=1","c\r\n=1",d\n')
    ((_, found),) = sheet.read(path, ["v"])
    assert list(found.values()) == cells


@pytest.mark.parametrize("value", [-0.5, "-0.5", "+1e-3", "-.5", "a=1", "", 3])
def test_numbers_and_other_texts_stay(value):
    assert files.escaped_cell(value) == value
