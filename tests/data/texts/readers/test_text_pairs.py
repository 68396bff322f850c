"""Pairs from files with tabs, or from two that run side by side."""

import gzip
import lzma
import zipfile

import pytest

from kerasnotes import errors
from kerasnotes.data.texts import load, pairs


def zipped(path, **texts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "/").replace("_0", "."), text)
    return str(path)


def write(folder, **texts):
    for name, text in texts.items():
        path = folder / name.replace("_0", ".")
        path.parent.mkdir(exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(data)
    return str(folder)


def rows(found, side=None):
    places = range(len(found.ids)) if side is None else found.official[side]
    return [(found.sources[i], found.targets[i]) for i in places]


def test_what_editors_and_anki_write(tmp_path):
    path = tmp_path / "fra.txt"
    path.write_bytes(
        b"\xef\xbb\xbfGo.\tVa\xc2\xa0!\tCC-BY 2.0 #1\r\n"
        b" Hi. \t Salut.\tCC-BY 2.0 #2\r\n"
        b"\r\n"
        b"Late.\tEn retard, e\xcc\x81t\xc3\xa9.\tCC-BY 2.0 #3"
    )
    found = load.load(str(path))
    assert rows(found) == [
        ("Go.", "Va\u00a0!"),
        ("Hi.", "Salut."),
        ("Late.", "En retard, été."),
    ]
    assert found.ids == ["fra.txt:1", "fra.txt:2", "fra.txt:4"]
    assert found.official is None and not found.skipped


def test_bad_rows_are_skipped_and_named(tmp_path):
    path = tmp_path / "fra.tsv"
    path.write_bytes(b"a\tb\nno tab\n\tc\nd\t \n\xff\te\na\tb\na\tf\n")
    found = load.load(str(path))
    assert rows(found) == [("a", "b"), ("a", "f")]
    empty = "the source or the target is empty"
    assert found.skipped == [
        ("fra.tsv:2", "no tab between source and target"),
        ("fra.tsv:3", empty),
        ("fra.tsv:4", empty),
        ("fra.tsv:5", "not UTF-8"),
    ]
    assert found.repeated == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"Go.;Va !\n", "the first of 1 lines, t.txt:1: no tab"),
        (b"\xe9\te\n" * 9, "the first of 9 lines, t.txt:1: not UTF-8"),
    ],
)
def test_a_file_without_a_pair_is_refused(tmp_path, data, told):
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    with pytest.raises(errors.UserError) as caught:
        load.load(str(path))
    message = str(caught.value)
    assert told in message and str(path) in message and "\n" not in message
    assert "a source, a tab and a target" in message


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("utf-16", "looks like .*: iconv -f UTF-16 -t UTF-8"),
        ("utf-16-le", "looks like UTF-16, not UTF-8"),
        ("utf-16-be", "looks like UTF-16, not UTF-8"),
        ("utf-32-be", "looks like UTF-16, not UTF-8"),
        ("gzip", "is compressed; unpack it first"),
        ("lzma", "is compressed; unpack it first"),
        ("xlsx", "is in a spreadsheet's own format; save it as text"),
    ],
)
def test_what_is_no_utf8_as_a_whole(tmp_path, kind, told):
    text = "Go.\tVa !\n"
    packed = {"gzip": gzip.compress, "lzma": lzma.compress}
    packed["xlsx"] = b"PK\3\4\0".__add__
    data = packed[kind](text.encode()) if kind in packed else text.encode(kind)
    folder = write(tmp_path, t_0tsv=data, a_0en="a\n")
    for dataset in (f"{folder}/t.tsv", f"{folder}/a.en,{folder}/t.tsv"):
        with pytest.raises(errors.UserError, match=f": t.tsv {told}"):
            load.load(dataset)


def test_a_late_nul_makes_a_bad_row(tmp_path):
    folder = write(tmp_path, t_0tsv="a\tb\n" * 2**15 + "c\0\td\n")
    found = load.load(f"{folder}/t.tsv")
    assert found.skipped == [("t.tsv:32769", "a NUL character in it")]
    assert rows(found) == [("a", "b")]


def test_an_early_nul_is_no_utf_16(tmp_path):
    folder = write(tmp_path, t_0tsv="a\0\tb\nc\td\n" + "e\tf\n" * 9)
    found = load.load(f"{folder}/t.tsv")
    assert found.skipped == [("t.tsv:1", "a NUL character in it")]
    assert rows(found) == [("c", "d"), ("e", "f")]


def test_lines_may_end_in_carriage_returns_alone(tmp_path):
    (tmp_path / "t.tsv").write_bytes(b"a\tb\rc\td\r")
    found = load.load(f"{tmp_path}/t.tsv")
    assert rows(found) == [("a", "b"), ("c", "d")]


def test_bad_rows_are_told_where_they_leave_a_side_empty(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes(b"a\tb\n" + b"\xe9\te\n" * 60)
    told = r"empty \(60 rows are left out, the first t.tsv:2: not UTF-8\); give"
    with pytest.raises(errors.UserError, match=told):
        pairs.split(load.load(str(path)))


def test_an_archive_and_a_folder_that_holds_it(tmp_path):
    path = zipped(
        tmp_path / "fra-eng.zip",
        **{"fra-eng___about_0txt": "About.\n", "fra-eng__fra_0txt": "a\tb\n"},
    )
    for dataset in (path, write(tmp_path, README_0md="# About\n")):
        found = load.load(dataset)
        assert found.ids == ["fra.txt:1"] and rows(found) == [("a", "b")]


def test_sides_by_name(tmp_path):
    found = load.load(
        write(
            tmp_path / "tabs",
            train_0tsv="a\tA\nb\tB\n",
            val_0tsv="c\tC\n",
            test_0tsv="a\tA\n",
        )
    )
    assert rows(found, "train") == [("a", "A"), ("b", "B")]
    assert rows(found, "dev") == [("c", "C")]
    assert rows(found, "test") == [("a", "A")]
    assert found.ids[2] == "val.tsv:1"


def test_side_by_side(tmp_path):
    texts = {
        "train_0fr": "A\nB\n",
        "train_0en": "a\nb\n",
        "test_0en": "c\n\n",
        "test_0fr": "C\nD\n",
        "dev_0log": "no text\n",
    }
    folder = write(tmp_path / "en-fr", **texts)
    archive = zipped(tmp_path / "en-fr.zip", **texts)
    for dataset in (folder, archive, f"{folder}/train.en,{folder}/train.fr"):
        found = load.load(dataset)
        assert rows(found, "train") == [("a", "A"), ("b", "B")]
        assert rows(found, "test") == [("c", "C")]
        assert found.ids == ["train.en:1", "train.en:2", "test.en:1"]
        assert found.skipped[0][0] == "test.en:2"
        assert "dev" not in found.official
    other = load.load(f"{folder}/train.fr,{folder}/train.en")
    assert rows(other, "train") == [("A", "a"), ("B", "b")]
    lone = load.load(f"{folder}/test.fr,{folder}/test.en")
    assert rows(lone) == [("C", "c")] and lone.official is None


@pytest.mark.parametrize(
    "dataset",
    [
        "fra.txt",
        "a/b/c",
        "~/none",
        "mine.zip",
        "/none",
        "~no_such_user/a.tsv",
        "~no_such_user",
        "a" * 5000 + ".tsv",
    ],
)
def test_paths_that_are_not_there(dataset):
    with pytest.raises(errors.UserError, match="no such file: '") as caught:
        load.load(dataset)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("dataset", ["", " ", ",", "a.en,", " ,a.fr"])
def test_a_name_that_is_empty(dataset):
    with pytest.raises(errors.UserError, match="lacks a name; give a file"):
        load.load(dataset)


@pytest.mark.parametrize("name", ["~no_such_user/train", f"train.{'a' * 5000}"])
def test_odd_names_of_two(name):
    with pytest.raises(errors.UserError, match="can't be read"):
        load.load(f"{name}.en,train.fr")


@pytest.mark.parametrize("stem", ["a", "train"])
def test_one_of_two_is_not_there(tmp_path, stem):
    folder = write(tmp_path / "one", **{f"{stem}_0en": "a\n"})
    told = f"{stem}.fr can't be read: No such"
    with pytest.raises(errors.UserError, match=told):
        load.load(f"{folder}/{stem}.en,{folder}/{stem}.fr")


def test_an_archive_that_is_cut_short_or_harmed(tmp_path):
    path = tmp_path / "t.zip"
    zipped(path, t_0txt="a\tb\n" * 99)
    data = path.read_bytes()
    for harmed in (data[:-30], data.replace(b"a\tb", b"a\tc", 1)):
        path.write_bytes(harmed)
        with pytest.raises(errors.UserError, match="t.zip"):
            load.load(str(path))


def test_ids_are_no_source(tmp_path):
    rows_ = "".join(f"{i}\tGo {i}.\t{i + 9}\tVa {i} !\n" for i in range(30))
    folder = write(tmp_path, tatoeba_0tsv=rows_)
    with pytest.raises(errors.UserError, match="tatoeba.tsv .* cut -f2,4"):
        load.load(f"{folder}/tatoeba.tsv")


@pytest.mark.parametrize(
    "header, is_one",
    [
        ("source\ttarget", True),
        ("English\tGerman\tattribution", True),
        ("en\tde", True),
        ("source\tQuelle", False),
        ("English\tEnglisch", False),
        ("de\tde", False),
    ],
)
def test_names_of_columns_are_no_pair(tmp_path, header, is_one):
    text = f"{header}\n" + "".join(f"Go {i}.\tVa {i} !\n" for i in range(30))
    # Further down they are texts.
    text += "source\ttarget\n"
    folder = write(tmp_path, pairs_0tsv=text)
    found = load.load(f"{folder}/pairs.tsv")
    assert len(found.sources) == 32 - is_one
    assert found.sources[-1] == "source"
    if is_one:
        why = "names of columns, not a pair"
        assert found.skipped == [("pairs.tsv:1", why)]
