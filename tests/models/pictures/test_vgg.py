import keras
import numpy as np
import pytest

from kerasnotes import models


def at_random(model):
    rng = np.random.default_rng(0)
    for weight in model.weights:
        scale = 0.1
        if weight.name == "kernel":
            scale = (2 / np.prod(weight.shape[:-1])) ** 0.5
        weight.assign(rng.normal(size=weight.shape, scale=scale))


def check_published(name, published, side, **arguments):
    theirs = published(
        weights=None,
        input_shape=(side, side, 3),
        classifier_activation=None,
        **arguments,
    )
    at_random(theirs)
    ours = models.build(name, (side, side, 3), **arguments)
    for layer in theirs.layers:
        if layer.weights:
            own = "logits" if layer.name == "predictions" else layer.name
            ours.get_layer(own).set_weights(layer.get_weights())
    assert ours.count_params() == theirs.count_params()
    x = np.random.default_rng(1).uniform(-128, 128, (2, side, side, 3))
    found, expected = (
        np.array(model(x.astype("float32"))) for model in (ours, theirs)
    )
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "published", "arguments"),
    [
        ("vgg16", keras.applications.VGG16, {"classes": 7}),
        (
            "vgg19",
            keras.applications.VGG19,
            {"include_top": False, "pooling": "avg"},
        ),
    ],
)
def test_against_keras_applications(name, published, arguments):
    check_published(name, published, 32, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [16, 19])
def test_published_size_against_keras_applications(depth):
    published = getattr(keras.applications, f"VGG{depth}")
    check_published(f"vgg{depth}", published, 224)


def test_features_need_no_dense_layer():
    model = models.VGG16((32, 32, 3), include_top=False, width=0.1)
    kinds = {type(layer) for layer in model.layers if layer.weights}
    assert kinds == {keras.layers.Conv2D}


def test_taps():
    model = models.VGG19((64, 64, 3), include_top=False, width=0.1)
    found = {n: t.shape[1] for n, t in model.features().output.items()}
    names = [f"block{i}_pool" for i in range(1, 6)]
    assert found == dict(zip(names, (32, 16, 8, 4, 2), strict=True))


def test_batch_norm_stands_between_convolution_and_relu():
    model = models.VGG16((32, 32, 3), 2, batch_norm=True, width=0.1)
    names = [layer.name for layer in model.layers]
    norms = [i for i, n in enumerate(names) if n.endswith("_norm")]
    assert len(norms) == 13
    for i in norms:
        conv = names[i].removesuffix("_norm")
        assert (names[i - 1], names[i + 1]) == (conv, f"{conv}_relu")
        assert not model.get_layer(conv).use_bias


def test_smallest_picture():
    with pytest.raises(ValueError, match="at least 32×32"):
        models.VGG16((32, 31, 3))
