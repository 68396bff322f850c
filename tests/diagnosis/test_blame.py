"""Whose fault wrong outputs are."""

import numpy as np
import pytest
from keras import ops

from kerasnotes import decoding
from kerasnotes.diagnosis.blame import BEAM, MODEL, blame
from kerasnotes.ops import END, START

A, B, C = 3, 4, 5
STEPS = 3


def model(after_a):
    """A first token A is likelier than B; what follows A is spread out."""
    chances = np.full((6, 6), 1e-9)
    chances[START, [A, B]] = 0.6, 0.4
    chances[A, [A, B, C, END]] = after_a
    chances[B, C] = chances[C, END] = 1.0
    return np.log(chances / chances.sum(axis=1, keepdims=True))


def search(table, width):
    """Return the tokens that beam search finds, and their log P."""

    def step(tokens, position, cache):
        return ops.take(
            ops.convert_to_tensor(table, "float32"), tokens, 0
        ), cache

    start = ops.full((1,), START, "int32")
    found = decoding.beam_search(step, {}, start, STEPS, width, alpha=0.0)
    length = int(found.lengths[0, 0])
    return np.array(found.tokens)[0, 0, :length].tolist(), float(
        found.log_probs[0, 0]
    )


def log_prob(table, tokens):
    return sum(
        table[a, b] for a, b in zip([START, *tokens], tokens, strict=False)
    )


def judged(table, reference, width):
    tokens, found = search(table, width)
    return tokens, blame(
        [tokens != reference],
        [log_prob(table, reference)],
        [len(reference)],
        [found],
        [len(tokens)],
        alpha=0.0,
    )


def test_greedy_search_misses_what_the_model_prefers():
    table, reference = model([0.2, 0.2, 0.3, 0.3]), [B, C, END]
    tokens, found = judged(table, reference, width=1)
    assert tokens[0] == A and found.faults.tolist() == [BEAM]
    tokens, found = judged(table, reference, width=3)
    assert tokens == reference and found.faults.tolist() == [""]


def test_the_model_prefers_another_output_however_wide_the_beam():
    table, reference = model([1e-9, 1e-9, 1e-6, 1.0]), [B, C, END]
    for width in (1, 6):
        tokens, found = judged(table, reference, width)
        assert tokens == [A, END] and found.faults.tolist() == [MODEL]


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_scores_are_those_of_the_search(alpha):
    generator = np.random.default_rng(1)
    true, given = -generator.exponential(5, (2, 300))
    lengths = generator.integers(1, 20, (2, 300))
    wrong = generator.random(300) < 0.7
    found = blame(wrong, true, lengths[0], given, lengths[1], alpha)
    for i in range(300):
        one = true[i] / lengths[0, i] ** alpha
        two = given[i] / lengths[1, i] ** alpha
        want = (BEAM if one > two else MODEL) if wrong[i] else ""
        assert found.faults[i] == want
    assert found.wrong == wrong.sum()
    assert found.share(BEAM).error + found.share(MODEL).error == 1


def test_the_length_normalisation_decides():
    given = [1], [-4.0], [8], [-3.0], [4]
    assert blame(*given, alpha=0).faults.tolist() == [MODEL]
    assert blame(*given, alpha=1).faults.tolist() == [BEAM]


def test_a_tie_and_an_impossible_reference_are_the_models():
    found = blame([1, 1], [-2, -np.inf], [3, 3], [-2, -9], [3, 3])
    assert found.places(MODEL).tolist() == [0, 1]
    assert not len(found.places(BEAM))


def of(beam, model, right=5):
    true = [-1.0] * beam + [-3.0] * (model + right)
    wrong = [True] * (beam + model) + [False] * right
    return blame(
        wrong, true, [4] * len(wrong), [-2.0] * len(wrong), [4] * len(wrong)
    )


@pytest.mark.parametrize(
    ("beam", "model", "verdict"),
    [
        (
            12,
            88,
            "beam at fault in 12 %, model in 88 %: train the model rather "
            "than widen the beam",
        ),
        (
            70,
            30,
            "beam at fault in 70 %, model in 30 %: widen the beam rather "
            "than train the model",
        ),
        (
            480,
            520,
            "beam at fault in 48 %, model in 52 %: both matter alike: widen "
            "the beam and train the model",
        ),
        (0, 0, "no output is wrong: there is nobody to blame"),
    ],
)
def test_verdicts(beam, model, verdict):
    assert of(beam, model).verdict == verdict


def test_a_few_tell_nothing():
    assert "too few to tell, 5 wrong" in of(1, 4).verdict
    assert of(0, 0).share(BEAM) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([1], [-1, -2], [2, 2], [-1], [2]), "`reference_log_probs`.*shapes"),
        (([1], [-1], [2], [-1], [2, 3]), "`output_lengths`.*shapes"),
        (([1], [-1], [2], [1.5], [2]), "`output_log_probs`.*Received: 1.5"),
        (([1], [np.nan], [2], [-1], [2]), "`reference_log_probs`.*nan"),
        (([1], [-1], [2], [-1], [0]), "`output_lengths`.*Received: 0"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        blame(*given)
