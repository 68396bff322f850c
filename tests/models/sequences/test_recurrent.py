"""Both recurrent models from a sequence to another."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.diagnosis.gradient_check import gradient_check

SIZES = {"source_size": 11, "target_size": 13, "width": 8}
CASES = [
    ("encoder_decoder", {}),
    ("encoder_decoder", {"layers": 2, "cell": "lstm", "bidirectional": True}),
    ("attention", {}),
    ("attention", {"layers": 2, "cell": "lstm", "dropout": 0.4}),
]
each_case = pytest.mark.parametrize(("name", "arguments"), CASES)
each_model = pytest.mark.parametrize("name", ["encoder_decoder", "attention"])


def build(name, **arguments):
    keras.utils.set_random_seed(0)
    model = models.build(name, **{**SIZES, **arguments})
    rng = np.random.default_rng(2)
    for weight in model.weights:
        weight.assign(weight + rng.normal(size=weight.shape, scale=0.2))
    return model


def batch(padding=0):
    """Return sources of several lengths, and targets."""
    rng = np.random.default_rng(1)
    source = rng.integers(3, 11, (3, 6 + padding))
    for row, length in zip(source, (6, 4, 1), strict=True):
        row[length - 1], row[length:] = 2, 0
    target = rng.integers(3, 13, (3, 5))
    target[:, 0] = 1
    return {"source": source.astype("int32"), "target": target.astype("int32")}


def source_of(x):
    return tf.constant(x["source"])


@each_case
def test_padding_changes_nothing(name, arguments):
    model = build(name, **arguments)
    x = batch()
    longer = {k: np.pad(v, ((0, 0), (0, 3))) for k, v in x.items()}
    np.testing.assert_allclose(model(longer)[:, :5], model(x), atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
@each_case
def test_nothing_looks_ahead(name, arguments, training):
    model = build(name, **{"dropout": 0.3, **arguments})
    # Keras' LSTM has a seed too, of the dropout that it doesn't do here.
    random = [
        layer.seed_generator.state
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    state = [v.numpy() for v in random]
    x = batch()
    expected = model(x, training=training)
    moved = [(v.numpy() != s).any() for v, s in zip(random, state, strict=True)]
    assert all(moved) if training else not any(moved)
    for t in range(1, 5):
        for variable, value in zip(random, state, strict=True):
            variable.assign(value)
        other = {**x, "target": x["target"].copy()}
        other["target"][:, t] = 3 + (x["target"][:, t] - 2) % 10
        found = model(other, training=training)
        np.testing.assert_array_equal(found[:, :t], expected[:, :t])
        # Dropout may leave nothing of a token.
        assert training or np.all(np.any(found[:, t] != expected[:, t], -1))


@each_case
def test_steps_equal_teacher_forcing(name, arguments):
    model = build(name, **arguments)
    x = batch()
    expected = model(x)
    # The second hypothesis of a source is the first of the next.
    others = np.roll(x["target"], -1, 0)
    tokens = np.stack([x["target"], others], 1)
    crossed = model({"source": x["source"], "target": others})
    memory = model.encode(source_of(x))
    cache = model.start(memory, 2, 5)
    for t in range(5):
        logits, cache = model.step(
            tf.constant(tokens[:, :, t]), t, memory, cache
        )
        assert logits.shape == (3, 2, 13) and logits.dtype == "float32"
        np.testing.assert_allclose(logits[:, 0], expected[:, t], atol=1e-5)
        np.testing.assert_allclose(logits[:, 1], crossed[:, t], atol=1e-5)


@each_case
def test_the_score_is_the_sum_of_the_steps(name, arguments):
    model = build(name, **arguments)
    source = source_of(batch())
    found = model.beam_search(source, width=3, steps=6)
    for i in range(3):
        tokens = found.tokens[:, i]
        begin = tf.ones_like(tokens[:, :1])
        target = tf.concat([begin, tokens[:, :-1]], 1)
        logits = model({"source": source, "target": target})
        terms = tf.gather(
            tf.nn.log_softmax(logits), tokens, axis=-1, batch_dims=2
        )
        there = tf.sequence_mask(found.lengths[:, i], 6)
        expected = tf.reduce_sum(tf.where(there, terms, 0.0), -1)
        np.testing.assert_allclose(found.log_probs[:, i], expected, atol=1e-4)


@each_case
def test_the_beams_width_may_be_a_tensor(name, arguments):
    model = build(name, **arguments)
    scalar = tf.TensorSpec([], tf.int32)
    shape = tf.TensorSpec([None, None], tf.int32)

    @tf.function(input_signature=[shape, scalar, scalar])
    def search(source, width, steps):
        return model.beam_search(source, width, steps)

    source = source_of(batch())
    for width in (1, 3):
        found = search(source, tf.constant(width), tf.constant(4))
        expected = model.beam_search(source, width, 4)
        np.testing.assert_array_equal(found.tokens, expected.tokens)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "cell"), [("encoder_decoder", "lstm"), ("attention", "gru")]
)
def test_gradients(name, cell):
    model = build(
        name,
        layers=2,
        cell=cell,
        share_embeddings=True,
        source_size=13,
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    labels = np.roll(batch()["target"], -1, 1)
    found = gradient_check(model, loss, batch(), labels, samples=4)
    assert found.verdict == "good"
    assert len(found.variables) == len(model.weights)


@each_case
def test_reloads(name, arguments, tmp_path):
    penalty = keras.regularizers.L2(0.1)
    model = build(name, kernel_regularizer=penalty, **arguments)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert len(loaded.losses) == len(model.losses) > 0
    np.testing.assert_array_equal(loaded(batch()), model(batch()))
    source = source_of(batch())
    np.testing.assert_array_equal(
        loaded.greedy(source, 4).tokens, model.greedy(source, 4).tokens
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@each_model
def test_mixed_precision(name, policy):
    expected = build(name)(batch())
    keras.config.set_dtype_policy(policy)
    try:
        model = build(name)
    finally:
        keras.config.set_dtype_policy("float32")
    found = model(batch())
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert model.greedy(source_of(batch()), 4).tokens.shape == (3, 1, 4)


@each_model
def test_a_dtype_of_its_own(name, tmp_path):
    model = build(name, dtype="mixed_bfloat16", cell="lstm")
    assert keras.config.dtype_policy().name == "float32"
    assert model.get_layer("encoder_1").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    assert model(batch()).dtype == "float32"
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(loaded(batch()), model(batch()))
    assert loaded.greedy(source_of(batch()), 4).tokens.shape == (3, 1, 4)


def test_an_lstm_is_traced_without_cudnn_where_it_is_to_be_served():
    model = build("attention", layers=2, cell="lstm")
    names = [layer.name for layer in model._cudnn_layers()]
    assert len(names) == 5  # Two directions of two layers, and decoder_2.

    def uses():
        return {layer.use_cudnn for layer in model._cudnn_layers()}

    before = uses()
    with pytest.raises(KeyError), model.portable():
        assert uses() == {False}
        raise KeyError
    assert uses() == before == {"auto"}


@each_model
def test_learns_a_hundred_pairs_by_heart(name):
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    source, target = np.zeros((2, 100, 7), "int32")
    for i in range(100):
        for row in (source[i], target[i]):
            length = rng.integers(2, 7)
            row[:length], row[length] = rng.integers(3, 13, length), 2
        source[i, :2] = 3 + i // 10, 3 + i % 10  # No two are alike.
    model = models.build(name, source_size=13, target_size=13, width=48)
    model.compile(
        keras.optimizers.Adam(0.01, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    begun = np.pad(target[:, :-1], ((0, 0), (1, 0)), constant_values=1)
    x = {"source": source, "target": begun}
    weights = (target > 0).astype("float32")
    model.fit(x, target, 25, 60, sample_weight=weights, verbose=0)
    found = model.greedy(tf.constant(source), 7)
    np.testing.assert_array_equal(found.tokens[:, 0], target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"cell": "grv"},
            "`cell` must be one of gru, lstm. Received: cell='grv'",
        ),
        ({"width": 7}, "`width` must be even. Received: width=7"),
        ({"share_embeddings": True}, "Received: source_size=11, target_size"),
    ],
)
@each_model
def test_refuses(name, arguments, message):
    with pytest.raises(ValueError) as caught:
        models.build(name, **{**SIZES, **arguments})
    assert message in str(caught.value)


@each_model
def test_shared_embeddings(name):
    sizes = {"source_size": 13, "target_size": 13}
    apart, shared = (
        build(name, **sizes, share_embeddings=share) for share in (False, True)
    )
    saved = apart.count_params() - shared.count_params()
    assert saved == 13 * SIZES["width"]


def test_where_attention_looks():
    model = build("attention", layers=2)
    x = batch()
    weights = model.attention(x).numpy()
    assert weights.shape == (3, 1, 5, 6)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    there = np.broadcast_to(x["source"][:, None, None] > 0, weights.shape)
    assert np.all((weights > 0) == there)
    memory = model.encode(source_of(x))
    cache = model.start(memory, 1, 5)
    for t in range(5):
        look = model.get_layer("decoder_1").cell.attention
        _, expected = look.attend(
            cache[0][0], memory["keys"], memory["annotations"], memory["mask"]
        )
        np.testing.assert_allclose(weights[:, :, t], expected, atol=1e-6)
        tokens = tf.constant(x["target"][:, t : t + 1])
        _, cache = model.step(tokens, t, memory, cache)


def test_no_attention():
    assert build("encoder_decoder").attention(batch()) is None
