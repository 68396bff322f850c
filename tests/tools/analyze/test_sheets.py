"""The sheet of mistakes and its score, on made-up outcomes."""

import csv
import dataclasses
import io
import types

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.plots import images
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import sheets, tag_score
from kerasnotes.training import records
from kerasnotes.training.run import folder as run_folder
from tests.support import csv_rows

N, WRONG = 2000, 200


def outcome_of(found, name="given"):
    rows = [
        {"id": f"dev/{i:04}", "true": "dog", name: "<cat>", "confidence": 0.9}
        for i in range(len(found))
    ]
    picture = images.thumbnail_png(np.zeros([8, 8, 1], "uint8"))
    return records.Outcome(np.asarray(found), rows, lambda i: picture)


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run that misreads every tenth of 2,000 dev examples."""
    outcomes = {
        "dev": outcome_of(np.arange(N) % (N // WRONG) == 0),
        "small": outcome_of(np.arange(N) % 50 == 0),
        "test": outcome_of(np.zeros(3)),
        "graded": outcome_of(np.array([0.1, 0.5, 0.0, 0.3, 0.1]), "predicted"),
    }
    folder = run_folder.RunFolder(tmp_path, "classify")

    def outcome(split):
        if split not in outcomes:
            raise errors.unknown("--split", split, outcomes)
        return outcomes[split]

    run = types.SimpleNamespace(folder=folder, outcome=outcome)
    monkeypatch.setattr(runs, "open_run", lambda path: run)
    return tmp_path


def fill(path, tags):
    """Write tags into the sheet's rows, in order, as semicolon CSV."""
    rows = csv_rows.read(path)
    for row, text in zip(rows, tags, strict=False):
        row["tags"] = text
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def test_the_sheet_is_a_fair_sample(run_dir, capsys):
    path = sheets.sheet(run_dir, limit=100)
    told = capsys.readouterr().out
    assert "100 of 200 mistakes on the 2000 dev examples" in told
    ids = [row["id"] for row in csv_rows.read(path)]
    assert len(set(ids)) == 100
    assert all(int(i[-4:]) % 10 == 0 for i in ids)
    # Neither in the data's order nor from one end of it.
    assert ids != sorted(ids)
    assert 70 < np.mean([int(i[-4:]) for i in ids]) / (N / 200) < 130
    before = path.read_text()
    sheets.sheet(run_dir, limit=100)
    assert path.read_text() == before
    sheets.sheet(run_dir, limit=50)
    assert [row["id"] for row in csv_rows.read(path)] == ids[:50]


def test_the_page_shows_every_row(run_dir):
    path = sheets.sheet(run_dir, limit=30)
    fill(path, ["big <dog>"])
    sheets.sheet(run_dir, limit=30)
    page = (run_dir / "mistakes.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 30
    assert all(row["id"] in page for row in csv_rows.read(path))
    assert "big &lt;dog&gt;" in page and "<cat>" not in page
    assert "--mode=score" in page
    assert "http://" not in page and "https://" not in page


def test_an_empty_answer_is_said_on_the_page_and_empty_in_the_sheet(run_dir):
    outcome = runs.open_run(run_dir).outcome("dev")
    for row in outcome.rows:
        row["given"] = ""
    path = sheets.sheet(run_dir, limit=3)
    assert [row["given"] for row in csv_rows.read(path)] == [""] * 3
    assert (run_dir / "mistakes.html").read_text().count("(empty)") == 3


def test_tags_stay_when_the_sheet_is_written_anew(run_dir, capsys):
    path = sheets.sheet(run_dir, limit=100)
    rows = csv_rows.read(path)[:60]
    fill(path, ["dark"] * 60)
    tagged = [row["id"] for row in rows]
    capsys.readouterr()
    sheets.sheet(run_dir, limit=20)
    assert "the tags of 60 rows are kept" in capsys.readouterr().out
    assert [row["id"] for row in csv_rows.read(path) if row["tags"]] == tagged


def test_the_courses_score(run_dir, capsys):
    """10 % error: 5 dogs of 100 leave 9.5 %, 6 wrong labels 9.4 %."""
    path = sheets.sheet(run_dir, limit=100)
    fill(path, ["Dog"] * 5 + ["wrong label"] * 6 + ["great cat; blurry"] * 43)
    capsys.readouterr()
    every, clean = tag_score.score(run_dir)
    lines = capsys.readouterr().out.splitlines()
    assert "error 10.0 % (8.8–11.4) on dev" in lines[0]
    assert lines[1] == "100 of 200 mistakes looked at"
    assert lines[2].startswith("46 of them have no tag")
    first, second = lines.index(""), len(lines)
    for block, tag, want in (
        (lines[:first], "dog", "5 5.0 % 2.2–11.2 0.5 % 9.5 %"),
        (lines[:first], "wrong label", "6 6.0 % 2.8–12.5 0.6 % 9.4 %"),
        (lines[first:second], "dog", "5 5.3 % 2.3–11.9 0.5 % 8.9 %"),
    ):
        (line,) = [x for x in block if x.startswith(tag)]
        assert " ".join(line.split()).startswith(f"{tag} {want}")
    assert (
        "wrong labels are 0.6 % of it, the other 94 mistakes 9.4 %"
        in (lines[first + 1])
    )
    assert lines[-1].startswith("most worth: 'blurry'")
    assert "not surely more than 'great cat'" in lines[-1]
    assert [c.tag for c in every][-1] == "dog"
    assert "wrong label" not in [c.tag for c in clean]


def test_of_a_small_error_wrong_labels_are_much(run_dir, capsys):
    """2 % error: 0.6 % by wrong labels leave 1.4 %."""
    path = sheets.sheet(run_dir, "small")
    fill(path, ["wrong label"] * 12 + ["blurry"] * 28)
    capsys.readouterr()
    tag_score.score(run_dir, "small")
    told = capsys.readouterr().out
    assert "error 2.0 % (1.5–2.7) on small" in told
    assert "labels are 0.6 % of it, the other 28 mistakes 1.4 %" in told
    (line,) = [x for x in told.splitlines() if x.startswith("wrong label ")]
    assert "12  30.0 %" in line and "0.6 %  1.4 %" in line


def test_only_wrong_labels_leave_nothing(run_dir, capsys):
    fill(sheets.sheet(run_dir, limit=10), ["label"] * 10)
    every, clean = tag_score.score(run_dir)
    assert (len(every), clean) == (1, [])
    assert "the other 0 mistakes 0.0 %" in capsys.readouterr().out


def test_graded_errors_count_as_they_are(run_dir, capsys):
    path = sheets.sheet(run_dir, split="graded", limit=2)
    assert path == run_dir / "mistakes-graded" / "mistakes.csv"
    assert [row["id"] for row in csv_rows.read(path)] == [
        "dev/0001",
        "dev/0003",
    ]
    fill(path, ["old; tall", "old"])
    old, tall = tag_score.score(run_dir, "graded")[0]
    assert old.fall == pytest.approx(0.8 / 5)
    assert tall.fall == pytest.approx(0.5 / 5)
    assert tall.interval is None
    assert "2 of 4 mistakes looked at: 16.0 % of it" in capsys.readouterr().out


def test_nothing_misread_writes_nothing(run_dir, capsys):
    assert sheets.sheet(run_dir, split="test") is None
    assert "none of 3 test examples" in capsys.readouterr().out
    assert not list(run_dir.iterdir())


@pytest.mark.parametrize(
    "text, told",
    [
        ("id,tags\ndev/0010,a\ndev/9999,b\n", "line 3: 'dev/9999' is no exam"),
        ("id,tags\ndev/0010,a\ndev/0011,\n", "line 3: 'dev/0011' is read righ"),
        ("id,tags\ndev/0010,\n", "no tags in its 1 rows"),
        ("id,tags\n", "no tags in its 0 rows"),
        ("id,label\ndev/0010,a\n", "line 1: no 'tags'"),
    ],
)
def test_bad_sheets_get_one_line(run_dir, text, told):
    path = run_dir / "mine.csv"
    path.write_text(text)
    with pytest.raises(errors.UserError) as caught:
        tag_score.score(run_dir, path=path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_text() == text


def test_a_missing_sheet_or_split_is_told(run_dir):
    with pytest.raises(errors.UserError, match="not there; write it with"):
        tag_score.score(run_dir)
    with pytest.raises(errors.UserError, match="did you mean 'dev'"):
        sheets.sheet(run_dir, split="devel")


def test_pictures_on_the_page_are_those_of_the_row(run_dir, monkeypatch):
    """Each row's picture is drawn from its own place in the split."""

    def picture(i):
        data = io.BytesIO()
        Image.new("L", (1 + i // 10, 1)).save(data, "PNG")
        return data.getvalue()

    run = runs.open_run(run_dir)
    outcome = outcome_of(np.arange(N) % 10 == 0)
    outcome = dataclasses.replace(outcome, picture=picture)
    monkeypatch.setattr(run, "outcome", lambda split: outcome)
    path = sheets.sheet(run_dir, limit=12)
    page = (run_dir / "mistakes.html").read_text()
    for row in csv_rows.read(path):
        width = 1 + int(row["id"][-4:]) // 10
        assert f'alt="Picture of {row["id"]}" width="{width}"' in page
