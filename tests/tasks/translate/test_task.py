"""What the task of translation asks of its parts."""

import dataclasses
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
from kerasnotes.tasks.translate import task as task_module

LETTERS = vocabulary.Characters("").to_json()
FACTS = {"source_vocabulary": LETTERS, "target_vocabulary": LETTERS}


FACTS |= {"name": "dates", "longest": 9}


def task_of(**flags):
    return translate.Translate(translate.Config(**flags))


def test_names_and_texts_that_steer_a_terminal_are_escaped(capsys):
    steers = "a\x1b[2J:1"
    shown = types.SimpleNamespace(
        ids=[steers], sources=["b\r"], targets=["c"], languages=None,
        skipped=[(steers, "no tab")], repeated=0,
    )  # fmt: skip
    task_module._print_direction("dates", shown)
    task_module._print_skipped(shown, 0, 0)
    told = capsys.readouterr().out
    assert r'a\x1b[2J:1: "b\r" is to become "c"' in told
    assert r"left out: a\x1b[2J:1: no tab" in told


def test_widths_are_compared_on_a_fair_sample(monkeypatch):
    task, asked = task_of(answers=20), {}

    def search(trained, split, width):
        asked[width] = split.ids
        return types.SimpleNamespace(ids=split.ids)

    monkeypatch.setattr(task_module, "_COMPARED", 5)
    monkeypatch.setattr(task, "search", search)
    for name in ("outcome", "blame"):
        monkeypatch.setattr(answers, name, lambda *_: None)
    for name in ("review", "attended"):
        monkeypatch.setattr(review, name, lambda *_: [])
    # In a split the shortest come first.
    targets = [[5] * (i + 1) for i in range(40)]
    dev = pair_batches.PairSplit([[5]] * 40, targets, list(map(str, range(40))))
    task.review(
        types.SimpleNamespace(folder=None),
        task.Trained(object(), FACTS),
        task_module.Data({"dev": dev}, FACTS),
        {"dev": search(None, dev.take(20), 4)},
    )
    assert asked[1] == asked[16] == dev.take(5).ids
    assert max(map(int, asked[1])) > 19


def test_graphs_are_made_once_for_a_model():
    trained = translate.Translate.Trained(object(), FACTS)
    assert trained.translator is trained.translator
    other = dataclasses.replace(trained, model=object())
    assert other.translator.model is not trained.model


def test_other_data_are_judged_as_the_run_was():
    assert task_of(dataset="mine.txt").tokenize(FACTS) is None
    assert task_of(dataset="mine.txt").headline(FACTS) == "exact_match"
    assert task_of(judge="bleu").tokenize(FACTS) == "13a"
    assert task_of(judge="bleu:zh").tokenize(FACTS) == "zh"
    assert translate_config.CUTS == translation.TOKENIZERS


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
        digests.add(task_of(**flags).data().facts["digest"])
    assert len(digests) == 2


def test_long_pairs_are_left_out_of_every_side(tmp_path, capsys):
    path = tmp_path / "pairs.tsv"
    rows = [f"{number}\t{'x' * (number % 10)}{number}" for number in range(300)]
    path.write_text("\n".join(rows))
    flags = {"dataset": str(path), "vocabulary": "characters"}
    data = task_of(**flags, max_tokens=7).data()
    splits = data.splits.values()
    assert max(len(text) for s in splits for _, text in s.texts) <= 7
    assert data.facts["too_long"] == 300 - sum(s.size for s in splits)
    assert "are left out: they are longer than --max_tokens" in (
        capsys.readouterr().out
    )
    with pytest.raises(errors.UserError, match="--max_tokens=1: all "):
        task_of(**flags, max_tokens=1).data()
