import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from kerasnotes import models


def conv(x, w, b):
    windows = sliding_window_view(x, w.shape[:2], axis=(1, 2))
    return np.einsum("nhwcij,ijcf->nhwf", windows, w) + b


def pool(x, reduce):
    n, h, w, c = x.shape
    x = x[:, : h // 2 * 2, : w // 2 * 2]
    return reduce(x.reshape(n, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def lenet(weights, x, g, reduce):
    for i in range(0, 4, 2):
        x = pool(g(conv(x, weights[i], weights[i + 1])), reduce)
    x = x.reshape(len(x), -1)
    for i in range(4, 8, 2):
        x = g(x @ weights[i] + weights[i + 1])
    return x @ weights[8] + weights[9]


def relu(z):
    return np.maximum(z, 0)


@pytest.mark.parametrize(
    ("name", "shape", "g", "reduce"),
    [
        ("lenet5", (32, 32, 1), np.tanh, np.mean),
        ("lenet5_teaching", (32, 32, 3), relu, np.max),
        ("lenet5_teaching", (21, 34, 2), relu, np.max),
    ],
)
def test_against_numpy(name, shape, g, reduce):
    keras.utils.set_random_seed(0)
    model = models.build(name, shape, 5, mean=128.0, std=64.0)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.name == "bias":
            weight.assign(rng.normal(size=weight.shape, scale=0.1))
    x = rng.integers(0, 256, (3, *shape)).astype("float32")
    expected = lenet(model.get_weights(), (x - 128.0) / 64.0, g, reduce)
    np.testing.assert_allclose(model(x), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "arguments", "counts"),
    [
        ("lenet5", {}, [156, 2416]),
        ("lenet5_teaching", {}, [456, 2416]),
        ("lenet5_teaching", {"filters": (8, 16)}, [608, 3216]),
    ],
)
def test_parameters_of_each_layer(name, arguments, counts):
    model = models.build(name, **arguments)
    found = [x.count_params() for x in model.layers if x.weights]
    assert found == [*counts, 48120, 10164, 850]
    rebuilt = type(model).from_config(model.get_config())
    assert rebuilt.count_params() == model.count_params()


@pytest.mark.parametrize("filters", [(6,), (6, 0), (6, 16, 32)])
def test_filters_are_those_of_two_convolutions(filters):
    with pytest.raises(ValueError, match="`filters` must be two numbers"):
        models.LeNet5(filters=filters)


def test_smallest_picture():
    model = models.LeNet5((16, 16, 1))
    assert model.get_layer("pool_2").output.shape == (None, 1, 1, 16)
    with pytest.raises(ValueError, match="at least 16×16"):
        models.LeNet5((16, 15, 1))


def test_options():
    model = models.LeNet5(batch_norm=True, dropout=(0.1, 0.5))
    norms = [n for n in (i.name for i in model.layers) if n.endswith("_norm")]
    assert norms == [
        "conv_1_norm",
        "conv_2_norm",
        "dense_1_norm",
        "dense_2_norm",
    ]
    assert model.get_layer("dense_2_drop").rate == 0.5
    assert not model.get_layer("conv_1").use_bias


def test_teaching_variant_is_lenet_with_other_choices():
    model = models.build("lenet5_teaching")
    assert isinstance(model, models.LeNet5)
    assert isinstance(model.get_layer("pool_1"), keras.layers.MaxPooling2D)
