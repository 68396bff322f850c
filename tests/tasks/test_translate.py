"""What the task of translation asks of its parts."""

import types

from kerasnotes.data import pair_split, vocabulary
from kerasnotes.metrics import translation
from kerasnotes.tasks import (
    translate,
    translate_flags,
    translate_judging,
    translate_review,
)

LETTERS = vocabulary.Characters("").to_json()
FACTS = {"source_vocabulary": LETTERS, "target_vocabulary": LETTERS}


def made(**flags):
    facts = {"name": "dates", "longest": 9, **FACTS}
    return translate.Translate(translate_flags.Config(**flags), facts)


def test_widths_are_compared_on_a_fair_sample(monkeypatch):
    task, asked = made(answers=20), {}

    def answer(model, ids, width):
        asked[width] = ids
        return types.SimpleNamespace(ids=ids)

    monkeypatch.setattr(translate, "_COMPARED", 5)
    monkeypatch.setattr(task, "answer", answer)
    for name in ("judge", "blame"):
        monkeypatch.setattr(translate_judging, name, lambda *_: None)
    for name in ("review", "attended"):
        monkeypatch.setattr(translate_review, name, lambda *_: None)
    # In a split the shortest come first.
    targets = [[5] * (i + 1) for i in range(40)]
    dev = pair_split.PairSplit([[5]] * 40, targets, list(map(str, range(40))))
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
    assert translate_flags.CUTS == translation.TOKENIZERS


def test_answers_are_those_of_one_model(monkeypatch):
    task, asked = made(), []
    monkeypatch.setattr(task, "answer", lambda model, *_: asked.append(model))
    split = pair_split.PairSplit([[5]], [[5]], ["a"])
    one, other = object(), object()
    for model in (one, one, other, one):
        task._answers(model, split)
    assert asked == [one, other, one]
    assert len(task._judged) == 1
