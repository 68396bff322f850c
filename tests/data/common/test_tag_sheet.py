"""Sheets with tags: read from any spreadsheet, and never overwritten."""

import csv

import pytest

from kerasnotes import errors
from kerasnotes.data.common import tag_sheet
from tests.support import csv_rows

ROWS = [
    {"id": "a/1.png", "true": "cat", "given": "dog"},
    {"id": "a/2.png", "true": "dog", "given": "cat"},
    {"id": "a/3.png", "true": "cat", "given": "cow"},
]


@pytest.mark.parametrize(
    "text, want",
    [
        ("", set()),
        (" ; , ", set()),
        ("Blurry", {"blurry"}),
        ("a;  Wrong   LABEL ,DARK; dark", {"a", "wrong label", "dark"}),
        ("große Katze;Ää", {"grosse katze", "ää"}),
    ],
)
def test_tags_of_a_cell(text, want):
    assert tag_sheet.tags(text) == want


@pytest.mark.parametrize("separator", ",;\t")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_reads_what_spreadsheets_save(tmp_path, separator, encoding):
    path = tmp_path / "sheet.csv"
    with open(path, "w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["id", "TRUE", "tags", "comment"])
        writer.writerow(["a/1.png", "cat", "blurry; wrong label", "two\nlines"])
        writer.writerow([""] * 4)
        writer.writerow(["a/2.png", "dog", "größe,dark", 'says "dog"'])
    first, second = tag_sheet.read(path)
    assert (first.line, first.tags) == (2, {"blurry", "wrong label"})
    assert first.cells["comment"] == "two\nlines"
    assert (second.line, second.tags) == (5, {"grösse", "dark"})
    assert second.human == {"tags": "größe,dark", "comment": 'says "dog"'}


@pytest.mark.parametrize(
    "text, told",
    [
        (b"id,tags\na,x\n ,y\n", "line 3: no id"),
        (b"id,tags\na,x\nb,\na,y\n", "line 4: 'a' again, first on line 2"),
        (b"id,comment\na,x\n", "line 1: no 'tags'"),
        (b"id,tags\na,x\nb,caf\xe9\n", "line 3: not UTF-8"),
        (b'id,tags\na,x\nb,"y\n', "line 3: not CSV"),
        (b"id,tags\na,x,y\n", "line 2: 3 cells"),
        (b"", "empty"),
    ],
)
def test_bad_sheets_are_refused_with_the_line(tmp_path, text, told):
    path = tmp_path / "sheet.csv"
    path.write_bytes(text)
    with pytest.raises(errors.UserError) as caught:
        tag_sheet.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_what_people_wrote_moves_to_the_new_rows(tmp_path):
    path = tmp_path / "mistakes.csv"
    assert tag_sheet.write(path, ROWS) == (0, None)
    assert list(csv_rows.read(path)[0]) == [
        "id",
        "true",
        "given",
        "tags",
        "comment",
    ]
    path.write_text(
        "id;TRUE;given;tags;comment;who\n"
        "a/1.png;cat;dog;dark;;me\na/2.png;dog;cat;;odd;\na/3.png;cat;cow;;;\n"
    )
    other = {"id": "a/2.png", "true": "dog", "given": "pig"}
    rest = [other, ROWS[2]]
    assert tag_sheet.write(path, ROWS[:1], rest) == (2, None)
    first, second = csv_rows.read(path)
    columns = ["id", "true", "given", "tags", "comment", "who"]
    assert list(first) == columns
    assert list(first.values()) == ["a/1.png", "cat", "dog", "dark", "", "me"]
    assert list(second.values()) == ["a/2.png", "dog", "pig", "", "odd", ""]
    assert [p.name for p in tmp_path.iterdir()] == ["mistakes.csv"]


def test_tags_without_a_row_stay_beside(tmp_path):
    path = tmp_path / "mistakes.csv"
    text = "id,tags\ngone,dark\na/1.png,blurry\n"
    for number in (1, 2):
        path.write_text(text)
        kept, old = tag_sheet.write(path, ROWS)
        assert kept == 1
        assert old == tmp_path / f"mistakes-{number}.csv"
        assert old.read_text() == text
        assert csv_rows.read(path)[0]["tags"] == "blurry"


def test_a_sheet_that_cannot_be_read_stays_beside(tmp_path):
    path = tmp_path / "mistakes.csv"
    path.write_bytes(b"id,tags\na/1.png,caf\xe9\n")
    kept, old = tag_sheet.write(path, ROWS)
    assert kept == 0 and b"caf\xe9" in old.read_bytes()
    assert len(csv_rows.read(path)) == 3


def test_formulas_are_neither_run_nor_lost(tmp_path):
    path, name = tmp_path / "mistakes.csv", '=HYPERLINK("http://x","y").png'
    row = {"id": name, "true": "-0.5", "given": "@cat"}
    tag_sheet.write(path, [row])
    assert csv_rows.read(path)[0]["id"] == f"'{name}"
    assert csv_rows.read(path)[0]["true"] == "-0.5"
    lines = path.read_text().replace("'@cat,", "'@cat,+blurry")
    path.write_text(lines)
    tag_sheet.write(path, [row])
    (again,) = tag_sheet.read(path)
    assert (again.id, again.cells["given"]) == (name, "@cat")
    assert again.tags == {"+blurry"}
    assert csv_rows.read(path)[0]["tags"] == "'+blurry"
