"""Two runs compared, on made-up outcomes."""

import types

import numpy as np
import pytest

from kerasnotes import errors, files
from kerasnotes.plots import images
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import compare
from kerasnotes.training import records
from tests.support import csv_rows


def outcome_of(wrong, ids=None, true=None, picture=True):
    wrong = np.asarray(wrong)
    ids = range(len(wrong)) if ids is None else ids
    rows = [
        {"id": f"dev/{i}", "true": true or f"c{i}", "given": f"g{i}-{w}"}
        for i, w in zip(ids, wrong, strict=True)
    ]
    png = images.thumbnail_png(np.zeros([4, 4, 1], "uint8"))
    return records.Outcome(wrong, rows, (lambda i: png) if picture else None)


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Return a function that makes runs `a` and `b` of two outcomes."""

    def make(
        first,
        second,
        kinds=("classify", "classify"),
        facts=({}, {}),
        mended=(None, None),
    ):
        found, opened = {}, []
        outcomes = (first, second)
        for name, kind, told, sheet, answer in zip(
            "ab", kinds, facts, mended, outcomes, strict=True
        ):
            folder = tmp_path / name
            folder.mkdir()
            files.write_sealed(folder / "config.json", {"task": kind})
            config = types.SimpleNamespace(corrections=sheet)
            found[folder] = types.SimpleNamespace(
                facts=told,
                task=types.SimpleNamespace(config=config),
                outcome=lambda split, answer=answer: answer,
            )

        def open_run(path, **flags):
            opened.append(flags)
            return found[path]

        make.opened = opened
        monkeypatch.setattr(runs, "open_run", open_run)
        return [tmp_path / "a", tmp_path / "b"]

    return make


def pair():
    """A right and B wrong on 20, the other way on 4, both wrong on 6."""
    first = np.repeat([0, 0, 1, 1], [170, 20, 4, 6])
    second = np.repeat([0, 1, 0, 1], [170, 20, 4, 6])
    return first, second


@pytest.mark.parametrize(
    ("mended", "flags"),
    [
        ((None, None), {}),
        (("x.csv", None), {"corrections": "x.csv"}),
        (("x.csv", "y.csv"), {"corrections": "y.csv"}),
    ],
)
def test_both_are_judged_by_the_same_labels(two, mended, flags):
    paths = two(*map(outcome_of, pair()), mended=mended)
    compare.compare(paths)
    assert two.opened[-2:] == [flags, flags]


def test_says_which_is_better_and_where(two, capsys):
    paths = two(*map(outcome_of, pair()))
    found = compare.compare(paths)
    assert found.counts == ((170, 20), (4, 6))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["dev", "b", "right", "b", "wrong"]
    assert lines[1].split() == ["a", "right", "170", "20"]
    assert lines[2].split() == ["a", "wrong", "4", "6"]
    assert lines[3].startswith(
        "a is better: a's error is 8.00 points lower than b's (95 %: "
    )
    # Twice P(X < 4), and P(X = 4), of 24 tosses of a coin.
    p = (2 * (1 + 24 + 276 + 2024) + 10626) / 2**24
    assert f"p = {p:.2g}" in lines[3]
    rows = csv_rows.read(paths[0] / "compare-b" / "compare.csv")
    assert [row["better"] for row in rows] == ["a"] * 20 + ["b"] * 4
    assert {row["id"] for row in rows} == {f"dev/{i}" for i in range(170, 194)}
    assert rows[0] == {
        "id": "dev/170",
        "true": "c170",
        "a: given": "g170-0",
        "b: given": "g170-1",
        "better": "a",
    }
    page = (paths[0] / "compare-b" / "compare.html").read_text()
    assert page.count("<img") == 24
    assert "c170 read as g170-1" in page and "c190 read as g190-1" in page
    assert "a right, b wrong" in page and lines[3].split(":")[0] in page


@pytest.mark.parametrize("pictured", [True, False])
def test_an_empty_answer_is_said_on_the_page(two, pictured):
    outcomes = [
        outcome_of(wrong, picture=pictured) for wrong in ([0, 1], [1, 0])
    ]
    for outcome in outcomes:
        outcome.rows[0]["given"] = ""
    paths = two(*outcomes)
    compare.compare(paths)
    page = (paths[0] / "compare-b" / "compare.html").read_text()
    assert "(empty)" in page
    rows = csv_rows.read(paths[0] / "compare-b" / "compare.csv")
    assert rows[0]["b: given"] == ""


def test_too_few_to_tell_apart(two, capsys):
    compare.compare(two(outcome_of([0, 1, 1]), outcome_of([1, 0, 0])))
    told = capsys.readouterr().out
    assert "can't tell them apart: b's error is 33.33 points lower" in told


def test_the_page_keeps_to_the_limit(two, tmp_path):
    compare.compare(
        two(*map(outcome_of, pair())), limit=5, output=tmp_path / "out"
    )
    page = (tmp_path / "out" / "compare.html").read_text()
    assert page.count("<img") == 5 + 4
    assert "20 examples; the first 5." in page
    assert len(csv_rows.read(tmp_path / "out" / "compare.csv")) == 24


def test_the_order_of_the_examples_is_no_matter(two, capsys):
    first, second = pair()
    order = np.random.default_rng(0).permutation(200)
    paths = two(outcome_of(first), outcome_of(second[order], ids=order))
    assert compare.compare(paths).counts == ((170, 20), (4, 6))


def test_graded_errors_are_compared_by_their_size(two, capsys):
    rng = np.random.default_rng(0)
    first = rng.exponential(1, 60)
    second = first + rng.uniform(-0.1, 0.5, 60)
    outcomes = [outcome_of(e, true=1.5, picture=False) for e in (first, second)]
    paths = two(*outcomes)
    found = compare.compare(paths)
    assert found.counts is None and found.better == 0
    assert "paired t-test" in capsys.readouterr().out
    rows = csv_rows.read(paths[0] / "compare-b" / "compare.csv")
    assert rows[0]["id"] == f"dev/{np.argmax(second - first)}"
    page = (paths[0] / "compare-b" / "compare.html").read_text()
    assert "a nearer than b" in page and "<img" not in page


@pytest.mark.parametrize(
    "second, more, told",
    [
        (outcome_of([0, 1]), {}, "3 and 2 examples, 2 of them in common"),
        (outcome_of([0, 1, 1], ids=[1, 2, 3]), {}, "2 of them in common"),
        (outcome_of([0, 1, 1], true="cat"), {}, "is c0 in the one and cat in"),
        (
            outcome_of([0, 1, 1]),
            {"kinds": ("classify", "regress")},
            "runs of classify and regress",
        ),
        (
            outcome_of([0, 1, 1]),
            {"facts": ({"target_std": 2.0}, {"target_std": 3.0})},
            "their training targets differ",
        ),
    ],
)
def test_runs_of_other_data_are_refused(two, second, more, told):
    paths = two(outcome_of([0, 1, 0]), second, **more)
    with pytest.raises(errors.UserError) as caught:
        compare.compare(paths)
    assert str(caught.value).startswith(f"{paths[0]}, {paths[1]}: ")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (paths[0] / "compare-b").exists()


@pytest.mark.parametrize("words", [[], ["a"], ["a", "./a"], ["a", "b", "c"]])
def test_two_runs_are_needed(words):
    with pytest.raises(errors.UserError, match="name two runs"):
        compare.compare(words)
