import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import layers

N, U = 5, 4
MASK = np.arange(6) < np.array([[6], [4], [1]])


def inputs(*shape):
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype("float32")


def plain(cell):
    return keras.layers.RNN(cell(U), return_sequences=True, return_state=True)


def deep(cell):
    cells = [cell(U), cell(U + 1)]
    return keras.layers.RNN(cells, return_sequences=True)


def both_ways(cell):
    return keras.layers.Bidirectional(plain(cell))


def stir(layer):
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.5))


def as_keras(values, cell):
    """Return weights, or gradients, of our cells in the order of Keras'."""
    if cell is layers.LSTMCell:
        return list(values)
    found = []
    for i in range(0, len(values), 4):
        kernel, recurrent, candidate, bias = map(np.array, values[i : i + 4])
        found += [kernel, np.concatenate([recurrent, candidate], 1), bias]
    for value in found:
        # Keras' update gate is the complement.
        value[..., : value.shape[-1] // 3] *= -1
    return found


def run(layer, x):
    """Return the outputs, and the gradients of x and of the weights."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = tf.nest.flatten(layer(x, mask=tf.constant(MASK)))
        total = sum(tf.reduce_sum(tf.sin(output)) for output in outputs)
    weights = [w.value for w in layer.trainable_weights]
    slope, *slopes = tape.gradient(total, [x, *weights])
    return outputs, slope, slopes


def keras_gru(units):
    return keras.layers.GRUCell(units, reset_after=False)


@pytest.mark.parametrize("kind", [plain, deep, both_ways])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (layers.GRUCell, keras_gru),
        (layers.LSTMCell, keras.layers.LSTMCell),
    ],
)
def test_against_keras(kind, ours, theirs):
    x = tf.constant(inputs(3, 6, N))
    layer, expected = kind(ours), kind(theirs)
    layer(x), expected(x)
    stir(layer)
    expected.set_weights(as_keras(layer.get_weights(), ours))
    outputs, slope, slopes = run(layer, x)
    for found, wanted in zip(
        [*outputs, slope, *as_keras(slopes, ours)],
        tf.nest.flatten(run(expected, x)),
        strict=True,
    ):
        np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("wrap", [lambda x: x, keras.layers.Bidirectional])
@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (layers.GRUCell, keras.layers.GRU, {"reset_after": False}),
        (layers.LSTMCell, keras.layers.LSTM, {}),
    ],
)
def test_layers_of_keras_are_loops_around_our_cells(
    wrap, ours, theirs, options
):
    """Fused where Keras fuses them: on a GPU, the LSTM."""
    options |= {"return_sequences": True, "return_state": True}
    loop, fused = wrap(plain(ours)), wrap(theirs(U, **options))
    x = tf.constant(inputs(3, 6, N))
    loop(x), fused(x)
    stir(loop)
    fused.set_weights(as_keras(loop.get_weights(), ours))
    outputs, slope, slopes = run(loop, x)
    for mine, wanted in zip(
        [*outputs, slope, *as_keras(slopes, ours)],
        tf.nest.flatten(run(fused, x)),
        strict=True,
    ):
        np.testing.assert_allclose(mine, wanted, atol=1e-6, rtol=1e-5)


def test_one_step_of_the_notes():
    cell = layers.GRUCell(U)
    x, c = inputs(3, N), inputs(3, U)
    cell(x, [c])
    stir(cell)
    kernel, recurrent, candidate, bias = cell.get_weights()
    w_u, w_r, w_c = (
        np.concatenate(pair)
        for pair in zip(
            [*np.split(recurrent, 2, 1), candidate],
            np.split(kernel, 3, 1),
            strict=True,
        )
    )
    b_u, b_r, b_c = np.split(bias, 3)
    gate_u, gate_r = (
        1 / (1 + np.exp(-(np.concatenate([c, x], 1) @ w + b)))
        for w, b in ((w_u, b_u), (w_r, b_r))
    )
    new = np.tanh(np.concatenate([gate_r * c, x], 1) @ w_c + b_c)
    expected = gate_u * new + (1 - gate_u) * c
    found, (state,) = cell(x, [c])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found, state)


each_cell = pytest.mark.parametrize("cls", [layers.GRUCell, layers.LSTMCell])


@each_cell
def test_hypotheses_are_independent(cls):
    cell = cls(U)
    x, states = inputs(2, 3, N), [inputs(2, 3, U) for _ in cell.state_size]
    found, _ = cell(x, states)
    for i in range(3):
        alone, _ = cell(x[:, i], [state[:, i] for state in states])
        np.testing.assert_allclose(found[:, i], alone, atol=1e-6)


@each_cell
def test_reloads(cls, tmp_path):
    given = {
        "kernel_initializer": keras.initializers.HeNormal(seed=1),
        "recurrent_initializer": "glorot_normal",
        "kernel_regularizer": keras.regularizers.L2(0.1),
        "recurrent_regularizer": keras.regularizers.L2(0.2),
    }
    symbol = keras.Input([None, N])
    cell = cls(U, **given)
    model = keras.Model(symbol, keras.layers.RNN(cell)(symbol))
    stir(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[1].cell) is cls
    assert loaded.layers[1].cell.get_config() == cell.get_config()
    kernels = [w for w in cell.weights if len(w.shape) == 2]
    assert len(loaded.losses) == len(model.losses) == len(kernels)
    x = inputs(3, 6, N)
    np.testing.assert_array_equal(loaded(x), model(x))


@each_cell
def test_half_precision(cls):
    rnn = keras.layers.RNN(cls(U, dtype="mixed_float16"), dtype="float16")
    found = rnn(inputs(3, 6, N), mask=tf.constant(MASK))
    assert found.dtype == "float16" and np.isfinite(found).all()
    assert {weight.dtype for weight in rnn.weights} == {"float32"}


def test_forget_bias():
    for unit, expected in ((True, [0, 1, 0, 0]), (False, [0, 0, 0, 0])):
        cell = layers.LSTMCell(U, unit_forget_bias=unit)
        cell.build((None, N))
        np.testing.assert_array_equal(cell.bias, np.repeat(expected, U))
        assert cell.get_config()["unit_forget_bias"] is unit


def test_kernels_start_unlike():
    keras.utils.set_random_seed(0)
    cell = layers.GRUCell(U, kernel_initializer="orthogonal")
    cell.build((None, U))
    first = cell.kernel.numpy()[:, :U]
    assert abs(cell.candidate_kernel.numpy() - first).max() > 0.1


@each_cell
def test_refuses_no_units(cls):
    with pytest.raises(ValueError, match="Received: units=0"):
        cls(0)
