import keras
import numpy as np
import pytest

from kerasnotes.optimizers import regularizers

W = np.array([[1.0, -2.0], [3.0, 0.5]], "float32")


def test_by_hand():
    l1, l2, m = 0.4, 0.7, 20
    expected = l1 / (2 * m) * 6.5 + l2 / (2 * m) * 14.25
    found = regularizers.l1_l2(l1, l2, m)(keras.ops.array(W))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_gradient_is_lambda_over_m_times_w():
    layer = keras.layers.Dense(2, kernel_regularizer=_penalty())
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.kernel.assign(W)
    model.compile(keras.optimizers.SGD(1.0), lambda y, out: 0.0 * out)
    model.train_on_batch(np.zeros((1, 2), "float32"), np.zeros((1, 2)))
    np.testing.assert_allclose(W - layer.kernel, 0.7 / 20 * W, rtol=1e-5)


def _penalty():
    return regularizers.l1_l2(0.0, 0.7, 20)


def test_serialises():
    found = keras.regularizers.get(keras.regularizers.serialize(_penalty()))
    assert found.l2 == pytest.approx(0.7 / 40)


def test_none_where_there_is_no_penalty():
    assert regularizers.l1_l2(0.0, 0.0, 10) is None


@pytest.mark.parametrize(("l1", "l2", "m"), [(-1, 0, 1), (0, -1, 1), (1, 1, 0)])
def test_refuses(l1, l2, m):
    with pytest.raises(ValueError, match="Received: "):
        regularizers.l1_l2(l1, l2, m)
