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
    """Returns Keras' layer with our weights."""
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
        X, SOURCE, attention_mask=mask, return_weights=True
    )
    close(found, want)
    close(found_weights, want_weights)
    found = layer(X, SOURCE, attention_mask=mask)
    close(found, want)


def test_look_ahead_against_keras():
    layer = ours(X)
    mask = np.tril(np.ones((4, 4), bool))
    want = twin(layer, X)(X, X, use_causal_mask=True)
    found = layer(X, X, attention_mask=mask)
    close(found, want)


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
        {"heads": HEADS, "kernel_regularizer": "l2"},
        inputs=X,
        call_kwargs={"source": SOURCE, "attention_mask": MASKS["each"]},
        expected_output_shape=X.shape,
        expected_num_trainable_weights=8,
        # A bias of the keys shifts all scores of a query alike.
        trains=False,
    )


def test_refuses():
    with pytest.raises(ValueError) as caught:
        layers.MultiHeadAttention(5)(X, X)
    message = "`heads` must divide the width 12. Received: heads=5"
    assert message in str(caught.value)
