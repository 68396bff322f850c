"""Every network trains, folds its batch norm, and serves the same answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import models
from kerasnotes.tasks import classify
from kerasnotes.training import runner
from kerasnotes.training.serve import folding
from tests.support import runs

# Name, flags at its smallest, and whether its family has a smaller one.
NETWORKS = [
    ("alexnet", {"image_size": 67, "width": 0.1}, False),
    ("darknet_small", {"image_size": 32, "width": 0.25}, False),
    ("googlenet", {"image_size": 32, "width": 0.25}, False),
    ("mobilenet", {"image_size": 32, "width": 0.25}, True),
    ("mobilenet_v2", {"image_size": 32, "width": 0.35}, False),
    ("nin", {"image_size": 8, "width": 0.25}, False),
    ("plain20", {"image_size": 8}, True),
    ("plain56", {"image_size": 8}, True),
    ("resnet101", {"image_size": 32}, True),
    ("resnet110", {"image_size": 8}, True),
    ("resnet152", {"image_size": 32}, True),
    ("resnet18", {"image_size": 32, "width": 0.25}, False),
    ("resnet20", {"image_size": 8}, False),
    ("resnet32", {"image_size": 8}, True),
    ("resnet34", {"image_size": 32}, True),
    ("resnet44", {"image_size": 8}, True),
    ("resnet50", {"image_size": 32, "width": 0.25}, True),
    ("resnet56", {"image_size": 8}, True),
    ("vgg16", {"image_size": 32, "width": 0.1}, False),
    ("vgg19", {"image_size": 32}, True),
]
OLDER = ("lenet5", "lenet5_teaching", "linear_regression",
         "logistic_regression", "mlp", "softmax_regression")  # fmt: skip


def test_every_network_is_here():
    assert {name for name, *_ in NETWORKS} == set(
        models.names("pictures")
    ) - set(OLDER)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        pytest.param(
            name, flags, id=name, marks=[pytest.mark.slow] if again else []
        )
        for name, flags, again in NETWORKS
    ],
)
def test_train_and_serve(name, flags, tmp_path, monkeypatch):
    # The report is no network's own.
    monkeypatch.setattr(classify.Classify, "review", lambda *_: [])
    drops = "dropout" in models.arguments_of(name)
    given = {
        "model": name,
        "run_dir": str(tmp_path),
        "dataset": "digits",
        "split": "train[:80],dev[80:100]",
        "batch_size": 20,
        "epochs": 1,
        "learning_rate": 1e-4,
        "fold_batch_norm": True,
        **({"dropout": "0.1"} if drops else {}),
        **flags,
    }
    with runs.no_page():
        metrics = runner.run(classify.Classify, given, [], "trainers.classify")
    assert np.isfinite(metrics["dev"]["loss"])
    model = models.load(tmp_path / "model.keras")
    served = tf.saved_model.load(str(tmp_path / "saved_model"))
    side = flags["image_size"]
    x = np.random.default_rng(0).uniform(0, 255, (3, side, side, 1))
    x = x.astype("float32")
    got = served.signatures["model_inputs"](pixels=tf.constant(x))
    want = keras.ops.softmax(model(x, training=False))
    np.testing.assert_allclose(got["probabilities"], want, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "size", "more"),
    [
        ("googlenet", 32, {"batch_norm": True}),
        ("mobilenet", 32, {"width": 0.25}),
        ("mobilenet_v2", 32, {"width": 0.35}),
        ("nin", 8, {"batch_norm": True}),
        ("plain20", 8, {}),
        ("resnet18", 32, {"width": 0.25}),
        ("resnet20", 8, {}),
        ("resnet20", 8, {"shortcut": "projection"}),
        ("resnet50", 32, {"width": 0.25}),
        ("vgg16", 32, {"batch_norm": True, "width": 0.1}),
    ],
)
@pytest.mark.filterwarnings("error:batch norm stays")
def test_every_batch_norm_folds(name, size, more):
    keras.utils.set_random_seed(0)
    model = models.build(name, (size, size, 3), 10, **more)
    model = getattr(model, "main", model)
    rng = np.random.default_rng(0)
    norms = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert norms
    for norm in norms:
        norm.set_weights(
            [rng.uniform(0.5, 1.5, w.shape) for w in norm.get_weights()]
        )
    folded = folding.fold_batch_norm(model)
    left = [
        layer.name
        for layer in folded.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert not left
    x = rng.uniform(0, 255, (2, size, size, 3)).astype("float32")
    want = model(x, training=False)
    scale = float(np.abs(want).max())
    np.testing.assert_allclose(folded(x) / scale, want / scale, atol=1e-4)
