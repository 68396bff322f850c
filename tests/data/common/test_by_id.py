"""Values that people give to single examples."""

import pytest

from kerasnotes import errors
from kerasnotes.data.common import by_id

IDS = ["cat/1.png", "cat/2.png", "dog/1.png"]


def read(path, data):
    path.write_bytes(data)
    return by_id.read("--corrections", path, "label", IDS)


@pytest.mark.parametrize(
    "data",
    [
        b"id,label\ncat/1.png,dog\ndog/1.png, cat \n",
        b"\xef\xbb\xbfnote;label;id\r\n;dog;cat/1.png\r\n;cat;dog/1.png\r\n",
        b'id\tlabel\n"cat/1.png"\t"dog"\ndog/1.png\tcat',
        b"id,label\ncat\\1.png,dog\n dog/1.png ,cat\n",
    ],
)
def test_reads_values_by_id(tmp_path, data):
    found = read(tmp_path / "c.csv", data)
    assert found == {"cat/1.png": "dog", "dog/1.png": "cat"}


def test_no_rows_are_no_values(tmp_path):
    assert read(tmp_path / "c.csv", b"id,label\n") == {}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"id,class\ncat/1.png,dog\n", "line 1: no 'label'"),
        (b"id,label\ncat/1.png,dog\ncat/9.png,dog\n", "line 3: no example"),
        (b"id,label\ncat/1.png,dog\n\ncat/1.png,cat\n", "line 4: the id"),
        (b"id,label\ncat/1.png,dog\ncat/2.png, \n", "line 3: no label for"),
        (b"id,label\ncat/1.png,d\xf6g\n", "line 2: not UTF-8"),
    ],
)
def test_refusals_name_flag_file_and_line(tmp_path, data, told):
    path = tmp_path / "c.csv"
    with pytest.raises(errors.UserError) as error:
        read(path, data)
    assert str(error.value).startswith(f"--corrections: {path}: {told}")
    assert "\n" not in str(error.value)
