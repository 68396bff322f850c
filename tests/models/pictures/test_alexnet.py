import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models


def shapes(model):
    return {layer.name: layer.output.shape[1:] for layer in model.layers}


def test_shapes_of_the_paper():
    found = shapes(models.AlexNet(classes=2, width=1 / 32))
    sides = {"conv1": 55, "pool1": 27, "conv2": 27, "pool2": 13}
    sides |= {"conv3": 13, "conv4": 13, "conv5": 13, "pool5": 6}
    assert {name: found[name][0] for name in sides} == sides
    assert found["pool5"] == (6, 6, 8)


def test_parameters_of_each_layer():
    with keras.StatelessScope(initialize_variables=False):
        one, two = (models.AlexNet(groups=groups) for groups in (1, 2))
    keras.utils.clear_session(free_memory=False)
    docs = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in models.AlexNet.__doc__.splitlines()
        if line.count("|") == 5
    ]
    docs = {row[0].split(",")[0]: row[2:] for row in docs}
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"):
        counts = [m.get_layer(name).count_params() for m in (one, two)]
        assert [f"{count:,}" for count in counts] == docs[name]


def test_each_group_sees_its_own_half():
    model = models.AlexNet((67, 67, 1), 2, groups=2, width=1 / 16)
    layer = model.get_layer("conv2")
    x = np.random.default_rng(0).normal(size=(1, 7, 7, 6)).astype("float32")
    expected = [
        tf.nn.conv2d(half, kernel, 1, "SAME")
        for half, kernel in zip(
            np.split(x, 2, axis=-1),
            np.split(np.array(layer.kernel), 2, axis=-1),
            strict=True,
        )
    ]
    np.testing.assert_allclose(
        layer(x), np.concatenate(expected, axis=-1), atol=1e-5
    )


def test_normalises_after_relu_and_pools_with_overlap():
    model = models.AlexNet((67, 67, 1), 2, width=1 / 32)
    names = [layer.name for layer in model.layers]
    start = names.index("conv1")
    assert names[start : start + 4] == ["conv1", "conv1_relu", "norm1", "pool1"]
    pool = model.get_layer("pool1")
    assert (pool.pool_size, pool.strides) == ((3, 3), (2, 2))


def test_smallest_picture():
    model = models.AlexNet((67, 67, 1), 2, width=1 / 32)
    assert model.get_layer("pool5").output.shape == (None, 1, 1, 8)
    with pytest.raises(ValueError, match="at least 67×67"):
        models.AlexNet((66, 67, 1))


def test_options():
    model = models.AlexNet((67, 67, 1), 2, dropout=(0.5, 0.0), width=1 / 32)
    assert model.get_layer("fc6_drop").rate == 0.5
    assert "fc7_drop" not in shapes(model)
    features = models.AlexNet(
        (67, 67, 1), include_top=False, pooling="max", width=1 / 32
    )
    assert features.output_shape == (None, 8)
    assert "fc6" not in shapes(features)
