import keras
import numpy as np
import pytest

from kerasnotes import layers, testing

X = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize("size", [1, 2, 3, (4, 1), (2, 5)])
@pytest.mark.parametrize("shape", [(4, 5), (1, 2), (2, 1)])
def test_is_kerass(size, shape):
    x = X[:, : shape[0], : shape[1]]
    theirs = keras.layers.UpSampling2D(size, interpolation="bilinear")
    larger = layers.BilinearUpsampling(size)(x)
    np.testing.assert_allclose(larger, theirs(x), rtol=1e-5, atol=1e-5)


def test_open_sizes():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layers.BilinearUpsampling(3)(inputs))
    assert model.output_shape == (None, None, None, 3)
    want = layers.BilinearUpsampling(3)(X)
    np.testing.assert_allclose(model(X), want, atol=1e-6)
    assert model(X[:, :0]).shape == (2, 0, 15, 3)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        spec = tf.TensorSpec([None, None, None, 3])
        graph = tf.function(model, input_signature=[spec])
        np.testing.assert_allclose(graph(X), want, atol=1e-6)


@pytest.mark.parametrize("size", [0, (2, 0), (2,), (1, 2, 3)])
def test_refuses_what_is_no_factor(size):
    with pytest.raises(ValueError, match="`size` must be .*Received: size="):
        layers.BilinearUpsampling(size)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract():
    testing.check_layer(
        layers.BilinearUpsampling,
        {"size": (2, 3)},
        inputs=X,
        expected_output_shape=(2, 8, 15, 3),
        expected_num_trainable_weights=0,
        trains=False,
    )
