import keras
import numpy as np
import pytest

from kerasnotes import models


def network(**arguments):
    keras.utils.set_random_seed(0)
    return models.NetworkInNetwork((16, 16, 3), 5, width=0.1, **arguments)


def maps(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_1x1_convolution_is_a_dense_layer_at_every_position():
    layers = [
        layer
        for layer in network().layers
        if isinstance(layer, keras.layers.Conv2D)
        and layer.kernel_size == (1, 1)
    ]
    assert len(layers) == 5
    for layer in layers:
        x = maps((2, 4, 3, layer.kernel.shape[2]))
        dense = keras.layers.Dense(layer.filters)
        dense.build(x.shape)
        layer.bias.assign(maps(layer.bias.shape))
        dense.set_weights([layer.kernel[0, 0], layer.bias])
        found = np.array(layer(x))
        np.testing.assert_allclose(found, dense(x), rtol=1e-5, atol=1e-5)
        for i, j in np.ndindex(4, 3):
            np.testing.assert_allclose(
                found[:, i, j], dense(x[:, i, j]), rtol=1e-5, atol=1e-5
            )


def test_logits_are_the_averages_of_class_maps():
    model = network()
    head = model.get_layer("logits")
    head.bias.assign(maps(head.bias.shape))
    class_maps = keras.layers.Conv2D(5, 1)
    x = maps((2, 16, 16, 3))
    last = model.features(["mlpconv3_1x1_1_relu"])(x)["mlpconv3_1x1_1_relu"]
    class_maps.build(last.shape)
    class_maps.set_weights([head.kernel[None, None], head.bias])
    np.testing.assert_allclose(
        model(x), np.mean(class_maps(last), axis=(1, 2)), atol=1e-5
    )


def test_no_dense_layer_but_the_head():
    dense = [
        layer.name
        for layer in network().layers
        if isinstance(layer, keras.layers.Dense)
    ]
    assert dense == ["logits"]


@pytest.mark.parametrize(
    ("pooling", "shape"), [(None, (3, 3, 19)), ("avg", (19,)), ("max", (19,))]
)
def test_features(pooling, shape):
    model = network(include_top=False, pooling=pooling)
    assert model.output_shape == (None, *shape)


def test_options():
    model = network(dropout=(0.1, 0.5), batch_norm=True)
    rates = {
        layer.name: layer.rate
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    }
    assert rates == pytest.approx({"pool1_drop": 0.1, "pool2_drop": 0.5})
    assert sum(layer.name.endswith("_norm") for layer in model.layers) == 8


def test_smallest_picture():
    model = models.NetworkInNetwork((7, 7, 3), 5, width=0.1)
    assert model.get_layer("pool2").output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match="at least 7×7"):
        models.NetworkInNetwork((7, 6, 3))
