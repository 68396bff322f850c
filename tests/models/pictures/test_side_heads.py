"""Side heads add to the loss in training, and to nothing else."""

import keras
import numpy as np
import pytest

from kerasnotes import models
from kerasnotes.models.pictures import side_heads

PENALTY = keras.regularizers.L2(0.1)


def heads(seed=0):
    """Return a classifier, and the logits of two heads on its layers."""
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((4,))
    sides = []
    for i in range(2):
        x = keras.layers.Dense(5, "tanh", kernel_regularizer=PENALTY)(x)
        sides.append(keras.layers.Dense(3, name=f"side_{i}")(x))
    return keras.Model(inputs, keras.layers.Dense(3, name="logits")(x)), sides


def data(examples=8):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(examples, 4)).astype("float32")
    weights = rng.uniform(0.5, 1.5, examples).astype("float32")
    return x, rng.integers(0, 3, examples), weights


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    "loss", [cross_entropy(), "sparse_categorical_crossentropy"]
)
def test_learns_as_a_model_of_three_outputs(loss):
    x, y, w = data()
    main, sides = heads()
    found = side_heads.WithSideHeads(main, sides)
    found.compile(keras.optimizers.SGD(0.5), loss, metrics=["accuracy"])
    main, sides = heads()
    expected = keras.Model(main.input, [main.output, *sides])
    expected.compile(
        keras.optimizers.SGD(0.5),
        [loss] * 3,
        loss_weights=[1.0, 0.3, 0.3],
        jit_compile=False,
    )
    options = {"epochs": 2, "batch_size": 4, "shuffle": False, "verbose": 0}
    logs = found.fit(x, y, sample_weight=w, **options).history
    history = expected.fit(x, [y] * 3, sample_weight=[w] * 3, **options).history
    assert set(logs) == {"loss", "accuracy"}
    np.testing.assert_allclose(logs["loss"], history["loss"], rtol=1e-5)
    for a, b in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_served_as_the_main_head_alone():
    x, y, w = data()
    main, sides = heads()
    model = side_heads.WithSideHeads(main, sides)
    for one in (model, main):
        one.compile(
            "sgd",
            cross_entropy(),
            weighted_metrics=["accuracy"],
            jit_compile=False,
        )
    np.testing.assert_array_equal(model(x), main(x))
    np.testing.assert_array_equal(
        model.predict(x, verbose=0), main.predict(x, verbose=0)
    )
    found, expected = (
        one.evaluate(x, y, sample_weight=w, verbose=0, return_dict=True)
        for one in (model, main)
    )
    assert found == pytest.approx(expected)
    assert [len(outputs) for outputs in model(x, training=True)] == [8] * 3


def test_main_learns_with_it():
    x, y, _ = data()
    main, sides = heads()
    model = side_heads.WithSideHeads(main, sides)
    before = main.get_weights()
    model.compile("sgd", cross_entropy())
    model.train_on_batch(x, y)
    assert model.main is main
    assert len(model.weights) == len(main.weights) + 4
    for a, b in zip(before, main.get_weights(), strict=True):
        assert not np.array_equal(a, b)


def test_reloads(tmp_path):
    model = models.GoogLeNet((32, 32, 1), 3, width=0.05).with_side_heads()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.main, models.GoogLeNet)
    x = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1))
    np.testing.assert_array_equal(loaded(x), model(x))
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
