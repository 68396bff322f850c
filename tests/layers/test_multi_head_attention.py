import keras
import numpy as np
import pytest

from kerasnotes import layers, testing

HEADS, WIDTH = 3, 12
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 4, WIDTH)).astype("float32")
SOURCE = RNG.normal(size=(2, 5, 7)).astype("float32")
MASKS = {
    "none": None,
    "padding": np.array([[[1, 1, 1, 0, 0]], [[1, 1, 1, 1, 1]]], bool),
    "each": RNG.uniform(size=(2, 4, 5)) < 0.6,
}
MASKS["each"][:, :, 2] = True
each_mask = pytest.mark.parametrize("mask", MASKS)


def stirred(layer, *inputs):
    layer(*inputs)
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.4))
    return layer


def ours(source=SOURCE):
    return stirred(layers.MultiHeadAttention(HEADS), X, source)


def twin(layer, source=SOURCE):
    """Return Keras' layer with our weights."""
    keras_layer = keras.layers.MultiHeadAttention(
        HEADS, WIDTH // HEADS, output_shape=WIDTH
    )
    keras_layer(X, source)
    for mine, its in zip(layer.weights, keras_layer.weights, strict=True):
        its.assign(keras.ops.reshape(mine, its.shape))
    return keras_layer


def close(found, want, atol=1e-5):
    found, want = map(keras.ops.convert_to_numpy, (found, want))
    np.testing.assert_allclose(found, want, atol=atol)


def weights(layer):
    return [keras.ops.convert_to_numpy(w) for w in layer.weights]


@each_mask
def test_against_keras(mask):
    layer, mask = ours(), MASKS[mask]
    keras_layer = twin(layer)
    want, want_weights = keras_layer(
        X, SOURCE, attention_mask=mask, return_attention_scores=True
    )
    found, found_weights = layer(
        X, SOURCE, attention_mask=mask, return_attention_scores=True
    )
    close(found, want)
    close(found_weights, want_weights)
    found = layer(X, SOURCE, attention_mask=mask)
    close(found, want)


def test_look_ahead_against_keras():
    layer = ours(X)
    mask = np.tril(np.ones((1, 4, 4), bool))
    want = twin(layer, X)(X, X, use_causal_mask=True)
    close(layer(X, X, attention_mask=mask), want)
    close(layer(X, X, use_causal_mask=True), want)


def test_sizes_and_a_key_of_its_own_against_keras():
    key = RNG.normal(size=(2, 5, 3)).astype("float32")
    ours = layers.MultiHeadAttention(HEADS, 5, 2)
    theirs = keras.layers.MultiHeadAttention(HEADS, 5, 2, output_shape=WIDTH)
    for layer in (ours, theirs):
        layer(X, SOURCE, key)
    rng = np.random.default_rng(1)
    for mine, its in zip(ours.weights, theirs.weights, strict=True):
        value = rng.normal(size=mine.shape, scale=0.4)
        mine.assign(value)
        its.assign(value.reshape(its.shape))
    masks = {
        "query_mask": np.ones((2, 4), bool),
        "value_mask": MASKS["padding"][:, 0],
        "attention_mask": MASKS["each"],
        "use_causal_mask": True,
    }
    masks["attention_mask"][:, :, 0] = True
    close(ours(X, SOURCE, key, **masks), theirs(X, SOURCE, key, **masks))


def test_masks_of_an_embedding_are_honoured():
    tokens = np.array([[3, 4, 0, 0], [5, 0, 0, 0]])
    memory = np.array([[3, 4, 5, 0, 0], [5, 6, 0, 0, 0]])
    embed = keras.layers.Embedding(7, WIDTH, mask_zero=True)
    layer = ours(X[:, [0, 1, 2, 3, 3]])
    theirs = twin(layer, X)
    # Keras' layer takes the masks off its inputs.
    found = layer(embed(tokens), embed(memory))
    x, y = embed(tokens), embed(memory)
    want = theirs(x, y)
    found, want = map(keras.ops.convert_to_numpy, (found, want))
    there = tokens > 0
    np.testing.assert_allclose(found[there], want[there], atol=1e-5)
    x, y = (
        keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(v))
        for v in (x, y)
    )
    plain = keras.ops.convert_to_numpy(layer(x, y))
    assert np.abs(plain[there] - found[there]).max() > 0.01


def test_a_mask_of_two_axes_is_padding():
    layer = ours(X)
    padding = np.arange(4) < np.array([[4], [2], [1], [3]])
    x = np.concatenate([X, X])
    want = layer(x, x, attention_mask=np.repeat(padding[:, None], 4, 1))
    close(layer(x, x, attention_mask=padding), want)
    close(layer(x, x, value_mask=padding), want)
    for wrong in (padding[:3], padding[0]):
        with pytest.raises(ValueError, match="`attention_mask` must be of"):
            layer(x, x, attention_mask=wrong)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tapes are TensorFlow's"
)
@each_mask
def test_gradients_against_keras(mask):
    import tensorflow as tf

    layer, mask = ours(), MASKS[mask]
    slopes = []
    for each in (layer, twin(layer)):
        inputs = [tf.constant(X), tf.constant(SOURCE)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = tf.reduce_sum(tf.sin(each(*inputs, attention_mask=mask)))
        sources = [*inputs, *(w.value for w in each.weights)]
        slopes.append(tape.gradient(y, sources))
    assert len(slopes[0]) == 10
    for mine, its in zip(*slopes, strict=True):
        its = tf.reshape(its, mine.shape)
        np.testing.assert_allclose(mine, its, atol=2e-5)


@each_mask
def test_against_torch(mask):
    torch = pytest.importorskip("torch")
    layer, mask = ours(), MASKS[mask]
    theirs = torch.nn.MultiheadAttention(
        WIDTH, HEADS, batch_first=True, kdim=7, vdim=7
    )
    kernels, biases = weights(layer)[::2], weights(layer)[1::2]
    state = {
        f"{name}_proj_weight": kernel.T
        for name, kernel in zip("qkv", kernels[:3], strict=True)
    }
    state["in_proj_bias"] = np.concatenate(biases[:3])
    state["out_proj.weight"], state["out_proj.bias"] = kernels[3].T, biases[3]
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    if mask is not None:
        mask = np.broadcast_to(mask, (2, 4, 5))
        hidden = torch.tensor(~mask).repeat_interleave(HEADS, 0)
    x, source = torch.tensor(X), torch.tensor(SOURCE)
    want, _ = theirs(
        x, source, source, attn_mask=None if mask is None else hidden
    )
    found = layer(X, SOURCE, attention_mask=mask)
    close(found, want.detach().numpy())


def test_ready_keys_and_values():
    layer = ours()
    keys, values = layer.project(keras.ops.convert_to_tensor(SOURCE))
    assert tuple(keys.shape) == (2, HEADS, 5, WIDTH // HEADS)
    found = layer.attend(
        keras.ops.convert_to_tensor(X), keys, values, MASKS["each"]
    )
    want = layer(X, SOURCE, attention_mask=MASKS["each"])
    close(found, want, 1e-6)


def test_nothing_to_look_at_leaves_the_bias():
    layer = ours()
    mask = np.zeros((2, 4, 5), bool)
    found = layer(X, SOURCE, attention_mask=mask)
    close(found, np.broadcast_to(weights(layer)[-1], X.shape), 1e-6)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract():
    testing.check_layer(
        layers.MultiHeadAttention,
        {"num_heads": HEADS, "kernel_regularizer": "l2"},
        inputs=X,
        call_kwargs={"value": SOURCE, "attention_mask": MASKS["each"]},
        expected_output_shape=X.shape,
        expected_num_trainable_weights=8,
        # A bias of the keys shifts all scores of a query alike.
        trains=False,
    )


def test_refuses():
    with pytest.raises(ValueError) as caught:
        layers.MultiHeadAttention(5)(X, X)
    message = "`num_heads` must divide the width 12, or `key_dim` be an integer"
    assert message in str(caught.value)
    assert str(caught.value).endswith("Received: num_heads=5")
    with pytest.raises(ValueError, match="Received: value_dim=0"):
        layers.MultiHeadAttention(2, 3, 0)
