import keras
import numpy as np
import pytest

from kerasnotes import layers, testing

X = np.random.default_rng(0).normal(size=(2, 7, 6, 3)).astype("float32")


@pytest.mark.parametrize("size", [(7, 6), (4, 3), (1, 1), (6, 2)])
@pytest.mark.parametrize("known", [True, False])
def test_is_kerass_centre(size, known):
    """Keras' layer knows its size beforehand."""
    reference = np.zeros((2, *size, 5), "float32")
    want = keras.layers.CenterCrop(*size)(X)
    symbols = [
        keras.Input(x.shape[1:] if known else (None, None, x.shape[-1]))
        for x in (X, reference)
    ]
    model = keras.Model(symbols, layers.CropLike()(*symbols))
    np.testing.assert_array_equal(model([X, reference]), want)
    np.testing.assert_array_equal(
        model.predict([X, reference], verbose=0), want
    )
    assert model.output_shape[1:] == (*(size if known else (None, None)), 3)


@pytest.mark.parametrize("size", [(8, 2), (2, 7)])
def test_refuses_what_is_larger(size):
    with pytest.raises(ValueError, match="`x` must be as high .*Received: "):
        layers.CropLike()(X, np.zeros((2, *size, 1)))


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
def test_contract():
    testing.check_layer(
        layers.CropLike,
        inputs=X,
        call_kwargs={"reference": X[:, :4, :3]},
        expected_output_shape=(2, 4, 3, 3),
        expected_num_trainable_weights=0,
        trains=False,
    )
