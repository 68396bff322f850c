import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.losses import MaskedBinaryCrossentropy


def data(size=40, labels=5, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(-1, 2, (size, labels))
    return y.astype("float32"), rng.normal(0, 3, y.shape).astype("float32")


def equation(y, z):
    """The course's sum over the known labels, over the number of labels."""
    chance = 1 / (1 + np.exp(-z.astype("float64")))
    total = np.zeros(len(y))
    for i, j in zip(*np.nonzero(y >= 0), strict=True):
        right = chance[i, j] if y[i, j] else 1 - chance[i, j]
        total[i] -= np.log(right)
    return total / y.shape[1]


def gradient(y, z):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = MaskedBinaryCrossentropy()(y, z)
    return tape.gradient(loss, z).numpy()


def test_equals_the_equation():
    y, z = data()
    each = MaskedBinaryCrossentropy(reduction="none")(y, z)
    np.testing.assert_allclose(each, equation(y, z), rtol=1e-5)
    mean = MaskedBinaryCrossentropy()(y, z)
    np.testing.assert_allclose(mean, equation(y, z).mean(), rtol=1e-5)


def test_is_keras_own_where_all_is_known():
    y, z = data()
    y = np.abs(y)
    keras_own = keras.losses.BinaryCrossentropy(from_logits=True)
    got = MaskedBinaryCrossentropy()(y, z)
    np.testing.assert_allclose(got, keras_own(y, z), rtol=1e-6)


def test_an_unknown_label_has_a_gradient_of_exactly_zero():
    y, z = data()
    got = gradient(y, z)
    unknown = y < 0
    assert unknown.any() and (got[unknown] == 0).all()
    want = (1 / (1 + np.exp(-z)) - y) / y.size
    np.testing.assert_allclose(got[~unknown], want[~unknown], atol=1e-8)


@pytest.mark.parametrize("logit", [np.inf, -np.inf, np.nan, 1e38])
def test_nothing_that_an_unknown_label_gets_does_harm(logit):
    y = np.array([[-1.0, 1.0]], "float32")
    z = np.array([[logit, 0.0]], "float32")
    got = gradient(y, z)
    np.testing.assert_array_equal(got, [[0.0, -0.25]])
    np.testing.assert_allclose(
        MaskedBinaryCrossentropy()(y, z), np.log(2) / 2, rtol=1e-6
    )


def test_large_logits_stay_finite():
    y = np.array([[1.0, 0.0]], "float32")
    z = np.array([[-1e4, 1e4]], "float32")
    assert float(MaskedBinaryCrossentropy()(y, z)) == 1e4
    np.testing.assert_array_equal(gradient(y, z), [[-0.5, 0.5]])


def test_weights_and_integers():
    y, z = data()
    weights = np.arange(len(y)) % 3
    got = MaskedBinaryCrossentropy()(y.astype("int8"), z, weights)
    want = (weights * equation(y, z)).mean()
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_nothing_known_costs_nothing():
    y = -np.ones((3, 2), "float32")
    assert float(MaskedBinaryCrossentropy()(y, y)) == 0


def test_probabilities():
    y, z = data()
    chances = 1 / (1 + np.exp(-z))
    loss = MaskedBinaryCrossentropy(from_logits=False)
    np.testing.assert_allclose(
        loss(y, chances), MaskedBinaryCrossentropy()(y, z), rtol=1e-4
    )
    with pytest.raises(ValueError, match="Received: from_logits='sum'"):
        MaskedBinaryCrossentropy("sum")


def test_reloads():
    loss = MaskedBinaryCrossentropy(reduction="sum", name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert (again.reduction, again.name) == ("sum", "mine")


def test_a_label_above_1_is_not_free():
    loss = MaskedBinaryCrossentropy(reduction="none")
    found = np.asarray(loss([[1, -1], [0, 2]], [[3.0, 3.0], [3.0, 3.0]]))
    assert np.isnan(found).tolist() == [False, True]
