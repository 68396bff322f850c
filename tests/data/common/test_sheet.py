"""Sheets as spreadsheets and people write them."""

import csv

import pytest

from kerasnotes import errors
from kerasnotes.data.common import sheet

ROWS = [
    {"id": "a;b,c\td", "label": 'say "zéro"'},
    {"id": "two\nlines", "label": ""},
    {"id": "c", "label": " x "},
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_reads_what_the_csv_module_writes(tmp_path, delimiter, encoding, end):
    path = tmp_path / "sheet.csv"
    with open(path, "w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(
            file, ["id", "label"], delimiter=delimiter, lineterminator=end
        )
        writer.writeheader()
        writer.writerows(ROWS)
    found = sheet.read(path, ["label", "id"])
    assert [cells for _, cells in found] == ROWS
    assert [line for line, _ in found] == [2, 3, 5]


def test_blank_rows_are_left_out_and_short_ones_filled(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text("id, label ,note\n\na,1,,\n,,\n \nb\n")
    assert sheet.read(path, ["id", "label"]) == [
        (3, {"id": "a", "label": "1", "note": ""}),
        (6, {"id": "b", "label": "", "note": ""}),
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"id,name\na,b\n", "line 1: no 'label' among the columns id, name"),
        (b"id,label,id\n", "line 1: 2 columns 'id'"),
        (b"id,label\na,1\nb,\xe9\n", "line 3: not UTF-8"),
        (b"PK\x03\x04", "line 1: a spreadsheet's own format"),
        ("id,label\na,1\n".encode("utf-16")[:-1], "line 2: not UTF-8"),
        (
            "id,label\na,1\n".encode("utf-16-le"),
            "line 1: UTF-16 without a byte-order mark",
        ),
        (b"id,label\na,1\nb,2,3\n", "line 3: 3 cells under 2"),
        (b'id,label\na,1\nb,"2\n', "line 3: not CSV"),
        (b'id,label\na,"1"2\n', "line 2: not CSV"),
    ],
)
def test_refusals_name_file_and_line(tmp_path, data, told):
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    with pytest.raises(errors.UserError) as error:
        sheet.read(path, ["id", "label"])
    assert str(error.value).startswith(f"{path}: {told}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(errors.UserError, match="none.csv: can't be read: No"):
        sheet.read(tmp_path / "none.csv", ["id"])
