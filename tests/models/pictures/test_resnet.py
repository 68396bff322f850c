import keras
import numpy as np
import pytest

from kerasnotes import layers, models

SMALL = {
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "plain20": 269_722,
    "plain56": 853_018,
}
# torchvision's.
LARGE = {"resnet18": 11_689_512, "resnet34": 21_797_672}
TINY = {"width": 0.25, "input_shape": (12, 8, 3)}


def pictures(model, n=2):
    rng = np.random.default_rng(1)
    shape = (n, *model.input_shape[1:])
    return rng.integers(0, 256, shape).astype("float32")


@pytest.mark.parametrize(("name", "count"), (SMALL | LARGE).items())
def test_trainable_parameters(name, count):
    model = models.build(name)
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == count


def test_plain_has_the_layers_and_no_shortcut():
    residual, plain = models.ResNet20((8, 8, 3)), models.Plain20((8, 8, 3))
    extra = {i.name for i in residual.layers} - {i.name for i in plain.layers}
    added = [f"conv{i}_block{j}_add" for i in (2, 3, 4) for j in (1, 2, 3)]
    padded = ["conv3_block1_0_pad", "conv4_block1_0_pad"]
    assert {n for n in extra if "input" not in n} == {*added, *padded}


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("resnet20", [((32, 32, 16), 4), ((16, 16, 32), 3), ((8, 8, 64), 3)]),
        (
            "resnet18",
            [
                ((112, 112, 64), 1),
                ((56, 56, 64), 2),
                ((28, 28, 128), 2),
                ((14, 14, 256), 2),
                ((7, 7, 512), 2),
            ],
        ),
    ],
)
def test_blocks(name, sizes):
    model = models.build(name)
    shapes = [model.get_layer(n).output.shape[1:] for n in model.blocks]
    assert shapes == [shape for shape, n in sizes for _ in range(n)]
    features = model.features().output
    assert [f.shape[1:] for f in features.values()] == [s for s, _ in sizes]


def test_version_moves_the_stride():
    for version, expected in {"v1": [2, 1], "v1.5": [1, 2]}.items():
        model = models.build(
            "resnet50",
            (32, 32, 3),
            include_top=False,
            version=version,
            width=0.1,
        )
        names = ("conv4_block1_1_conv", "conv4_block1_2_conv")
        assert [model.get_layer(n).strides[0] for n in names] == expected
        assert model.output_shape == (None, 1, 1, 204)


def test_options():
    arguments = {"width": 0.5, "dropout": 0.3, "classes": 3}
    model = models.build("resnet32", (28, 28, 1), **arguments)
    assert model.output_shape == (None, 3)
    assert model.get_layer("conv4_block5_2_conv").filters == 32
    assert model.get_layer("avg_pool_drop").rate == pytest.approx(0.3)
    for pooling, shape in {
        None: (None, 3, 2, 16),
        "avg": (None, 16),
        "max": (None, 16),
    }.items():
        trunk = models.build(
            "resnet20", include_top=False, pooling=pooling, **TINY
        )
        assert trunk.output_shape == shape


def test_regularisation_is_of_every_kernel():
    model = models.build(
        "resnet20", kernel_regularizer=keras.regularizers.L2(0.1), **TINY
    )
    assert len(model.losses) == 20


def test_trains_and_reloads(tmp_path):
    keras.utils.set_random_seed(0)
    model = models.build("resnet20", mean=[128.0] * 3, std=[64.0] * 3, **TINY)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    x = pictures(model, 4)
    before = model.get_weights()
    model.train_on_batch(x, np.arange(4))
    moved = [
        not np.array_equal(a, b)
        for a, b in zip(before, model.get_weights(), strict=True)
    ]
    assert all(moved)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.blocks == model.blocks
    np.testing.assert_array_equal(loaded(x), model(x))


def test_a_subclass_names_its_own_block():
    class Tanh(layers.IdentityBlock):
        def activation(self, name):
            return keras.layers.Activation("tanh", **self.named(name))

    class TanhNet(models.ResNet):
        identity_block = Tanh

    model = TanhNet((1, 2), filters=4, small=True, input_shape=(8, 8, 1))
    assert [
        model.get_layer(name).activation.__name__ for name in model.blocks
    ] == ["relu", "tanh", "relu", "tanh"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("resnet20", {"input_shape": (3, 9, 1)}, "4×4. Received: input_shape="),
        ("resnet18", {"input_shape": (31, 32, 3)}, "at least 32×32. Received"),
        ("resnet18", {"input_shape": (64,)}, "Received: input_shape=(64,)"),
        ("resnet20", {"pooling": "min"}, "Received: pooling='min'"),
        ("resnet20", {"shortcut": "long"}, "Received: shortcut='long'"),
        ("resnet18", {"version": "v2"}, "Received: version='v2'"),
        ("resnet20", {"dropout": 1}, "Received: dropout=1"),
        ("resnet20", {"dropout": [0.5, 0.5]}, "Received: dropout=[0.5"),
    ],
)
def test_refuses(name, arguments, message):
    with pytest.raises(ValueError) as caught:
        models.build(name, **arguments)
    assert message in str(caught.value)
