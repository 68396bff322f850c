"""Which texts of a folder or archive are for which side."""

import gzip
import shutil

import pytest

from kerasnotes import errors
from kerasnotes.data.texts import load

PAIR = "a\tA\n"


def written(folder, texts):
    """Return a folder and an archive of the texts."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder), shutil.make_archive(str(folder), "zip", folder)


@pytest.mark.parametrize(
    "texts",
    [
        {"train.tsv": PAIR, "train.csv": "a,A\n", "test.py": "0\n"},
        {"train.en": "a\n", "train.fr": "A\n", "train.log": "0\n"},
        {"train.en": "a\n", "train.fr": "A\n", "train.tsv": "b\tB\n"},
        {"fra.txt": PAIR, "train.log": "0\n", "README.md": "# Train\n"},
    ],
    ids=" ".join,
)
def test_what_lies_about_is_no_side(tmp_path, texts):
    for dataset in written(tmp_path / "en-fr", texts):
        found = load.load(dataset)
        assert (found.sources, found.targets) == (["a"], ["A"])
        assert found.official is None


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"a.txt": "no tab\n"}, "holds no text with tabs"),
        ({"a.txt": PAIR, "b.txt": PAIR}, "'a.txt' and 'b.txt'"),
        ({"dev.tsv": PAIR, "test.tsv": PAIR}, "to train on"),
        ({"test.tsv": PAIR}, "to train on, .* but 'test.tsv'"),
        ({"dev.a": PAIR, "dev.b": PAIR}, "'dev.a' and 'dev.b'"),
        (
            {"dev.tsv": PAIR, "train.tsv": PAIR, "val.tsv": PAIR},
            "'dev.tsv' and 'val.tsv'",
        ),
        (
            {"train.en": "a\nb\n", "train.fr": "A\nB\nC\n"},
            "train.en has 2 lines and train.fr has 3",
        ),
        (
            {"train.de": "a\n", "train.en": "a\n", "train.fr": "a\n"},
            "in 3 languages to train on, 'train.de', 'train.en', 'train.fr'",
        ),
        (
            {f"{at}/train.{of}": "a\n" for at in "ab" for of in ("en", "fr")},
            "several texts for train, 'a/train.en' and 'b/train.en'",
        ),
    ],
)
def test_folders_refused(tmp_path, texts, told):
    refused(tmp_path, texts, told)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (
            {"train.csv": "a,A\n", "dev.tsv": PAIR},
            "'train.csv' can't be used beside 'dev.tsv': most of its first",
        ),
        (
            {"train.csv": "a,A\n", "fra.txt": PAIR},
            "'train.csv' can't be used beside 'fra.txt'",
        ),
        (
            {"train.tsv": PAIR.encode("utf-16"), "dev.tsv": PAIR},
            "train.tsv looks like UTF-16",
        ),
        (
            {"train.tsv": PAIR, "dev.tsv.gz": gzip.compress(PAIR.encode())},
            "dev.tsv.gz is compressed",
        ),
        (
            {"train.tsv": PAIR, "dev.tsv": "a\n", "test.tsv": PAIR},
            "'dev.tsv' can't be used beside 'test.tsv', 'train.tsv': most",
        ),
        (
            {"train.tsv": PAIR, "dev.tsv": "", "test.tsv": PAIR},
            "'dev.tsv' can't be used beside .*: it is empty",
        ),
        (
            {"train.tsv": PAIR, "dev.tsv": b"\xff\tb\n" * 9},
            "dev.tsv holds no pair; the first of 9 lines, dev.tsv:1: not UTF-8",
        ),
        (
            {"train.en": "a\n", "train.fr": "A\n", "dev.en": "a\n"},
            "'dev.en' can't be used beside 'train.en', 'train.fr': each side",
        ),
        (
            {"train.en": "a\n", "train.fr": "A\n", "dev.tsv": PAIR},
            "'dev.tsv' can't be used beside",
        ),
    ],
)
def test_no_side_is_left_out_in_silence(tmp_path, texts, told):
    refused(tmp_path, texts, told)


def refused(tmp_path, texts, told):
    for dataset in written(tmp_path / "en-fr", texts):
        with pytest.raises(errors.UserError, match=told) as caught:
            load.load(dataset)
        assert dataset in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ["dev.en"],
            "dev.en is an official dev text, but .*dev.fr isn't there",
        ),
        (
            ["val.fr"],
            "val.fr is an official dev text, but .*val.en isn't there",
        ),
        (
            ["dev.en", "dev.fr", "val.en", "val.fr"],
            "several texts for dev, .*dev.en and .*val.en",
        ),
    ],
)
def test_official_texts_beside_two(tmp_path, names, told):
    names = ["train.en", "train.fr", *names]
    written(tmp_path / "en-fr", dict.fromkeys(names, "a\n"))
    train = [str(tmp_path / "en-fr" / name) for name in names[:2]]
    with pytest.raises(errors.UserError, match=told):
        load.load(",".join(train))
