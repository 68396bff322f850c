import keras
import numpy as np
import pytest

from kerasnotes import models
from tests.support.graphs import unallocated


def small(**arguments):
    keras.utils.set_random_seed(0)
    return models.GoogLeNet((64, 64, 3), 5, width=0.05, **arguments)


def test_shapes_of_the_paper():
    with unallocated():
        model = models.GoogLeNet()
        found = {layer.name: layer.output.shape[1:] for layer in model.layers}
    # Table 1: the rows in which something changes.
    expected = {
        "conv1": (112, 112, 64),
        "pool1": (56, 56, 64),
        "conv2": (56, 56, 192),
        "pool2": (28, 28, 192),
        "inception_3a_output": (28, 28, 256),
        "inception_3b_output": (28, 28, 480),
        "pool3": (14, 14, 480),
        "inception_4a_output": (14, 14, 512),
        "inception_4b_output": (14, 14, 512),
        "inception_4c_output": (14, 14, 512),
        "inception_4d_output": (14, 14, 528),
        "inception_4e_output": (14, 14, 832),
        "pool4": (7, 7, 832),
        "inception_5a_output": (7, 7, 832),
        "inception_5b_output": (7, 7, 1024),
        "avg_pool": (1024,),
        "logits": (1000,),
    }
    assert {name: found[name] for name in expected} == expected


def test_side_heads_of_the_paper():
    with unallocated():
        model = models.GoogLeNet().with_side_heads()
    assert model.count_params() == 13_378_280
    for name, channels in (("side_1", 512), ("side_2", 528)):
        pool = model.get_layer(f"{name}_pool")
        assert pool.output.shape == (None, 4, 4, channels)
        assert model.get_layer(f"{name}_conv").filters == 128
        assert model.get_layer(f"{name}_dense").units == 1024
        assert model.get_layer(f"{name}_dense_drop").rate == 0.7
        assert model.get_layer(f"{name}_logits").units == 1000
    assert model.side_weight == 0.3


def test_side_heads_share_the_weights_and_stay_apart():
    main = small()
    layers = [layer.name for layer in main.layers]
    model = main.with_side_heads()
    assert [layer.name for layer in main.layers] == layers
    assert not any(name.startswith("side") for name in layers)
    x = np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 3))
    x = x.astype("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1e-4), loss, jit_compile=False)
    learned = ["conv1", "logits"]
    learned += [f"side_{i}_{n}" for i in (1, 2) for n in ("conv", "logits")]
    learned = [model.get_layer(name).kernel for name in learned]
    before = [np.array(kernel) for kernel in learned]
    model.train_on_batch(x, np.arange(4))
    for old, new in zip(before, learned, strict=True):
        assert not np.array_equal(old, new)
    np.testing.assert_array_equal(model(x), main(x))


def test_side_heads_need_a_head():
    with pytest.raises(ValueError, match="Received: include_top=False"):
        small(include_top=False).with_side_heads()


def test_batch_norm_in_place_of_response_normalisation():
    model = small(batch_norm=True)
    convolutions = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert len(convolutions) == 57
    assert not any(layer.use_bias for layer in convolutions)
    names = {layer.name for layer in model.layers}
    assert {f"{layer.name}_norm" for layer in convolutions} <= names
    assert not {"norm1", "norm2"} & names
    assert {"norm1", "norm2"} <= {layer.name for layer in small().layers}


@pytest.mark.parametrize(
    ("pooling", "shape"), [(None, (2, 2, 50)), ("avg", (50,)), ("max", (50,))]
)
def test_features(pooling, shape):
    model = small(include_top=False, pooling=pooling)
    assert model.output_shape == (None, *shape)


def test_smallest_picture():
    model = models.GoogLeNet((32, 32, 1), 2, width=0.05)
    sides = model.with_side_heads()
    assert model.get_layer("inception_5b_output").output.shape[1:3] == (1, 1)
    assert sides.get_layer("side_1_pool").output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match="at least 32×32"):
        models.GoogLeNet((32, 31, 1))
