import keras
import numpy as np
from sklearn.preprocessing import label_binarize

from kerasnotes import ops

Z = np.array([[5.0, 2.0, -1.0, 3.0]], "float32")


def test_softmax_example():
    found = keras.ops.softmax(Z)
    np.testing.assert_allclose(found, [[0.842, 0.042, 0.002, 0.114]], atol=5e-4)


def test_hardmax_is_one_at_the_first_maximum():
    z = np.array([[1.0, 3.0, 3.0], [-1.0, -2.0, -3.0]], "float32")
    np.testing.assert_array_equal(ops.hardmax(z), [[0, 1, 0], [1, 0, 0]])


def test_hardmax_along_any_axis():
    z = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")
    expected = label_binarize(
        z.argmax(1).reshape(-1), classes=range(4)
    ).reshape(5, 3, 4)
    found = ops.hardmax(z, axis=1)
    np.testing.assert_array_equal(found, expected.transpose(0, 2, 1))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


def test_hardmax_is_the_limit_of_softmax():
    found = keras.ops.softmax(Z * 100)
    np.testing.assert_allclose(found, ops.hardmax(Z), atol=1e-6)


def test_hardmax_of_a_symbol():
    found = ops.hardmax(keras.Input((3, 7)), axis=-1)
    assert found.shape == (None, 3, 7)
