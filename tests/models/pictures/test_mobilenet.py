import keras
import pytest

from kerasnotes import models

APPLICATIONS = {
    "mobilenet": keras.applications.MobileNet,
    "mobilenet_v2": keras.applications.MobileNetV2,
}
TINY = {"input_shape": (32, 32, 1), "classes": 5, "width": 0.25}
each_model = pytest.mark.parametrize("name", APPLICATIONS)


def shapes(model):
    return {
        layer.name: [tuple(weight.shape) for weight in layer.weights]
        for layer in model.layers
        if layer.weights
    }


@each_model
@pytest.mark.parametrize("width", [0.35, 0.75, 1.4])
def test_layers_are_those_of_keras_applications(name, width):
    ours = shapes(
        models.build(name, (32, 32, 3), width=width, include_top=False)
    )
    theirs = APPLICATIONS[name](
        weights=None, input_shape=(32, 32, 3), alpha=width, include_top=False
    )
    assert ours == shapes(theirs)


@pytest.mark.parametrize(
    ("name", "blocks", "widths"),
    [
        ("mobilenet", 14, [16, 32, 64, 128, 256]),
        # The last is the 1×1 convolution's.
        ("mobilenet_v2", 19, [8, 8, 8, 24, 1280]),
    ],
)
def test_blocks_and_features(name, blocks, widths):
    model = models.build(name, (64, 64, 3), width=0.25)
    assert len(model.blocks) == blocks
    found = model.features().output.values()
    sides = (32, 16, 8, 4, 2)
    assert [f.shape[1:] for f in found] == [
        (side, side, width) for side, width in zip(sides, widths, strict=True)
    ]


@each_model
def test_options(name):
    model = models.build(name, dropout=0.3, **TINY)
    assert model.output_shape == (None, 5)
    assert model.get_layer("avg_pool_drop").rate == pytest.approx(0.3)
    channels = {"mobilenet": 256, "mobilenet_v2": 1280}[name]
    for pooling, maps in ((None, (1, 1)), ("max", ())):
        trunk = models.build(name, include_top=False, pooling=pooling, **TINY)
        assert trunk.output_shape == (None, *maps, channels)


@each_model
def test_regularisation_is_of_every_kernel_but_the_depthwise(name):
    penalty = keras.regularizers.L2(0.1)
    model = models.build(name, kernel_regularizer=penalty, **TINY)
    kernels = [w for w in model.trainable_weights if w.name == "kernel"]
    depthwise = sum(
        isinstance(layer, keras.layers.DepthwiseConv2D)
        for layer in model.layers
    )
    assert depthwise in (13, 17)
    assert len(model.losses) == len(kernels) - depthwise


@each_model
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (31, 32, 3)}, "at least 32×32. Received"),
        ({"pooling": "min"}, "Received: pooling='min'"),
        ({"dropout": 1}, "Received: dropout=1"),
        ({"dropout": [0.5, 0.5]}, "Received: dropout=[0.5"),
    ],
)
def test_refuses(name, arguments, message):
    with pytest.raises(ValueError) as caught:
        models.build(name, **(TINY | arguments))
    assert message in str(caught.value)
