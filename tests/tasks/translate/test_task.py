"""What the task of translation asks of its parts."""

import types

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors, models
from kerasnotes.data.texts import pair_batches, vocabulary
from kerasnotes.metrics import translation
from kerasnotes.tasks import translate
from kerasnotes.tasks.translate import answers, review, serving
from kerasnotes.tasks.translate import config as translate_config

LETTERS = vocabulary.Characters("").to_json()
FACTS = {"source_vocabulary": LETTERS, "target_vocabulary": LETTERS}


def made(**flags):
    facts = {"name": "dates", "longest": 9, **FACTS}
    return translate.Translate(translate_config.Config(**flags), facts)


def test_widths_are_compared_on_a_fair_sample(monkeypatch):
    task, asked = made(answers=20), {}

    def answer(model, ids, width):
        asked[width] = ids
        return types.SimpleNamespace(ids=ids)

    monkeypatch.setattr(translate, "_COMPARED", 5)
    monkeypatch.setattr(task, "answer", answer)
    for name in ("judge", "blame"):
        monkeypatch.setattr(answers, name, lambda *_: None)
    for name in ("review", "attended"):
        monkeypatch.setattr(review, name, lambda *_: [])
    # In a split the shortest come first.
    targets = [[5] * (i + 1) for i in range(40)]
    dev = pair_batches.PairSplit([[5]] * 40, targets, list(map(str, range(40))))
    task.review(object(), {"dev": dev}, None)
    assert asked[1] == asked[16] == dev.take(5).ids
    assert max(map(int, asked[1])) > 19


def test_graphs_are_made_once_for_a_model():
    task, model = made(), object()
    assert task.translator(model) is task.translator(model)
    assert task.translator(object()).model is not model


def test_other_data_are_judged_as_the_run_was():
    assert made(dataset="mine.txt").tokenize is None
    assert made(dataset="mine.txt").headline == "exact_match"
    assert made(judge="bleu").tokenize == "13a"
    assert made(judge="bleu:zh").tokenize == "zh"
    assert translate_config.CUTS == translation.TOKENIZERS


def test_answers_are_those_of_one_model(monkeypatch):
    task, asked = made(), []
    monkeypatch.setattr(task, "answer", lambda model, *_: asked.append(model))
    split = pair_batches.PairSplit([[5]], [[5]], ["a"])
    one, other = object(), object()
    for model in (one, one, other, one):
        task._answers(model, split)
    assert asked == [one, other, one]
    assert len(task._judged) == 1


def served(model="attention"):
    letters = vocabulary.Characters("")
    arguments = {"width": 8, "source_size": 259, "target_size": 259}
    built = models.build(model, **arguments)
    return serving.Translator(built, letters, letters, 9)


def test_a_batch_of_none_is_answered():
    search, log_prob = served().compiled
    found = search(tf.constant([], tf.string), 2, 0.7)
    assert found["text"].shape == [0]
    assert found["alternatives"].shape == [0, 2]
    none = tf.constant([], tf.string)
    assert log_prob(none, none)["log_prob"].shape == [0]


@pytest.mark.parametrize(
    "width, alpha, told",
    [
        (0, 0.7, "width must be at least 1"),
        (1, -0.1, "alpha must be at least 0"),
        (1, np.nan, "alpha must be at least 0"),
    ],
)
def test_what_search_cannot_take_is_told(width, alpha, told):
    search, _ = served().compiled
    with pytest.raises(tf.errors.InvalidArgumentError, match=told):
        search(["a"], width, alpha)


def test_a_text_wants_an_answer():
    _, log_prob = served().compiled
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many texts"):
        log_prob(["a"], ["a", "b"])


def test_of_files_the_first_column_is_translated(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("eins\tone\nzwei\n")
    texts = list(serving._texts([str(path), "drei"]))
    assert [text for _, text in texts] == ["eins", "zwei", "drei"]
    assert texts[1][0] == f"{path}:2"


def test_what_cannot_be_a_file_of_texts_is_told(tmp_path):
    (tmp_path / "wide.txt").write_bytes("eins\nzwei".encode("utf-16-le"))
    (tmp_path / "latin.txt").write_bytes("fünf".encode("latin-1"))
    for name, told in (
        ("wide.txt", "is no UTF-8 text"),
        ("latin.txt", "is no UTF-8 text"),
        ("", "is a folder"),
        ("none.TSV", "no such file"),
    ):
        with pytest.raises(errors.UserError, match=told):
            list(serving._texts([str(tmp_path / name)]))


def test_other_texts_are_other_data(tmp_path):
    path = tmp_path / "pairs.tsv"
    rows = [f"{number}\t{number + 1}" for number in range(60)]
    digests = set()
    for lines in (rows, [*rows[1:], "0\t2"], rows):
        path.write_text("\n".join(lines))
        flags = {"dataset": str(path), "vocabulary": "characters"}
        task = translate.Translate(translate_config.Config(**flags))
        task.splits()
        digests.add(task.facts["digest"])
    assert len(digests) == 2


def test_long_pairs_are_left_out_of_every_side(tmp_path, capsys):
    path = tmp_path / "pairs.tsv"
    rows = [f"{number}\t{'x' * (number % 10)}{number}" for number in range(300)]
    path.write_text("\n".join(rows))
    flags = {"dataset": str(path), "vocabulary": "characters"}
    config = translate_config.Config(**flags, max_tokens=7)
    task = translate.Translate(config)
    splits = task.splits()
    assert max(map(len, (t for t in dict(task._texts.values()).values()))) <= 7
    assert task.facts["too_long"] == 300 - sum(s.size for s in splits.values())
    assert "are left out: they are longer than --max_tokens" in (
        capsys.readouterr().out
    )
    config = translate_config.Config(**flags, max_tokens=1)
    with pytest.raises(errors.UserError, match="--max_tokens=1: all "):
        translate.Translate(config).splits()
