"""What is frozen stays as it is; a cached run is the run without a cache."""

import keras
import numpy as np
import pytest

from kerasnotes import errors, models
from kerasnotes.tasks import classify
from kerasnotes.tasks.pictures import freezing, transfer
from kerasnotes.training import runner
from kerasnotes.training.run import folder as run_folder
from tests.support import runs

SMALL = {"model": "lenet5", "image_size": 16, "batch_norm": True}
FROZEN = {**SMALL, "freeze": "all", "augment": "none", "epochs": 2}


def random_weights(model, seed=0):
    """Give a model weights that nothing makes by itself; return it."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        weights = [rng.uniform(0.1, 0.5, w.shape) for w in layer.weights]
        if "norm" not in layer.name:
            weights = [w * 2 - 0.6 for w in weights]
        layer.set_weights(weights)
    return model


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A network for seven classes, with weights to start from."""
    network = models.build(
        "lenet5", (16, 16, 1), 7, batch_norm=True, mean=[70.0], std=[90.0]
    )
    path = tmp_path_factory.mktemp("source") / "model.keras"
    random_weights(network).save(path)
    return str(path)


def learn(folder, **given):
    """Trains without export and report; returns model and state."""
    flags = FROZEN | given
    _, trained, _ = runs.learn_only(classify.Classify, folder, **flags)
    return trained.model, trained.state


def arrays(model):
    return {w.path: np.asarray(w) for w in model.weights}


def features(folder):
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("features/*")}


def test_blocks_are_frozen_with_all_before_them():
    network = models.build("resnet20", (16, 16, 1), 3)
    transfer.freeze(network, "4")
    end = network.get_layer(network.blocks[3]).output
    before = {x.name for x in keras.Model(network.input, end).layers}
    frozen = {x.name for x in network.layers if not x.trainable}
    assert frozen == before and len(before) < len(network.layers)


def test_frozen_batch_norm_stays_in_fit():
    network = random_weights(models.build("resnet20", (16, 16, 1), 3))
    transfer.freeze(network, "4")
    end = network.get_layer(network.blocks[3]).output
    trunk = keras.Model(network.input, end)
    x = np.random.default_rng(0).uniform(0, 255, (16, 16, 16, 1))
    before, answers = arrays(network), trunk(x, training=True)
    np.testing.assert_array_equal(answers, trunk(x, training=False))
    network.compile("sgd", "mse", jit_compile=False)
    network.fit(x, np.zeros((16, 3)), batch_size=8, verbose=0)
    kept = {w.path for w in trunk.weights}
    for path, value in arrays(network).items():
        assert np.array_equal(value, before[path]) == (path in kept), path


@pytest.mark.parametrize("choice", ["all", "2"])
def test_dropout_by_the_head_is_the_heads(choice):
    network = models.build("mlp", (8, 8, 1), hidden=(6, 5), dropout=0.5)
    transfer.freeze(network, choice)
    rates = [network.get_layer(f"hidden_{i}_drop").rate for i in (1, 2)]
    assert rates == [0.0, 0.5]
    tensor = transfer.features_of(network)
    assert tensor is network.get_layer("hidden_2_relu").output


def test_penalties_leave_frozen_weights_out():
    penalty = keras.regularizers.L2(0.5)
    network = models.build("lenet5", kernel_regularizer=penalty)
    transfer.freeze(network, "3")
    kernels = [network.get_layer(n).kernel for n in ("dense_2", "logits")]
    want = sum(0.5 * np.sum(np.square(kernel)) for kernel in kernels)
    np.testing.assert_allclose(sum(network.losses), want, rtol=1e-5)


@pytest.mark.parametrize(
    "given, told",
    [
        ({"freeze": "some"}, "--freeze=some: give none, all"),
        ({"freeze": "0"}, "--freeze=0: give none, all"),
        ({"weights": "none"}, "--freeze=all: would keep the random"),
        ({"freeze": "9"}, "lenet5 has 8 blocks"),
    ],
)
def test_what_cannot_be_frozen_is_told(source, tmp_path, given, told):
    with pytest.raises(errors.UserError) as caught:
        learn(tmp_path / "run", **{"weights": source, **given})
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize(
    "examples, expected, learning",
    [
        (1_000, "all", ["logits"]),
        (1_001, "2", ["hidden_3", "hidden_4", "logits"]),
        (10_000, "2", ["hidden_3", "hidden_4", "logits"]),
        (
            10_001,
            "none",
            ["hidden_1", "hidden_2", "hidden_3", "hidden_4", "logits"],
        ),
    ],
)
def test_the_training_set_says_what_is_frozen(
    examples, expected, learning, capsys
):
    network = models.build("mlp", (8, 8, 1), hidden=(6, 5, 4, 3))
    choice = freezing.by_size("auto", len(network.blocks), examples)
    assert choice == expected
    told = f"{examples:,} training examples: as --freeze={expected}\n"
    assert told in capsys.readouterr().out
    transfer.freeze(network, choice)
    assert learning == [x.name for x in network.layers if x.trainable_weights]
    # Other choices stay, in silence.
    assert freezing.by_size("3", len(network.blocks), examples) == "3"
    assert not capsys.readouterr().out


def test_a_head_alone_learns_whatever_the_size():
    network = models.build("softmax_regression", (8, 8, 1))
    assert freezing.by_size("auto", len(network.blocks), 10) == "none"


def test_a_head_alone_has_nothing_to_freeze():
    network = models.build("softmax_regression", (8, 8, 1))
    with pytest.raises(errors.UserError, match="has 0 blocks before its head"):
        transfer.freeze(network, "all")


def test_a_cached_run_is_the_run_without(source, tmp_path, monkeypatch):
    given = {"weights": source, "dropout": "0.5", "l2": 3.0}
    one, state = learn(tmp_path / "cached", **given)
    monkeypatch.setattr(transfer, "_caches", lambda *_: False)
    two, uncached = learn(tmp_path / "uncached", **given)
    assert len(features(tmp_path / "cached")) == 2
    assert not features(tmp_path / "uncached")
    theirs = arrays(models.load(source))
    for path, value in arrays(two).items():
        mine = arrays(one)[path]
        np.testing.assert_allclose(mine, value, atol=1e-5, err_msg=path)
        if "logits" in path:
            assert np.abs(mine).max() > 0
        elif "seed_generator" not in path:
            np.testing.assert_array_equal(mine, theirs[path], err_msg=path)
    assert one.get_config()["mean"] == [70.0]
    for row, other in zip(state["history"], uncached["history"], strict=True):
        for name in ("loss", "val_loss", "val_accuracy"):
            np.testing.assert_allclose(row[name], other[name], atol=1e-5)


def test_a_run_that_goes_on_finds_its_features(source, tmp_path):
    place = run_folder.RunFolder(tmp_path, "classify")
    partial = place.output("features", overwrite=False) / ".partial-1-0.npy"
    partial.parent.mkdir()
    partial.write_bytes(b"of a process that was killed")
    given = {"weights": source, "lr_schedule": "constant", "dropout": "0.5"}
    learn(tmp_path, **given, epochs=1)
    kept = features(tmp_path)
    assert len(kept) == 2 and partial.name not in kept
    learn(tmp_path, **given, epochs=2)
    cut = runs.weights(tmp_path)
    learn(tmp_path, **given, epochs=2, overwrite=True)
    whole = runs.weights(tmp_path)
    assert list(cut) == list(whole)
    for name in cut:
        np.testing.assert_array_equal(cut[name], whole[name], err_msg=name)
    assert features(tmp_path) == kept


def test_features_are_those_of_the_pictures(source, tmp_path):
    given = {"weights": source, "overwrite": True, "epochs": 1}
    learn(tmp_path, **given, split="train[:300],dev[300:500],test[500:]")
    before = features(tmp_path)
    split = "train[300:600],dev[:200],test[600:]"
    learn(tmp_path, **given, split=split, dropout="0.5", l2=1.0)
    now = features(tmp_path)
    assert len(before) == len(now) == 2 and not before.keys() & now.keys()


def test_other_frozen_weights_are_another_run(source, tmp_path):
    path = tmp_path / "weights.keras"
    random_weights(models.load(source), seed=1).save(path)
    learn(tmp_path / "run", weights=str(path), epochs=1)
    random_weights(models.load(source), seed=2).save(path)
    with pytest.raises(errors.UserError, match=r"have changed.*frozen_weights"):
        learn(tmp_path / "run", weights=str(path), epochs=2)


def test_augmented_pictures_pass_through_all_layers(source, tmp_path, capsys):
    given = {"weights": source, "augment": "light", "epochs": 1}
    model, _ = learn(tmp_path / "run", **given)
    assert "--augment=none" in capsys.readouterr().out
    assert not features(tmp_path / "run")
    theirs = arrays(models.load(source))
    for path, value in arrays(model).items():
        if "logits" not in path:
            np.testing.assert_array_equal(value, theirs[path], err_msg=path)


def test_a_mirrored_run_evaluates_the_whole_network(source, tmp_path):
    split = "train[:64],dev[64:96],test[96:]"
    given = {"weights": source, "epochs": 1, "split": split}
    model, _ = learn(tmp_path / "run", **given, strategy="mirrored")
    pictures = np.zeros([64, 16, 16, 1])
    assert np.isfinite(model.predict(pictures, verbose=0)).all()


def test_a_whole_run_with_a_learning_curve(source, tmp_path):
    given = {"weights": source, "run_dir": str(tmp_path / "run")}
    given |= {**FROZEN, "learning_curve": "0.3"}
    found = runner.run(classify.Classify, given, [], "trainers.classify")
    points = found["diagnosis"]["learning_curve"]["points"]
    assert [p["size"] for p in points] == [323, 1079]
    # The training sets of the part and of the run, and their dev set.
    assert len(features(tmp_path / "run")) == 3
    model = models.load(tmp_path / "run" / "model.keras")
    assert model.count_params() == found["parameters"]
    assert found["export"]["saved_model"]["largest_difference"] < 1e-4


def test_layers_that_start_anew_are_of_the_head(tmp_path):
    path = tmp_path / "vgg16.keras"
    options = {"classes": 3, "width": 0.02}
    models.build("vgg16", (32, 32, 3), **options).save(path)
    made = models.build("vgg16", (64, 64, 3), weights=str(path), **options)
    assert made.left_out == ("fc1", "fc2", "logits")
    frozen = transfer.freeze(made, "all")
    learn = {v.path.split("/")[0] for v in frozen.trainable_variables}
    assert learn == {"fc1", "fc2", "logits"}
    assert transfer.features_of(frozen) is frozen.get_layer("fc1").input
    count = len(made.blocks)
    with pytest.raises(errors.UserError, match="fc1 starts anew"):
        transfer.freeze(made, str(count))
