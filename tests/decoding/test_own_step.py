"""Decoders around a step function that isn't ours, with its own tokens.

The model is a table of trigrams over nine tokens, whose answers end with 7
and are filled up with 3. Its state, the token before the last, is any nest,
batch first; it must follow its hypothesis.
"""

import itertools

import keras
import numpy as np
import pytest

from kerasnotes import decoding

VOCABULARY, END, PAD, STEPS, BATCH = 9, 7, 3, 3, 4
SHAPE = (BATCH, VOCABULARY, VOCABULARY, VOCABULARY)
TABLES = np.random.default_rng(5).normal(0, 2, SHAPE).astype("float32")
FIRST = np.array([0, 5, 8, 2], "int32")
TOKENS = {"end": END, "pad": PAD}


def exhaustive(example, alpha):
    """Return the best of all sequences that end, after its score."""
    table, best = TABLES[example].astype("float64"), (-np.inf, None)
    table = table - np.log(np.exp(table).sum(-1, keepdims=True))
    others = [token for token in range(VOCABULARY) if token != END]
    for length in range(1, STEPS + 1):
        for body in itertools.product(others, repeat=length - 1):
            tokens = (*body, END)
            path = (0, FIRST[example], *tokens)
            threes = zip(path, path[1:], path[2:], strict=False)
            total = sum(table[three] for three in threes)
            best = max(best, (total / length**alpha, tokens))
    return best


def logits_of(before, tokens, rows):
    """Return the next token's logits, `(batch, W, vocabulary)`."""
    places = (rows[:, None] * VOCABULARY + before) * VOCABULARY + tokens
    table = TABLES.reshape(-1, VOCABULARY)
    return keras.ops.take(keras.ops.convert_to_tensor(table), places, axis=0)


def as_tuple(width):
    """Return a step whose state is a tuple, shared numbers among it."""

    def step(tokens, position, state):
        before, count, rows = state
        logits = logits_of(before[..., 0], tokens, rows)
        return logits, (tokens[..., None], count + 1, rows)

    before = np.zeros((BATCH, width, 1), "int32")
    return step, (before, 0, np.arange(BATCH, dtype="int32"))


def as_dictionary(width):
    """Return a step whose state is a dictionary, with a list in it."""
    ops = keras.ops

    def step(tokens, position, state):
        (one_hot,) = state["before"]
        before = ops.cast(ops.argmax(one_hot, axis=-1), "int32")
        logits = logits_of(before, tokens, ops.arange(BATCH, dtype="int32"))
        one_hot = ops.one_hot(tokens, VOCABULARY, dtype="float32")
        return logits, {"before": [one_hot], "none": ()}

    before = np.zeros((BATCH, width, VOCABULARY), "float32")
    before[..., 0] = 1
    return step, {"before": [before], "none": ()}


def answer(hypotheses, example):
    """Return the best answer's tokens, and check what follows them."""
    tokens = keras.ops.convert_to_numpy(hypotheses.tokens)[example, 0]
    length = int(hypotheses.lengths[example, 0])
    assert np.all(tokens[length:] == PAD)
    return tuple(tokens[:length].tolist())


each_state = pytest.mark.parametrize("state", [as_tuple, as_dictionary])


@each_state
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_a_wide_beam_is_exhaustive(state, alpha):
    width = 80  # Eight tokens that don't end, twice, and more.
    step, cache = state(width)
    beam = decoding.beam_search(
        step, cache, FIRST, STEPS, width, alpha, **TOKENS
    )
    for example in range(BATCH):
        score, tokens = exhaustive(example, alpha)
        assert answer(beam, example) == tokens
        assert float(beam.scores[example, 0]) == pytest.approx(score, rel=1e-4)


@each_state
def test_greedy_and_sharp_sampling(state):
    step, cache = state(1)
    start = (step, cache, FIRST, STEPS)
    ways = [
        decoding.greedy(*start, **TOKENS),
        decoding.sample(*start, temperature=1e-6, seed=0, **TOKENS),
        decoding.sample(*start, top_k=1, seed=0, **TOKENS),
        decoding.beam_search(*start, 1, **TOKENS),
    ]
    for example in range(BATCH):
        tokens, before, last = [], 0, FIRST[example]
        while len(tokens) < STEPS and END not in tokens:
            before, last = last, int(TABLES[example, before, last].argmax())
            tokens.append(last)
        for way in ways:
            assert answer(way, example) == tuple(tokens)


def test_our_own_tokens_do_not_end_it():
    """2 is END elsewhere; here it is a token like others."""
    logits = np.full(VOCABULARY, -9.0, "float32")
    logits[2] = 9

    def step(tokens, position, state):
        return keras.ops.broadcast_to(logits, (1, 1, VOCABULARY)), state

    hypotheses = decoding.greedy(step, (), FIRST[:1], STEPS, **TOKENS)
    assert answer(hypotheses, 0) == (2, 2, 2)


@pytest.mark.parametrize("name", ["end", "pad"])
@pytest.mark.parametrize("value", [None, 1.5, True, "</s>"])
def test_refuses_what_is_no_token(name, value):
    step, cache = as_tuple(1)
    start = (step, cache, FIRST, STEPS)
    tokens = {**TOKENS, name: value}
    for way in (
        lambda: decoding.greedy(*start, **tokens),
        lambda: decoding.sample(*start, **tokens),
        lambda: decoding.beam_search(*start, 2, **tokens),
    ):
        with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
            way()
