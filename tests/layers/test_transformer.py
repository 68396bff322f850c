"""What is masked, ahead or cached in blocks, and what they refuse."""

import keras
import numpy as np
import pytest

from kerasnotes import layers, ops, testing
from tests.support.transformer_blocks import (
    HEADS,
    HIDDEN,
    KINDS,
    PADDING,
    RNG,
    SOURCE,
    WIDTH,
    X,
    build,
    each_case,
    each_norm,
    inputs,
    run,
)

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tapes are TensorFlow's"
)


def seeded(block, given, training):
    """Return the output with the dropout of a new block."""
    keras.utils.set_random_seed(0)
    for variable in block.non_trainable_variables:
        variable.assign(np.ones(variable.shape, variable.dtype))
    return run(block, given, training=training)


@pytest.mark.parametrize("training", [False, True])
@each_case
def test_padding_and_what_is_ahead_change_nothing(kind, norm, training):
    block = build(kind, norm, dropout=0.3)
    given = inputs(kind)
    before = seeded(block, given, training)
    assert training == (not np.allclose(before, run(block, given)))
    first = "inputs" if kind == "encoder" else "decoder_sequence"
    padded = given["inputs" if kind == "encoder" else "encoder_sequence"]
    changed = np.where(PADDING[..., None], padded, 9).astype("float32")
    if kind == "encoder":
        after = seeded(block, {**given, first: changed}, training)
        np.testing.assert_array_equal(after[PADDING], before[PADDING])
        return
    after = seeded(block, {**given, "encoder_sequence": changed}, training)
    np.testing.assert_array_equal(after, before)
    for t in range(4):
        x = X.copy()
        x[:, t + 1 :] = 9
        after = seeded(block, {**given, first: x}, training)
        np.testing.assert_array_equal(after[:, : t + 1], before[:, : t + 1])
    assert not np.allclose(after[:, 0], 9)


@on_tensorflow
@pytest.mark.parametrize("training", [False, True])
@each_norm
def test_gradients_know_nothing_of_what_is_masked(norm, training):
    import tensorflow as tf

    block = build("decoder", norm, dropout=0.3)
    given = {k: tf.constant(v) for k, v in inputs("decoder").items()}
    watched = [given["decoder_sequence"], given["encoder_sequence"]]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(watched)
        y = block(**given, training=training)
        sums = [tf.reduce_sum(tf.sin(y[:, : t + 1])) for t in range(4)]
    for t, total in enumerate(sums):
        x_slope, source_slope = tape.gradient(total, watched)
        assert not np.any(x_slope[:, t + 1 :])
        assert np.all(np.any(x_slope[:, : t + 1], axis=-1))
        seen = np.any(source_slope, axis=-1)
        np.testing.assert_array_equal(seen, PADDING)


@each_case
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract(kind, norm):
    (_, x), *others = inputs(kind).items()
    call_kwargs = dict(others)
    testing.check_layer(
        KINDS[kind],
        {
            "intermediate_dim": HIDDEN,
            "num_heads": HEADS,
            "dropout": 0.1,
            "activation": "relu",
            "layer_norm_epsilon": 1e-5,
            "bias_initializer": "zeros",
            "normalize_first": norm == "pre",
            "kernel_initializer": "he_normal",
            "kernel_regularizer": "l2",
        },
        inputs=x,
        call_kwargs=call_kwargs,
        expected_output_shape=x.shape,
        expected_num_trainable_weights={"encoder": 16, "decoder": 26}[kind],
        # A bias of the keys shifts all scores of a query alike.
        trains=False,
    )


@each_norm
def test_steps_are_the_whole(norm):
    """Blocks of positions, in slots, give what all at once give."""
    block, given = build("decoder", norm), inputs("decoder")
    want = run(block, given)
    memory = block.cross_attention.project(keras.ops.convert_to_tensor(SOURCE))
    x = keras.ops.convert_to_tensor(X)
    cache = 2 * (keras.ops.zeros((2, HEADS, 3, WIDTH // HEADS)),)
    past = block.self_attention.project(
        block.self_attention_norm(x[:, :1]) if norm == "pre" else x[:, :1]
    )
    ahead = ops.look_ahead_mask(4)
    for start, stop in ((1, 3), (3, 4)):
        y, cache = block.step(
            x[:, start:stop],
            past,
            cache,
            start - 1,
            ahead[None, start:stop],
            memory,
            given["cross_attention_mask"],
        )
        y = keras.ops.convert_to_numpy(y)
        np.testing.assert_allclose(y, want[:, start:stop], atol=1e-5)


TOKENS_MASKED = np.where(np.arange(5) < [[3], [5], [1], [4]], 1, 0)


@pytest.mark.parametrize("kind", KINDS)
@each_norm
def test_masks_of_an_embedding_are_honoured(kind, norm):
    embed = keras.layers.Embedding(9, WIDTH, mask_zero=True)
    tokens = TOKENS_MASKED * RNG.integers(1, 9, TOKENS_MASKED.shape)
    block, x = build(kind, norm), embed(tokens)
    plain = keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(x))
    masks = {"attention_mask": tokens > 0}
    if kind == "decoder":
        masks["cross_attention_mask"] = tokens > 0
    count = len(KINDS) if kind == "decoder" else 1
    found = keras.ops.convert_to_numpy(block(*count * [x]))
    want = keras.ops.convert_to_numpy(block(*count * [plain], **masks))
    unmasked = keras.ops.convert_to_numpy(block(*count * [plain]))
    there = tokens > 0
    np.testing.assert_allclose(found[there], want[there], atol=1e-6)
    assert np.abs(unmasked[there] - want[there]).max() > 0.01
    # An explicit mask is joined with it.
    masks["attention_mask"] = np.ones((4, 5, 5), bool)
    found = keras.ops.convert_to_numpy(block(*count * [x], **masks))
    np.testing.assert_allclose(found[there], want[there], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_of_two_axes_is_padding_even_where_batch_equals_length(kind):
    """`(batch, S)` never means `(T, S)`, nor the other way round."""
    block = build(kind, "pre")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, 4, WIDTH)).astype("float32")
    padding = np.arange(4) < np.array([[4], [2], [1], [3]])
    names = ["attention_mask"]
    names += ["cross_attention_mask"] * (kind == "decoder")
    count = len(names)
    for name in names:
        two, three = (
            keras.ops.convert_to_numpy(block(*count * [x], **{name: mask}))
            for mask in (padding, np.repeat(padding[:, None], 4, 1))
        )
        np.testing.assert_allclose(two, three, atol=1e-6)
        with pytest.raises(ValueError, match=r"Received: attention_mask of sh"):
            block(*count * [x[:3]], **{name: padding})


def test_decoder_is_causal_unless_told_otherwise():
    block = build("decoder", "pre")
    x = X.copy()
    x[:, 2:] = 9
    outputs = [
        keras.ops.convert_to_numpy(block(y, SOURCE, use_causal_mask=causal))
        for causal in (True, False)
        for y in (X, x)
    ]
    np.testing.assert_array_equal(outputs[0][:, :2], outputs[1][:, :2])
    assert np.abs(outputs[2][:, :2] - outputs[3][:, :2]).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_scores(kind):
    block, given = build(kind, "pre"), inputs(kind)
    output, scores = block(**given, return_attention_scores=True)
    first, *_ = given.values()
    assert tuple(scores.shape) == (2, HEADS, first.shape[1], 5)
    np.testing.assert_allclose(output, run(block, given), atol=1e-6)


def test_weight_paths_are_plain():
    block = build("decoder", "pre", name="block")
    layers_of = {weight.path.split("/")[1] for weight in block.weights}
    assert layers_of == {
        "self_attention",
        "self_attention_norm",
        "cross_attention",
        "cross_attention_norm",
        "feedforward_1",
        "feedforward_2",
        "feedforward_norm",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"normalize_first": "pre"}, "Received: normalize_first='pre'"),
        ({"intermediate_dim": 0}, "Received: intermediate_dim=0"),
    ],
)
def test_refuses(arguments, message):
    given = {"intermediate_dim": 8, "num_heads": 2, **arguments}
    with pytest.raises(ValueError) as caught:
        layers.TransformerEncoderBlock(**given)
    assert message in str(caught.value)
