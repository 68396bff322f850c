import csv
import re

import numpy as np
import pytest
from sklearn import datasets

from kerasnotes import errors
from kerasnotes.data.common import sheet
from kerasnotes.data.tables import batches as table_batches
from kerasnotes.data.tables import read as tables


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def numbers(count, columns=2):
    return [",".join([str(i)] * columns) for i in range(count)]


def test_diabetes_is_scikit_learns_in_its_own_units():
    table = tables.load("diabetes")
    inputs, y = table.split()
    found = datasets.load_diabetes(scaled=False)
    np.testing.assert_array_equal(inputs.values, found.data)
    np.testing.assert_array_equal(y, found.target)
    assert inputs.names == list(found.feature_names)


def test_reads_what_a_spreadsheet_writes(tmp_path):
    path = tmp_path / "table.csv"
    rows = [["size, m²", "price"], [" 70.5", "1e3"], [], ["-2", "+3"]]
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    table = tables.read(path)
    assert table.names == ["size, m²", "price"]
    assert table.ids == ["2", "4"]
    text = path.read_text("utf-8-sig")
    for encoding in ("utf-16", "utf-32"):
        path.write_bytes(text.encode(encoding))
        np.testing.assert_array_equal(tables.read(path).values, table.values)
    np.testing.assert_array_equal(table.values, [[70.5, 1000], [-2, 3]])


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["a;b", "1,5;-2", "0,125;,5e1"], "semicolons between the cells, de"),
        (
            ["a;b", "1.5;-2", "0.125;5"],
            "semicolons between the cells, decimal p",
        ),
        (["a\tb", "1.5\t-2", "0.125\t5"], "tabs between the cells\n"),
        (["a,b", '"1,5",-2', '"0,125","5"'], "commas between the cells, de"),
        (['"a, b";c', "1,5;-2", ";", "0,125;5"], "semicolons between"),
        (["a,b", "1.5,-2", "0.125,5"], ""),
        (["a;b;c,d", "1.5,-2", "0.125,5"], ""),
    ],
)
def test_delimiters_and_decimal_commas(tmp_path, lines, note, capsys):
    path = write(tmp_path / "t.csv", *lines, *lines[-1:] * 8)
    np.testing.assert_array_equal(
        tables.load(path).values[:2], [[1.5, -2], [0.125, 5]]
    )
    told = capsys.readouterr().out
    assert told.startswith(f"{path}: {note}") if note else not told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["1,5;2", "1.5;2"], "line 2, column 'a': '1,5' .* line 3 .* '1.5'"),
        (
            ["1;2", "1,234;2"],
            "line 3, column 'a': '1,234' may be 1.234 or 1234",
        ),
        (["1,5;1.234,5"], "'1.234,5' is no number; write thousands"),
        (["1,234,567;1"], "'1,234,567' is no number; write thousands"),
        (["1;12 500"], "'12 500' is no number; write thousands without"),
        (["5 %;1"], "'5 %' is no number; put a number"),
    ],
)
def test_numbers_that_may_be_several(tmp_path, lines, told):
    path = write(tmp_path / "t.csv", "a;b", *lines)
    with pytest.raises(errors.UserError, match=told):
        tables.read(path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\3\4\0\0", "line 1: a spreadsheet's own format; save it as CSV"),
        (b"PAR1\x15\x04", "line 1: Parquet; save it as CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "line 1: a spreadsheet's own format"),
        (b"\x1f\x8b\x08\0", "line 1: a compressed file; unpack it"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1: UTF-16 without a byte-"),
        (b"a,b\n1,2\n1,\x002\n", "line 3: a NUL byte"),
        (b"sep=;\na;b\n1;2\n", "line 1: Excel's line that names"),
        (b"sep=,\r\na,b\r\n1,2\r\n", "line 1: Excel's line that names"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, data, told):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    for read in (tables.read, lambda path: sheet.read(path, ["a"])):
        with pytest.raises(errors.UserError, match=told):
            read(path)


def test_rows_of_several_lines_are_found_where_they_begin(tmp_path):
    path = write(tmp_path / "t.csv", '"a\nb",c', '"1\n",2', ",", "3,4", "x,5")
    with pytest.raises(errors.UserError, match=r"line 7, column 'a\\nb'"):
        tables.read(path)
    assert tables.read(path, ["c"]).ids == ["3", "6", "7"]


def test_reads_columns_by_name_whatever_else_there_is(tmp_path):
    path = write(tmp_path / "t.csv", "a,who,b", "1,me,2", "3,you,4")
    table = tables.read(path, ["b", "a"])
    np.testing.assert_array_equal(table.values, [[2, 1], [4, 3]])


@pytest.mark.parametrize(
    "lines, told",
    [
        ([], ["line 1 must name"]),
        (["5.1,0", *numbers(10)], ["line 1 holds numbers, as 5.1"]),
        (["a,b,a", "1,2,3"], ["line 1", "2 columns 'a'", "own"]),
        (["a,,b", "1,2,3"], ["line 1: column 2 of 3 has no name", "name it"]),
        (["a", *numbers(20, 1)], ["line 1", "'a'", "commas"]),
        (["a,b", "1,2", "1,red"], ["line 3, column 'b': 'red'", "take"]),
        (["a,b", "1,2", "1,"], ["line 3, column 'b': is empty"]),
        (["a,b", "nan,2"], ["line 2, column 'a': 'nan'"]),
        (["a,b", "1,1e309"], ["line 2, column 'b': '1e309'"]),
        (["a,b", "1,2", "", "1,2,3"], ["line 4: 3 cells", "2 columns"]),
        (["a,b", *numbers(9)], ["9 rows", "give 10"]),
    ],
)
def test_refused_in_one_line(tmp_path, lines, told):
    path = write(tmp_path / "table.csv", *lines)
    with pytest.raises(errors.UserError) as caught:
        tables.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    for part in told:
        assert part in message


def test_what_is_no_csv_file_is_refused(tmp_path):
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\xff\x00")
    for path in (binary, tmp_path / "none.csv", tmp_path):
        with pytest.raises(errors.UserError, match=str(path)):
            tables.load(str(path))


def test_missing_columns_are_named(tmp_path):
    path = write(tmp_path / "t.csv", "a,b", "1,2")
    with pytest.raises(errors.UserError, match="no column 'c'; it has a, b"):
        tables.read(path, ["a", "c"])
    with pytest.raises(errors.UserError, match="no column 'rooms'"):
        tables.load("diabetes", ["age", "rooms"])
    with pytest.raises(errors.UserError, match="--target: unknown 'bb'"):
        tables.read(path).split("bb")
    # Of one name in two forms of Unicode.
    path = write(tmp_path / "t.csv", '"a", "cafe\u0301"', "1,2")
    table = tables.read(path, ["caf\xe9", "a"])
    assert table.split("cafe\u0301")[0].names == ["a"]
    assert tables.read(path).split("caf\xe9")[1].tolist() == [2]


@pytest.fixture
def split():
    x = np.arange(20.0).reshape(10, 2)
    return table_batches.TableSplit(x, x[:, 0] * 10, list("abcdefghij"), 0.5)


def batches(dataset):
    return [tuple(a.numpy() for a in batch) for batch in dataset]


def test_epochs_are_shuffles_with_rows_kept_whole(split):
    found = batches(split.training_batches(5, 0, 0, 0, 2))
    assert len(found) == 4
    for epoch in (found[:2], found[2:]):
        x, y, w = (np.concatenate(part) for part in zip(*epoch, strict=True))
        assert sorted(x[:, 0]) == list(range(0, 20, 2))
        np.testing.assert_array_equal(y, x[:, :1] * 10)
        np.testing.assert_array_equal(x[:, 1], x[:, 0] + 1)
        np.testing.assert_array_equal(w, np.full(10, 0.5))
    assert not np.array_equal(found[0][0], found[2][0])


def test_epochs_go_on_anywhere(split):
    whole = batches(split.training_batches(3, 7, 0, 0, 3))
    assert len(whole) == 9
    for epoch, step in ((0, 2), (1, 0), (2, 1)):
        rest = batches(split.training_batches(3, 7, epoch, step, 3))
        assert len(rest) == 9 - 3 * epoch - step
        for one, other in zip(whole[3 * epoch + step :], rest, strict=True):
            for a, b in zip(one, other, strict=True):
                np.testing.assert_array_equal(a, b)


def test_workers_share_a_batch(split):
    whole = batches(split.training_batches(4, 0, 0, 0, 2))
    parts = [
        batches(split.training_batches(4, 0, 0, 0, 2, (i, 2))) for i in (0, 1)
    ]
    for batch, *halves in zip(whole, *parts, strict=True):
        for a, one, other in zip(batch, *halves, strict=True):
            np.testing.assert_array_equal(a, np.concatenate([one, other]))


def test_seeds_differ(split):
    one, other = (
        batches(split.training_batches(10, seed, 0, 0, 1)) for seed in (0, 1)
    )
    assert not np.array_equal(one[0][0], other[0][0])


def test_batches_are_all_rows_in_order(split):
    found = batches(split.evaluation_batches(4))
    assert [len(x) for x, _, _ in found] == [4, 4, 2]
    x = np.concatenate([x for x, _, _ in found])
    np.testing.assert_array_equal(x, np.arange(20).reshape(10, 2))


@pytest.mark.parametrize(("replicas", "rows"), [(1, 10), (2, 10), (4, 8)])
def test_a_batch_larger_than_the_table_is_the_table(replicas, rows):
    x = np.arange(20.0).reshape(10, 2)
    split = table_batches.TableSplit(
        x, x[:, 0], list("abcdefghij"), 1, replicas
    )
    assert split.steps(64) == 1
    ((inputs, _, _),) = batches(split.training_batches(64, 0, 0, 0, 1))
    assert len(inputs) == rows
    assert split.take(5).steps(64) == 1


@pytest.mark.parametrize("cell", ["12_3", "١٢", "１２", "0x1", "1e5_0", "nan"])
def test_what_only_python_takes_for_a_number(tmp_path, cell):
    path = write(tmp_path / "t.csv", "a,b", f"1,{cell}")
    with pytest.raises(errors.UserError, match=f"'b': '{cell}' is no number"):
        tables.read(path)


@pytest.mark.parametrize("cell", ["1e400", "-2e309", "1e-400", "0.0003e-321"])
def test_what_float64_does_not_hold_is_told_with_its_range(tmp_path, cell):
    path = write(tmp_path / "t.csv", "a,b", "1,2", f"1,{cell}")
    message = f"{path}: line 3, column 'b': '{cell}' is outside of 5e-324 to"
    with pytest.raises(errors.UserError, match=re.escape(message)):
        tables.read(path)


@pytest.mark.parametrize("cell", ["1e300", "-1e-300", "0e5", "0.00", "5e-324"])
def test_what_float64_holds_is_read(tmp_path, cell):
    path = write(tmp_path / "t.csv", "a,b", f"1,{cell}")
    assert tables.read(path).values[0, 1] == float(cell)


def test_text_behind_a_quoted_cell_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", "a,b", '1,"5"', '1,"5"7')
    with pytest.raises(errors.UserError, match="line 3: not CSV .* mend"):
        tables.read(path)
