"""What the report of a translation shows."""

import types

import numpy as np
import pytest

from kerasnotes.data.common import tag_sheet
from kerasnotes.diagnosis import blame as blame_lib
from kerasnotes.metrics import bleu
from kerasnotes.plots import page
from kerasnotes.tasks.translate import review
from kerasnotes.training import records


def answered(count=40, beam=6, model=12, exact=False, seconds=2.0):
    """Answers of which the first are wrong by the beam, the next by the model.

    Returns:
        The answers, their judgement and their blame.
    """
    right = np.arange(count) >= beam + model
    references = [f"the number {i} of many more" for i in range(count)]
    outputs = [
        text if fine else text.replace("number", "digit")
        for text, fine in zip(references, right, strict=True)
    ]
    answers = types.SimpleNamespace(
        ids=[f"pair {i}" for i in range(count)],
        sources=[f"le <nombre> {i}" for i in range(count)],
        references=references,
        outputs=outputs,
        right=right,
        exact=exact,
        seconds=seconds,
        bleu=lambda: bleu(outputs, references),
    )
    scores = np.where(np.arange(count) < beam, -1.0, -3.0)
    blame = blame_lib.blame(
        ~right, scores, [4] * count, [-2.0] * count, [4] * count
    )
    keys = "id", "source", "true", "given"
    cells = answers.ids, answers.sources, references, outputs
    rows = [
        dict(zip(keys, row, strict=True)) for row in zip(*cells, strict=True)
    ]
    return answers, records.Outcome(1.0 - right, rows), blame


def tables(blocks):
    return [block for block in blocks if isinstance(block, page.Table)]


def texts(blocks):
    return " ".join(b.text for b in blocks if isinstance(b, page.Text))


def test_the_sheet_holds_every_wrong_output_and_whose_fault_it_is(tmp_path):
    answers, judged, blame = answered()
    review.review(answers, judged, blame, tmp_path)
    rows = {
        row.id: row.cells for row in tag_sheet.read(tmp_path / "mistakes.csv")
    }
    assert set(rows) == {f"pair {i}" for i in range(18)}
    assert list(rows["pair 0"]) == [
        *("id", "source", "true", "given", "at fault", "score of reference"),
        *("score of output", "tags", "comment"),
    ]
    for i in range(18):
        cells = rows[f"pair {i}"]
        assert cells["at fault"] == ("beam" if i < 6 else "model")
        assert float(cells["score of output"]) == pytest.approx(
            -2 / 4**0.7, abs=1e-4
        )
        assert cells["given"] == f"the digit {i} of many more"


def test_tags_stay_when_the_sheet_is_written_again(tmp_path):
    answers, judged, blame = answered()
    for tags in ("", "name"):
        review.review(answers, judged, blame, tmp_path)
        path = tmp_path / "mistakes.csv"
        first = tag_sheet.read(path)[0]
        assert first.cells["tags"] == tags
        text = path.read_text()
        if not tags:
            line = text.splitlines()[first.line - 1]
            path.write_text(text.replace(line, line[: -len(",")] + "name,"))


def test_samples_are_drawn_by_their_ids_alone():
    answers, _, _ = answered()
    (table,) = tables(review.samples(answers))
    other, _, _ = answered(beam=40, model=0)
    (again,) = tables(review.samples(other))
    assert [row[0] for row in table.rows] == [row[0] for row in again.rows]
    assert len(table.rows) == 10
    assert {row[-1] for row in table.rows} == {"right", "differs"}
    assert {row[-1] for row in again.rows} == {"differs"}
    for row in table.rows:
        assert (row[1] == row[2]) == (row[-1] == "right")


def test_an_empty_output_is_said(tmp_path):
    answers, judged, blame = answered()
    for row in judged.rows:
        row["given"] = ""
    answers.outputs[:] = [""] * len(answers.outputs)
    shown, _, examples = tables(review.review(answers, judged, blame, tmp_path))
    assert {row[2] for row in shown.rows} == {"(empty)"}
    assert {row[3] for row in examples.rows} == {"(empty)"}
    sheet = tag_sheet.read(tmp_path / "mistakes.csv")
    assert {row.cells["given"] for row in sheet} == {""}


def test_few_examples_are_all_shown():
    answers, _, _ = answered(count=3, beam=1, model=1)
    (table,) = tables(review.samples(answers))
    assert len(table.rows) == 3


def test_the_blame_has_its_verdict_and_examples_of_both_kinds():
    answers, _, blame = answered(count=200, beam=12, model=88)
    blocks = review.blamed(answers, blame)
    assert "Beam at fault in 12 %, model in 88 %: train the model" in texts(
        blocks
    )
    assert "100 of 200" in texts(blocks) and "as good" in texts(blocks)
    shares, examples = tables(blocks)
    assert [row[:2] for row in shares.rows] == [
        ["beam search", 12],
        ["model", 88],
    ]
    kinds = [row[0] for row in examples.rows]
    assert kinds == ["beam search"] * 5 + ["model"] * 5
    for row in examples.rows:
        reference, output = map(float, row[-1].split(" / "))
        assert (reference > output) == (row[0] == "beam search")


def test_none_wrong():
    answers, _, blame = answered(beam=0, model=0)
    blocks = review.blamed(answers, blame)
    assert texts(blocks) == "None of 40 dev outputs is wrong."


@pytest.mark.parametrize("exact", [True, False])
def test_widths_have_their_score_and_time(exact):
    found = [
        (width, answered(model=model, exact=exact, seconds=width)[0])
        for width, model in ((1, 14), (2, 4))
    ]
    blocks = review.beams(found)
    (table,) = tables(blocks)
    assert [row[0] for row in table.rows] == [1, 2]
    assert [row[2:] for row in table.rows] == [["1.0", "40.0"], ["2.0", "20.0"]]
    if exact:
        assert [row[1][:6] for row in table.rows] == ["50.0 %", "75.0 %"]
    else:
        assert [row[1] for row in table.rows] == [
            answers.bleu().text for _, answers in found
        ]
        assert "tok:13a" in blocks[-1].text
    assert review.beams([]) == []


class Words:
    """A vocabulary whose tokens from 259 on are words."""

    def decode(self, rows):
        return [" ".join(f"w{i}" for i in row) for row in rows]


def test_attention_leaves_padding_out(tmp_path):
    weights = np.arange(24.0).reshape(1, 4, 6) / 100
    source, target = (
        review.token_texts(tokens, Words())
        for tokens in ([259, 260, 261, 2, 0, 0], [262, 263, 2, 0])
    )
    assert source == ["w259", "w260", "w261", "⟨end⟩"]
    one = review.Attended("pair 1", "a → b", weights, source, target)
    shown = one.figure().axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, weights[0, :3, :4])
    blocks = review.attention([one, one], tmp_path)
    pictures = [b for b in blocks if isinstance(b, page.Picture)]
    assert [p.png.name for p in pictures] == [
        "attention-1.png",
        "attention-2.png",
    ]
    assert review.attention([], tmp_path) == []


def test_the_page_holds_it_all(tmp_path):
    answers, judged, blame = answered()
    one = review.Attended("pair 1", "a → b", np.eye(2), ["a", "b"], ["c", "d"])
    blocks = review.review(
        answers, judged, blame, tmp_path, [(1, answers)], [one]
    )
    page.write(tmp_path / "report.html", "Run", "", blocks)
    text = (tmp_path / "report.html").read_text()
    assert "le &lt;nombre&gt; " in text and "<nombre>" not in text
    assert text.count("<h2>") == 4
