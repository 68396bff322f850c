import json

import keras
import numpy as np
import pytest

from kerasnotes import errors, optimizers

STEPS = 100


def gradients(size):
    rng = np.random.default_rng(0)
    return size * (rng.normal(size=(STEPS, 5)) + 0.3)


def rate(step):
    """The rate of `inverse:rate=0.5` with ten steps an epoch."""
    return 0.1 / (1 + 0.5 * (step // 10 + 1))


def momentum(w, grads, beta=0.9):
    v = 0
    for step, g in enumerate(grads):
        v = beta * v + (1 - beta) * g
        w = w - rate(step) * v
    return w


def rmsprop(w, grads, beta=0.9, epsilon=1e-8):
    s = 0
    for step, g in enumerate(grads):
        s = beta * s + (1 - beta) * g**2
        w = w - rate(step) * g / (np.sqrt(s) + epsilon)
    return w


def adam(w, grads, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    v = s = 0
    for step, g in enumerate(grads):
        t = step + 1
        v = beta_1 * v + (1 - beta_1) * g
        s = beta_2 * s + (1 - beta_2) * g**2
        v_hat, s_hat = v / (1 - beta_1**t), s / (1 - beta_2**t)
        w = w - rate(step) * v_hat / (np.sqrt(s_hat) + epsilon)
    return w


def descend(optimizer, grads, w=None):
    variable = keras.Variable(np.zeros(5) if w is None else w, dtype="float32")
    for g in grads:
        optimizer.apply([keras.ops.cast(g, "float32")], [variable])
    return np.array(variable)


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6])
@pytest.mark.parametrize(
    ("spec", "loop"),
    [
        ("notes_momentum", momentum),
        ("notes_momentum:beta=0.5", lambda w, g: momentum(w, g, 0.5)),
        ("notes_rmsprop", rmsprop),
        ("notes_rmsprop:epsilon=1e-4", lambda w, g: rmsprop(w, g, 0.9, 1e-4)),
        ("notes_adam", adam),
        ("notes_adam:epsilon=1e-4", lambda w, g: adam(w, g, 0.9, 0.999, 1e-4)),
    ],
)
def test_against_a_loop(spec, loop, size):
    schedule = optimizers.schedules.get("inverse:rate=0.5", 0.1, 10, 10)
    grads = gradients(size)
    expected = loop(np.zeros(5), grads)
    found = descend(optimizers.get(spec, schedule), grads)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * size)


def test_momentum_is_keras_sgd_at_a_tenth_of_the_rate():
    grads = gradients(1.0)
    ours = descend(optimizers.NotesMomentum(0.1, beta=0.9), grads)
    theirs = descend(keras.optimizers.SGD(0.01, momentum=0.9), grads)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_rmsprop_and_adam_are_keras_own_but_for_epsilon():
    grads = gradients(1.0)
    for ours, theirs in (
        (optimizers.NotesRMSprop(0.1), keras.optimizers.RMSprop(0.1)),
        (optimizers.NotesAdam(0.1), keras.optimizers.Adam(0.1)),
    ):
        np.testing.assert_allclose(
            descend(ours, grads), descend(theirs, grads), rtol=1e-3
        )


def test_epsilon_of_adam_is_that_of_keras_corrected():
    grads = gradients(1e-6)[:1]
    ours = descend(optimizers.NotesAdam(0.1, epsilon=1e-7), grads)
    root = np.sqrt(1 - 0.999)
    theirs = keras.optimizers.Adam(0.1, epsilon=1e-7 * root)
    np.testing.assert_allclose(ours, descend(theirs, grads), rtol=1e-4)
    plain = descend(keras.optimizers.Adam(0.1, epsilon=1e-7), grads)
    assert np.abs(plain / ours).max() < 0.8


@pytest.mark.parametrize("name", optimizers.names())
def test_each_trains_serialises_and_resumes(name, tmp_path):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizers.get(name, 0.01), "mse", jit_compile=False)
    before = model.get_weights()
    model.train_on_batch(x, y)
    assert not np.array_equal(model.get_weights()[0], before[0])
    text = json.dumps(keras.saving.serialize_keras_object(model.optimizer))
    revived = keras.saving.deserialize_keras_object(json.loads(text))
    assert revived.get_config() == model.optimizer.get_config()
    if not name.startswith("notes_"):
        return
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for m in (model, loaded):
        m.train_on_batch(x, y)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "kind",
    [
        optimizers.NotesMomentum,
        optimizers.NotesRMSprop,
        optimizers.NotesAdam,
    ],
)
def test_average_of_the_weights(kind):
    grads = gradients(1.0)[:5]
    optimizer = kind(0.1, use_ema=True, ema_momentum=0.5)
    w = keras.Variable(np.zeros(5), dtype="float32")
    average = None
    for g in grads:
        optimizer.apply([keras.ops.cast(g, "float32")], [w])
        now = np.array(w)
        average = now if average is None else 0.5 * average + 0.5 * now
    optimizer.finalize_variable_values([w])
    np.testing.assert_allclose(w, average, rtol=1e-5)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("adamm", "`spec`: unknown 'adamm'; did you mean 'adam'"),
        ("notes_adam:beta=1", "`spec`=notes_adam: unknown 'beta'"),
        ("notes_adam:beta_1=1", "`beta_1` must be in [0, 1)"),
        ("notes_momentum:beta=x", "`spec`=notes_momentum:beta=x: "),
        ("sgd:momentum=2", "`spec`=sgd:momentum=2: "),
    ],
)
def test_refuses(spec, message):
    with pytest.raises(errors.ArgumentError) as caught:
        optimizers.get(spec, 0.1)
    assert message in str(caught.value)


def test_a_whole_number_is_a_rate():
    assert float(optimizers.get("sgd", 1).learning_rate) == 1.0
