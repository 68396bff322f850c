import json

import keras
import numpy as np
import pytest

from kerasnotes import layers
from kerasnotes.testing import layer_contract

B, T, S, Q, M, U = 3, 4, 6, 5, 2, 7
MASK = np.arange(S) < np.array([[6], [4], [1]])
RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(B, T, Q)).astype("float32")
MEMORY = RNG.normal(size=(B, S, M)).astype("float32")


def attention(**options):
    layer = layers.AdditiveAttention(U, **options)
    layer(QUERY, MEMORY)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return layer


def scores_of(layer, query, value, mask):
    """Return the context and the scores."""
    return layer(query, value, value_mask=mask, return_attention_scores=True)


def test_against_numpy():
    layer = attention()
    w, u, b, v = layer.get_weights()
    context, weights = scores_of(layer, QUERY, MEMORY, MASK)
    for i in range(B):
        there = MEMORY[i, MASK[i]]
        for t in range(T):
            e = np.tanh(QUERY[i, t] @ w + there @ u + b) @ v[:, 0]
            alpha = np.exp(e - e.max())
            alpha /= alpha.sum()
            found = weights[i, t].numpy()
            np.testing.assert_allclose(found[MASK[i]], alpha, atol=1e-6)
            assert not found[~MASK[i]].any()
            np.testing.assert_allclose(context[i, t], alpha @ there, atol=1e-6)


def test_against_keras():
    layer = attention()
    w, u, b, v = layer.get_weights()
    theirs = keras.layers.AdditiveAttention()
    given = [QUERY @ w, MEMORY, MEMORY @ u + b]
    theirs.build([x.shape for x in given])
    theirs.set_weights([v[:, 0]])
    expected = theirs(given, mask=[None, MASK], return_attention_scores=True)
    found = scores_of(layer, QUERY, MEMORY, MASK)
    for x, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, wanted, atol=1e-6)


def test_queries_one_by_one():
    layer = attention()
    context, weights = scores_of(layer, QUERY, MEMORY, MASK)
    keys = layer.project(MEMORY)
    for t in range(T):
        found = layer.attend(QUERY[:, t], keys, MEMORY, MASK)
        for x, expected in zip(found, (context, weights), strict=True):
            np.testing.assert_allclose(x, expected[:, t], atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_nothing_to_look_at(dtype):
    layer = attention(dtype=dtype)
    # Scores of ±60,000, where float16 ends.
    layer.score_kernel.assign(1e4 * np.ones((U, 1)))
    mask = np.concatenate([MASK[:2], np.zeros((1, S), bool)])
    context, weights = scores_of(layer, 100 * QUERY, MEMORY, mask)
    assert context.dtype == dtype.removeprefix("mixed_")
    assert np.isfinite(context).all()
    np.testing.assert_allclose(
        np.sum(weights, -1), [[1] * T, [1] * T, [0] * T], atol=1e-3
    )
    assert not np.any(context[2])


def test_padding_changes_nothing():
    layer = attention()
    more = np.full((B, 2, M), 1e6, "float32")
    context, weights = scores_of(
        layer,
        QUERY,
        np.concatenate([MEMORY, more], 1),
        np.concatenate([MASK, np.zeros((B, 2), bool)], 1),
    )
    expected = scores_of(layer, QUERY, MEMORY, MASK)
    np.testing.assert_allclose(context, expected[0], atol=1e-6)
    np.testing.assert_allclose(weights[..., :S], expected[1], atol=1e-6)


@pytest.mark.parametrize("query", [QUERY, QUERY[:, 0]])
def test_contract(query):
    layer_contract.check_layer(
        layers.AdditiveAttention,
        {"units": U, "kernel_regularizer": keras.regularizers.L2(0.1)},
        inputs=query,
        call_kwargs={"value": MEMORY, "value_mask": MASK},
        expected_num_trainable_weights=4,
    )


def test_refuses_no_units():
    with pytest.raises(ValueError, match="Received: units=0"):
        layers.AdditiveAttention(0)


@pytest.mark.parametrize("cell", [layers.GRUCell, layers.LSTMCell])
def test_recurrence_against_steps(cell):
    rnn = layers.AttentionRNN(
        layers.AttentionCell(cell(3), U), return_sequences=True
    )
    found = rnn(QUERY, MEMORY, MASK)
    states = rnn.cell.get_initial_state(B)
    for t in range(T):
        context = rnn.cell.attention(states[0], MEMORY, value_mask=MASK)
        x = np.concatenate([QUERY[:, t], context], -1)
        state, states = rnn.cell.cell(x, states)
        expected = np.concatenate([state, context], -1)
        np.testing.assert_allclose(found[:, t], expected, atol=1e-6)


def test_recurrence_reloads(tmp_path):
    x, memory = keras.Input([None, Q]), keras.Input([None, M])
    mask = keras.Input([None], dtype="bool")
    cell = layers.AttentionCell(
        layers.LSTMCell(3), U, keras.regularizers.L2(0.1)
    )
    rnn = layers.AttentionRNN(cell, return_sequences=True)
    model = keras.Model([x, memory, mask], rnn(x, memory, mask))
    assert model.output_shape == (None, None, 3 + M)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = [QUERY, MEMORY, MASK]
    np.testing.assert_array_equal(loaded(given), model(given))
    configs = [json.dumps(m.layers[-1].get_config()) for m in (loaded, model)]
    assert configs[0] == configs[1]
    assert len(loaded.losses) == 3


@pytest.mark.parametrize(
    "cell",
    [
        layers.GRUCell(3),
        layers.LSTMCell(3),
        keras.layers.GRUCell(3, reset_after=False),
        keras.layers.LSTMCell(3),
    ],
    ids=lambda cell: cell.name,
)
def test_last_output_states_and_no_mask(cell):
    """Sequences or the last output, with or without states and masks."""
    shared = layers.AttentionCell(cell, U)

    def rnn(**options):
        return layers.AttentionRNN(shared, **options)

    everywhere = np.ones((B, S), bool)
    outputs = rnn(return_sequences=True)(QUERY, MEMORY)
    np.testing.assert_allclose(
        outputs,
        rnn(return_sequences=True)(QUERY, MEMORY, everywhere),
        atol=1e-6,
    )
    np.testing.assert_allclose(rnn()(QUERY, MEMORY), outputs[:, -1], atol=1e-6)
    last, *states = rnn(return_state=True)(QUERY, MEMORY)
    assert len(states) == 1 + ("LSTM" in type(cell).__name__)
    np.testing.assert_allclose(last[:, :3], states[0], atol=1e-6)
    symbols = keras.Input([None, Q]), keras.Input([None, M])
    promised = [x.shape for x in rnn(return_state=True)(*symbols)]
    assert promised == [(None, 3 + M)] + [(None, 3)] * len(states)


def test_masks_of_an_embedding_are_honoured():
    embed = keras.layers.Embedding(9, Q, mask_zero=True)
    queries = np.array([[3, 4, 5, 0], [6, 0, 0, 0], [7, 8, 3, 4]])
    tokens = MASK * RNG.integers(1, 9, MASK.shape)
    x, memory = embed(queries), embed(tokens)
    plain = np.array(memory)
    layer = layers.AdditiveAttention(U)
    found = layer(np.array(x), memory)
    want = layer(np.array(x), plain, value_mask=MASK)
    np.testing.assert_allclose(found, want, atol=1e-6)
    rnn = layers.AttentionRNN(layers.AttentionCell(layers.GRUCell(3), U))
    found = rnn(x, memory)
    want = rnn(np.array(x), plain, MASK, sequences_mask=queries > 0)
    np.testing.assert_allclose(found, want, atol=1e-6)
    assert np.abs(rnn(np.array(x), plain) - found).max() > 1e-4


def test_what_cannot_be_is_refused():
    cell = layers.AttentionCell(layers.GRUCell(3), U)
    with pytest.raises(ValueError, match="Received: stateful=True"):
        layers.AttentionRNN(cell, stateful=True)
    with pytest.raises(ValueError, match="Received: cell.dropout=0.2"):
        layers.AttentionCell(keras.layers.LSTMCell(3, dropout=0.2), U)
    with pytest.raises(ValueError, match="Received: memory_mask of shape"):
        layers.AttentionRNN(cell)(QUERY, MEMORY, MASK[:, None])
    with pytest.raises(ValueError, match="Received: value_mask of shape"):
        layers.AdditiveAttention(U)(QUERY, MEMORY, value_mask=MASK[:, None])
