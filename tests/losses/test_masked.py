import subprocess
import sys

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


def test_reloads():
    loss = MaskedBinaryCrossentropy(reduction="sum", name="mine")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert (again.reduction, again.name) == ("sum", "mine")


REPLICAS = """
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
from kerasnotes.losses import MaskedBinaryCrossentropy
from kerasnotes.training.distribute import strategies

keras.config.set_floatx("float64")
x = np.random.default_rng(0).normal(size=[64, 4])
y = (x[:, :3] > 0).astype("int8")
# The second half of each batch knows one label, and its last row none.
y[np.arange(64) % 16 >= 8, 1:] = -1
y[15::16] = -1

def train(strategy):
    keras.utils.set_random_seed(0)
    with strategies.strategy(strategy).scope():
        model = keras.Sequential([keras.Input([4]), keras.layers.Dense(3)])
        model.compile(keras.optimizers.SGD(0.5), MaskedBinaryCrossentropy())
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    history = model.fit(data, verbose=0).history
    return history["loss"] + [w.ravel().tolist() for w in model.get_weights()]

for a, b in zip(train("one_device"), train("mirrored"), strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
"""


def test_replicas_that_know_unlike_numbers_equal_one_device():
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS], capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
