import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.optimizers import regularizers

W = np.array([[1.0, -2.0], [3.0, 0.5]], "float32")


def test_by_hand():
    l1, l2, m = 0.4, 0.7, 20
    expected = l1 / (2 * m) * 6.5 + l2 / (2 * m) * 14.25
    found = regularizers.l1_l2(l1, l2, m)(keras.ops.array(W))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_twice_the_lambda_of_notes_that_divide_l1_by_m():
    lambda_of_notes, m = 0.4, 20
    found = regularizers.l1_l2(2 * lambda_of_notes, 0.0, m)(keras.ops.array(W))
    np.testing.assert_allclose(found, lambda_of_notes / m * 6.5, rtol=1e-6)


def test_gradient_is_lambda_over_m_times_w():
    layer = keras.layers.Dense(2, kernel_regularizer=_penalty())
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.kernel.assign(W)
    model.compile(keras.optimizers.SGD(1.0), lambda y, out: 0.0 * out)
    model.train_on_batch(np.zeros((1, 2), "float32"), np.zeros((1, 2)))
    np.testing.assert_allclose(W - layer.kernel, 0.7 / 20 * W, rtol=1e-5)


def _penalty():
    return regularizers.l1_l2(0.0, 0.7, 20)


def _trained(penalty):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(9, "relu", kernel_regularizer=penalty),
            keras.layers.Dense(3, kernel_regularizer=penalty),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(x, np.arange(64) % 3, batch_size=16, epochs=3, verbose=0)
    return model


@pytest.mark.parametrize("numbers", [(0.0, 0.013), (0.007, 0.0), (0.007, 0.03)])
def test_unscaled_it_learns_bit_for_bit_what_keras_does(numbers):
    ours = _trained(regularizers.Penalty(*numbers)).get_weights()
    theirs = _trained(keras.regularizers.L1L2(*numbers)).get_weights()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("jit", [False, True])
def test_scales_are_followed_without_tracing_anew(jit):
    penalty = regularizers.Penalty(0.5, 0.25)
    traced = []

    @tf.function(jit_compile=jit)
    def cost(w):
        traced.append(w)
        return penalty(w)

    assert float(cost(W)) == 0.5 * 6.5 + 0.25 * 14.25
    penalty.scales["l1"].assign(2.0)
    penalty.scales["l2"].assign(0.0)
    assert float(cost(W)) == 6.5
    assert len(traced) == 1


def test_a_model_keeps_the_strengths_of_the_moment(tmp_path):
    penalty = _penalty()
    model = _trained(penalty)
    penalty.scales["l2"].assign(3.0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for layer in loaded.layers:
        config = layer.kernel_regularizer.get_config()
        assert config == {"l1": 0.0, "l2": 3.0 * 0.7 / 40}
    for a, b in zip(loaded.losses, model.losses, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_none_where_there_is_no_penalty():
    assert regularizers.l1_l2(0.0, 0.0, 10) is None


@pytest.mark.parametrize(("l1", "l2", "m"), [(-1, 0, 1), (0, -1, 1), (1, 1, 0)])
def test_refuses(l1, l2, m):
    with pytest.raises(ValueError, match="Received: "):
        regularizers.l1_l2(l1, l2, m)
