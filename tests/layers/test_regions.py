import keras
import numpy as np
import pytest

from kerasnotes import layers, ops, testing

MAPS = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
BOXES = np.array([[0.0, 3, 17, 20], [8, 8, 8, 8], [-9, 2, 60, 31]], "float32")
BOXES = np.stack([BOXES, BOXES[::-1] + 2])
EACH = pytest.mark.parametrize(
    "cls, options, function",
    [
        (layers.RoIAlign, {"samples": 3}, ops.roi_align),
        (layers.RoIPooling, {}, ops.roi_pool),
    ],
)


@EACH
def test_is_its_function(cls, options, function):
    layer = cls((2, 4), 8, **options)
    want = function(MAPS, BOXES, (2, 4), 8, **options)
    np.testing.assert_array_equal(layer(MAPS, BOXES), want)
    symbols = keras.Input((5, 6, 3)), keras.Input((None, 4))
    model = keras.Model(symbols, layer(*symbols))
    assert model.output_shape == (None, None, 2, 4, 3)
    answer = model.predict([MAPS, BOXES], verbose=0)
    np.testing.assert_allclose(answer, want, atol=1e-6)


def test_maps_of_open_size():
    symbols = keras.Input((None, None, 3)), keras.Input((3, 4))
    model = keras.Model(symbols, layers.RoIAlign(2, 8)(*symbols))
    assert model.output_shape == (None, 3, 2, 2, 3)
    answer = model.predict([MAPS, BOXES], verbose=0)
    np.testing.assert_allclose(
        answer, ops.roi_align(MAPS, BOXES, 2, 8), atol=1e-6
    )
    with pytest.raises(ValueError, match="`maps` must have a known height"):
        layers.RoIPooling(2, 8)(*symbols)


@EACH
def test_boxes_stay_precise_in_half_precision(cls, options, function):
    """Between 256 and 512 bfloat16 has even pixels alone."""
    maps = np.random.default_rng(1).normal(size=(1, 4, 50, 2))
    maps = keras.ops.cast(maps, "bfloat16")
    boxes = np.array([[[301.0, 3, 333, 20]]], "float32")
    layer = cls(3, 8, **options, dtype="mixed_bfloat16")
    answer = layer(keras.ops.cast(maps, "float32"), boxes)
    assert keras.backend.standardize_dtype(answer.dtype) == "bfloat16"
    want = function(maps, boxes, 3, 8, **options)
    np.testing.assert_array_equal(
        *(keras.ops.convert_to_numpy(x).astype(float) for x in (answer, want))
    )


@EACH
def test_what_it_refuses(cls, options, function):
    with pytest.raises(ValueError, match="`size` must be .*Received: size=0"):
        cls(0, 8, **options)
    with pytest.raises(ValueError, match="`stride` must be .*Received: str"):
        cls(2, 0, **options)
    if options:
        with pytest.raises(ValueError, match="`samples` must be 1 or more"):
            cls(2, 8, samples=0)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the check wants arrays"
)
@EACH
def test_contract(cls, options, function):
    testing.check_layer(
        cls,
        init_kwargs={"size": (2, 4), "stride": (8, 4), **options},
        inputs=MAPS,
        call_kwargs={"boxes": BOXES},
        expected_output_shape=(2, 3, 2, 4, 3),
        expected_num_trainable_weights=0,
        trains=False,
    )
