import keras
import numpy as np
import pytest

from kerasnotes import models
from kerasnotes.models import network


def normalized(x, mean, std, dtype=None):
    inputs = keras.Input(x.shape[1:])
    outputs = network.normalize(inputs, mean, std, dtype)
    model = keras.Model(inputs, outputs)
    return np.array(model(x))


def test_normalises_per_channel():
    x = np.random.default_rng(0).uniform(0, 255, (2, 3, 3, 2)).astype("float32")
    mean, std = np.array([100.0, 150.0]), np.array([40.0, 70.0])
    found = normalized(x, mean, std)
    np.testing.assert_allclose(found, (x - mean) / std, rtol=1e-4, atol=1e-5)
    found = normalized(x, 100.0, 40.0)
    np.testing.assert_allclose(found, (x - 100) / 40, rtol=1e-4, atol=1e-5)


def test_normalisation_has_no_parameters():
    for arguments in ({}, {"mean": 120.0, "std": 60.0}):
        assert models.LeNet5(**arguments).count_params() == 61_706


def test_constant_channel_is_only_shifted():
    x = np.array([[5.0, 1.0], [9.0, 2.0]], "float32")
    found = normalized(x, [5.0, 1.0], [0.0, 2.0])
    np.testing.assert_allclose(found, [[0, 0], [4, 0.5]], atol=1e-6)


def test_half_precision_normalises_in_float32():
    x = np.array([[131.0]], "float32")
    found = normalized(x, 130.7, 60.1, "mixed_bfloat16")
    np.testing.assert_allclose(found, 0.3 / 60.1, rtol=1e-4)


def test_order_in_a_block():
    model = models.MLP((4,), hidden=(3,), batch_norm=True, dropout=0.2)
    assert [layer.name for layer in model.layers[2:]] == [
        "hidden_1",
        "hidden_1_norm",
        "hidden_1_relu",
        "hidden_1_drop",
        "logits",
    ]
    assert not model.get_layer("hidden_1").use_bias


def test_dropout_per_layer():
    model = models.MLP((4,), hidden=(3, 3, 3), dropout=(0.2, 0.0, 0.5))
    rates = {
        layer.name: layer.rate
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    }
    assert rates == pytest.approx({"hidden_1_drop": 0.2, "hidden_3_drop": 0.5})


def test_only_kernels_are_penalised():
    penalty = keras.regularizers.L2(0.5)
    for model in (
        models.MLP((4,), hidden=(3, 2), kernel_regularizer=penalty),
        models.LeNet5(kernel_regularizer=penalty),
    ):
        kernels = [w for w in model.weights if w.name == "kernel"]
        expected = sum(0.5 * np.sum(np.array(w) ** 2) for w in kernels)
        np.testing.assert_allclose(sum(model.losses), expected, rtol=1e-5)


def test_layers_of_one_shape_start_apart():
    for initializer in ("he", keras.initializers.GlorotUniform()):
        model = models.MLP((3,), hidden=(3, 3), initializer=initializer)
        first, second = (
            np.array(model.get_layer(f"hidden_{i}").kernel) for i in (1, 2)
        )
        assert not np.allclose(first, second)


def test_exports_without_its_arguments(tmp_path):
    model = models.MLP((3,), kernel_regularizer=keras.regularizers.L2(0.1))
    model.export(str(tmp_path / "a"), verbose=False)
    layer = keras.layers.TFSMLayer(str(tmp_path / "a"), call_endpoint="serve")
    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(layer(x), model(x), rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["mlp", "lenet5", "linear_regression", "softmax_regression"]
)
def test_inputs_are_dropped_in_training_alone(name):
    keras.utils.set_random_seed(0)
    model = models.build(
        name, (16, 16, 1), mean=100.0, std=50.0, input_dropout=0.25
    )
    x = np.full((64, 16, 16, 1), 150.0, "float32")
    to_inputs = keras.Model(model.input, model.get_layer("input_drop").output)
    assert (np.array(to_inputs(x, training=False)) == 1).all()
    dropped = np.array(to_inputs(x, training=True))
    # What is left is scaled by 1 / (1 - rate), what is dropped is the mean.
    assert set(np.unique(dropped.round(5))) == {0, np.float32(1.33333)}
    # The share's standard deviation is 0.0034.
    assert abs((dropped == 0).mean() - 0.25) < 0.014
    assert model.from_config(model.get_config()).get_layer("input_drop").rate
    assert "input_drop" not in [
        x.name for x in models.build(name, (16, 16, 1)).layers
    ]


def test_a_rate_of_inputs_is_a_share():
    with pytest.raises(ValueError, match="`input_dropout` must be in"):
        models.MLP((4,), input_dropout=1.0)
