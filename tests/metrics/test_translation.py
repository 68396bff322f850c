"""BLEU against the equation."""

import collections
import math
import sys

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.metrics import bleu, sentence_bleu

TWO = ["the cat is on the mat", "there is a cat on the mat"]


def ngrams(words, n):
    return collections.Counter(
        tuple(words[i : i + n]) for i in range(len(words) - n + 1)
    )


def by_hand(hypotheses, references):
    """The equation, without smoothing: score, precisions, BP, all shares."""
    precisions = []
    for n in range(1, 5):
        right = total = 0
        for text, texts in zip(hypotheses, references, strict=True):
            known = [ngrams(t.split(), n) for t in texts]
            for gram, count in ngrams(text.split(), n).items():
                right += min(count, max(k[gram] for k in known))
                total += count
        precisions.append(right / total if total else 0)
    c = sum(len(text.split()) for text in hypotheses)
    r = sum(
        min(
            (len(t.split()) for t in texts),
            key=lambda length: (abs(length - len(text.split())), length),
        )
        for text, texts in zip(hypotheses, references, strict=True)
    )
    penalty = min(1, math.exp(1 - r / c)) if c else 0
    score = 0
    if all(precisions):
        score = penalty * math.exp(np.mean(np.log(precisions)))
    return score, precisions, penalty


def corpus(generator, size, most=3):
    def text(low=1):
        return " ".join(
            generator.choice(list("abcd"), generator.integers(low, 12))
        )

    references = [
        [text() for _ in range(generator.integers(1, most + 1))]
        for _ in range(size)
    ]
    return [text(0) for _ in range(size)], references


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_equation(seed):
    hypotheses, references = corpus(np.random.default_rng(seed), 1 + seed)
    found = bleu(hypotheses, references, "none", smooth="none", bootstrap=1)
    score, precisions, penalty = by_hand(hypotheses, references)
    assert found.score / 100 == pytest.approx(score)
    np.testing.assert_allclose(found.precisions, np.multiply(precisions, 100))
    assert found.brevity_penalty == pytest.approx(penalty)
    assert found.interval is None


def test_the_cat_on_the_mat():
    found = bleu(["the cat the cat on the mat"], [TWO], smooth="none")
    np.testing.assert_allclose(found.precisions[:2], [500 / 7, 400 / 6])
    assert found.brevity_penalty == 1
    assert found.score / 100 == pytest.approx(
        (5 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25
    )


def test_words_are_counted_as_often_as_one_reference_has_them():
    found = bleu(["the the the the the the the"], [TWO])
    assert found.precisions[0] == pytest.approx(200 / 7)


def test_text_is_as_people_write_it_and_case_counts():
    told = ["Well, that's it: the end of the story."]
    cut = ["Well , that's it : the end of the story ."]
    assert bleu(cut, told).score == pytest.approx(100)
    assert bleu(["well, that's it: the end of the story."], told).score < 95


def test_the_signature_says_how():
    found = bleu(["a b c d e"] * 2, ["a b c d e"] * 2)
    assert {
        *("nrefs:1", "bs:1000", "case:mixed", "tok:13a", "smooth:exp"),
    } < set(found.signature.split("|"))
    assert found.score == found.interval[0] == found.interval[1] == 100
    assert found.text == "100.0 (100.0–100.0)"


def test_the_interval_is_the_bootstraps():
    generator = np.random.default_rng(0)
    hypotheses, references = corpus(generator, 100, most=1)
    found = bleu(hypotheses, references, "none", smooth="none")
    drawn = []
    for _ in range(150):
        rows = generator.integers(100, size=100)
        sides = [[side[i] for i in rows] for side in (hypotheses, references)]
        drawn.append(100 * by_hand(*sides)[0])
    low, high = np.percentile(drawn, [2.5, 97.5])
    np.testing.assert_allclose(found.interval, [low, high], atol=0.8)
    again = bleu(hypotheses, references, "none", smooth="none")
    assert again.interval == found.interval


def test_no_interval_where_it_would_take_too_much(monkeypatch):
    module = sys.modules["kerasnotes.metrics.translation"]
    monkeypatch.setattr(module, "_DRAWN", 1000)
    assert bleu(["a b c d"] * 10, ["a b c d"] * 10).interval
    found = bleu(["a b c d"] * 11, ["a b c d"] * 11)
    assert found.interval is None and found.text == "100.0"


def test_nothing_right_is_0():
    found = bleu(["", "x"], ["a b", "c d"])
    assert found.score == 0 and found.interval == (0, 0)


def test_sentences_alone():
    texts = ["Go!", "the cat the cat on the mat", "x"]
    found = sentence_bleu(texts, ["Go!", TWO, "y z"])
    whole = bleu(texts[1:2], [TWO]).score
    np.testing.assert_allclose(found, [100, whole, 0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([], []), "Received: 0 and 0"),
        ((["a"], ["a", "b"]), "Received: 1 and 2"),
        ((["a", "b"], ["a", []]), "Received: none at 1"),
        ((["a"], ["a"], "spm"), "`tokenize`.*Received: spm"),
        ((["a"], ["a"], "13a", "floor"), "`smooth`.*Received: floor"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        bleu(*given)


def test_sacrebleu_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(errors.UserError, match=r"kerasnotes\[translate\]"):
        bleu(["a"], ["a"])
