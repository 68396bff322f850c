import json
import urllib.request
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from kerasnotes import models
from tests.support import forks

SHAPE = (32, 32, 3)
SMALL = {"width": 0.25, "input_shape": SHAPE}
slow = pytest.mark.slow


def randomised(model):
    """Give every weight and statistic a value that keeps the scale."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if weight.name == "kernel":
            # Of a depthwise kernel too few, which batch norm makes good.
            scale = np.prod(weight.shape[:-1]) ** -0.5
            value = scale * rng.standard_normal(weight.shape, "float32")
        elif weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, weight.shape)
        else:
            value = rng.normal(0, 0.1, weight.shape)
        weight.assign(value)
    return model


def application(cls, alpha=None, **arguments):
    """Return a model of keras.applications with weights drawn at random."""
    options = {} if alpha is None else {"alpha": alpha}
    cls = getattr(keras.applications, cls)
    arguments = {"input_shape": SHAPE, "classes": 7} | arguments
    if arguments.get("include_top", True):
        arguments["classifier_activation"] = None
    return randomised(cls(weights=None, **options, **arguments))


def pictures(shape=SHAPE):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (2, *shape)).astype("float32")


def values(model, names=None):
    return {
        layer.name: layer.get_weights()
        for layer in model.layers
        if layer.weights and (names is None or layer.name in names)
    }


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        for x, y in zip(a[name], b[name], strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def mobile(tmp_path_factory):
    """Return a model of keras.applications, its file, and its old file."""
    model = application("MobileNet", 0.25)
    folder = tmp_path_factory.mktemp("weights")
    new, old = folder / "new.weights.h5", folder / "old.h5"
    model.save_weights(new)
    with h5py.File(old, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return model, str(new), str(old)


@pytest.mark.parametrize(
    ("name", "cls", "package", "shape", "width"),
    [
        ("mobilenet", "MobileNet", "mobilenet", (64, 96, 3), 0.25),
        ("mobilenet_v2", "MobileNetV2", "mobilenet_v2", (35, 48, 3), 0.35),
        ("resnet50", "ResNet50", "resnet", (33, 40, 3), None),
        pytest.param("vgg16", "VGG16", "vgg16", SHAPE, None, marks=slow),
        pytest.param(
            "resnet101", "ResNet101", "resnet", SHAPE, None, marks=slow
        ),
        pytest.param(
            "resnet152", "ResNet152", "resnet", SHAPE, None, marks=slow
        ),
        pytest.param("vgg19", "VGG19", "vgg19", SHAPE, None, marks=slow),
    ],
)
def test_answers_as_keras_applications(
    name, cls, package, shape, width, tmp_path
):
    theirs = application(cls, width, input_shape=shape)
    path = str(tmp_path / "a.weights.h5")
    theirs.save_weights(path)
    arguments = {} if width is None else {"width": width}
    ours = models.build(name, shape, classes=7, weights=path, **arguments)
    x = pictures(shape)
    preprocess = getattr(keras.applications, package).preprocess_input
    expected = np.asarray(theirs(preprocess(x.copy()), training=False))
    assert expected.std() > 0.01
    np.testing.assert_allclose(
        np.asarray(ours(x, training=False)) / expected.std(),
        expected / expected.std(),
        atol=1e-5,
    )


def test_old_file(mobile):
    theirs, _, path = mobile
    ours = models.build("mobilenet", classes=7, weights=path, **SMALL)
    assert ours.left_out == ()
    np.testing.assert_allclose(
        ours(pictures(), training=False),
        theirs(pictures() / 127.5 - 1, training=False),
        atol=1e-5,
    )


def test_old_file_with_other_names(tmp_path):
    theirs = application("MobileNet", 0.25, include_top=False)

    def renamed(layer):
        config = layer.get_config()
        return layer.from_config(config | {"name": f"old_{config['name']}"})

    copy = keras.models.clone_model(theirs, clone_function=renamed)
    copy.set_weights(theirs.get_weights())
    with h5py.File(tmp_path / "old.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, copy)
    ours = models.build("mobilenet", weights=str(tmp_path / "old.h5"), **SMALL)
    assert_same(values(ours, values(theirs)), values(theirs))


def test_without_head(tmp_path):
    theirs = application("VGG16", include_top=False)
    path = str(tmp_path / "notop.weights.h5")
    theirs.save_weights(path)
    kernel, bias = theirs.get_layer("block1_conv1").get_weights()
    for include_top, new in ((True, ("fc1", "fc2", "logits")), (False, ())):
        ours = models.build(
            "vgg16", SHAPE, weights=path, include_top=include_top
        )
        assert ours.left_out == new
        copied = values(ours, values(theirs))
        first = copied["block1_conv1"]
        np.testing.assert_array_equal(first[0], kernel[:, :, ::-1])
        copied["block1_conv1"] = [kernel, bias]
        assert_same(copied, values(theirs))


def test_dense_layers_of_another_size_are_left_out(tmp_path):
    path = str(tmp_path / "a.weights.h5")
    arguments = {"width": 0.125, "classes": 7}
    models.build("vgg16", (64, 64, 3), **arguments).save_weights(path)
    ours = models.build("vgg16", SHAPE, weights=path, **arguments)
    assert ours.left_out == ("fc1", "fc2", "logits")


def test_own_model_brings_its_normalisation(tmp_path):
    path = str(tmp_path / "model.keras")
    given = {"mean": [1.0, 2.0, 3.0], "std": [4.0, 5.0, 6.0]}
    own = randomised(models.build("mobilenet", classes=7, **given, **SMALL))
    own.save(path)
    ours = models.build(
        "mobilenet",
        classes=5,
        mean=[9.0] * 3,
        std=[9.0] * 3,
        weights=path,
        **SMALL,
    )
    assert {k: ours.get_config()[k] for k in given} == given
    assert ours.left_out == ("logits",)
    np.testing.assert_allclose(
        ours.features()(pictures())["conv_pw_13_relu"],
        own.features()(pictures())["conv_pw_13_relu"],
        atol=1e-6,
    )
    # What a trunk learns from is the same with and without its head.
    trunk = models.build("mobilenet", weights=path, include_top=False, **SMALL)
    assert_same(values(trunk), values(own, values(trunk)))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "mobilenet",
            {"width": 0.5},
            "conv1 is (3, 3, 3, 8) there, (3, 3, 3, 16) here",
        ),
        (
            "mobilenet",
            {"input_shape": (32, 32, 1)},
            "conv1 is (3, 3, 3, 8) there, (3, 3, 1, 8) here",
        ),
        ("mobilenet_v2", {}, "Conv1 is absent there, (3, 3, 3, 8) here"),
    ],
)
def test_misfit(mobile, name, arguments, message):
    _, path, _ = mobile
    with pytest.raises(ValueError) as caught:
        models.build(name, weights=path, **(SMALL | arguments))
    assert f"`weights`={path}: doesn't hold the weights of {name}" in str(
        caught.value
    )
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deeper_network_does_not_fit(tmp_path):
    path = str(tmp_path / "a.weights.h5")
    arguments = {"input_shape": (8, 8, 3), "width": 0.25}
    models.build("resnet32", **arguments).save_weights(path)
    for include_top in (True, False):
        with pytest.raises(ValueError, match="absent here"):
            models.build(
                "resnet20", weights=path, include_top=include_top, **arguments
            )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"not HDF5", "doesn't hold weights that can be read"),
    ],
)
def test_unreadable(tmp_path, content, message):
    path = tmp_path / "bad.weights.h5"
    if content:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"bad.weights.h5: {message}"):
        models.build("lenet5", weights=str(path))


@pytest.mark.parametrize("broken", ["bits", "config", "mean"])
def test_a_file_that_was_harmed(tmp_path, broken):
    own = models.build("softmax_regression", (8, 8, 1), mean=[1.0], std=[2.0])
    own.save(tmp_path / "own.keras")
    with zipfile.ZipFile(tmp_path / "own.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if broken == "config":
        parts["config.json"] = b"[1]"
    if broken == "mean":
        config = json.loads(parts["config.json"])
        config["config"] |= {"mean": [1, 2, 3], "std": [1, 2, 3]}
        parts["config.json"] = json.dumps(config).encode()
    path = tmp_path / "bad.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    if broken == "bits":
        weights = parts["model.weights.h5"]
        data = path.read_bytes().replace(weights[-64:], bytes(range(64)))
        path.write_bytes(data)
    told = "bad.keras: doesn't hold weights that can be read"
    with pytest.raises(ValueError, match=told):
        models.build("softmax_regression", (8, 8, 1), weights=str(path))


def test_of_anothers_network(tmp_path):
    # Its first layer has no colours to turn around.
    other = keras.Sequential(
        [keras.Input([4]), *(keras.layers.Dense(4) for _ in range(20))]
    )
    path = str(tmp_path / "other.weights.h5")
    other.save_weights(path)
    with pytest.raises(ValueError, match="h5: doesn.t hold weights that"):
        models.build("vgg16", SHAPE, weights=path, width=0.1)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("lenet5", (32, 32, 3), "none of lenet5; there are of mobilenet, mob"),
        ("mobilenet", (32, 32, 1), "in colour, and these have 1 channel"),
        ("mobilenet", SHAPE, "alpha can be one of"),
    ],
)
def test_imagenet_has_none(name, shape, message):
    width = {"width": 0.3} if name == "mobilenet" else {}
    with pytest.raises(ValueError) as caught:
        models.build(name, shape, weights="imagenet", **width)
    assert str(caught.value).startswith("`weights`=imagenet: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_imagenet_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    # Nothing listens there.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)
    with pytest.raises(ValueError) as caught:
        models.build("mobilenet", weights="imagenet", **SMALL)
    message = str(caught.value)
    assert "those of mobilenet can't be downloaded (" in message
    assert "refused" in message
    assert "keras.applications.MobileNet wrote" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("classes", "file"),
    [(1000, "mobilenet_2_5_224_tf.h5"), (7, "mobilenet_2_5_224_tf_no_top.h5")],
)
def test_imagenet(tmp_path, monkeypatch, classes, file):
    theirs = application(
        "MobileNet", 0.25, classes=1000, include_top=classes == 1000
    )
    (tmp_path / "models").mkdir()
    with h5py.File(tmp_path / "models" / file, "w") as cached:
        legacy_h5_format.save_weights_to_hdf5_group(cached, theirs)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    ours = models.build(
        "mobilenet", weights="imagenet", classes=classes, **SMALL
    )
    assert ours.left_out == (() if classes == 1000 else ("logits",))
    assert ours.get_config()["mean"] == [127.5] * 3
    names = values(ours).keys() - {"logits"}
    assert_same(values(ours, names), values(theirs, names))


def test_keras_loads_a_file_after_the_import_alone(tmp_path):
    path, program = tmp_path / "model.keras", tmp_path / "program.py"
    models.build("lenet5", mean=1.0, std=2.0).save(path)
    program.write_text(
        "import keras, kerasnotes.models\n"
        f"print(type(keras.saving.load_model({str(path)!r})).__name__)"
    )
    assert forks.run(program).split() == ["LeNet5"]
