"""Cross-entropy, against Keras' own."""

import keras
import numpy as np
import pytest

from kerasnotes.losses import Crossentropy

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 9)
LOGITS = RNG.normal(0, 2, (9, 4)).astype("float32")
SHARES = RNG.dirichlet([1] * 4, 9).astype("float32")


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_labels_and_distributions_are_keras(smoothing):
    oracle = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction="none"
    )
    loss = Crossentropy(label_smoothing=smoothing, reduction="none")
    wanted = oracle(np.eye(4)[LABELS], LOGITS)
    for labels in (LABELS, LABELS[:, None]):
        np.testing.assert_allclose(loss(labels, LOGITS), wanted, rtol=1e-5)
    np.testing.assert_allclose(
        loss(SHARES, LOGITS), oracle(SHARES, LOGITS), rtol=1e-5
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_sequences_lose_as_their_labels_do(smoothing):
    loss = Crossentropy(label_smoothing=smoothing, reduction="none")
    wanted = np.reshape(loss(LABELS, LOGITS), (3, 3))
    logits = LOGITS.reshape(3, 3, 4)
    for labels in (LABELS.reshape(3, 3), LABELS.reshape(3, 3, 1)):
        np.testing.assert_allclose(loss(labels, logits), wanted, rtol=1e-6)
    np.testing.assert_allclose(
        loss(np.eye(4)[LABELS.reshape(3, 3)], logits), wanted, rtol=1e-5
    )


@pytest.mark.parametrize("label", [-1, 4])
def test_a_label_of_no_class_is_not_free(label):
    loss = Crossentropy(label_smoothing=0.1, reduction="none")
    found = np.asarray(loss([0, label], LOGITS[:2]))
    assert np.isnan(found).tolist() == [False, True]
    ignoring = Crossentropy(label_smoothing=0.1, ignore_class=label)
    assert np.isfinite(float(ignoring([0, label], LOGITS[:2])))


def test_unsmoothed_labels_are_keras_bit_for_bit():
    oracle = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(Crossentropy()(LABELS, LOGITS)) == float(
        oracle(LABELS, LOGITS)
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_probabilities_are_keras(smoothing):
    oracle = keras.losses.CategoricalCrossentropy(
        label_smoothing=smoothing, reduction="none"
    )
    loss = Crossentropy(False, smoothing, reduction="none")
    chances = keras.ops.convert_to_numpy(keras.ops.softmax(LOGITS))
    wanted = oracle(np.eye(4)[LABELS], chances)
    np.testing.assert_allclose(loss(LABELS, chances), wanted, rtol=1e-5)
    from_logits = Crossentropy(label_smoothing=smoothing, reduction="none")
    np.testing.assert_allclose(from_logits(LABELS, LOGITS), wanted, rtol=1e-4)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
@pytest.mark.parametrize("ignored", [-1, 2])
def test_an_ignored_class_is_keras(reduction, ignored):
    labels = np.where(LABELS == 2, ignored, LABELS).reshape(3, 3)
    logits, weights = LOGITS.reshape(3, 3, 4), np.array([1.0, 2.0, 0.5])
    oracle = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=ignored, reduction=reduction
    )
    loss = Crossentropy(ignore_class=ignored, reduction=reduction)
    for weight in (None, weights[:, None] * np.ones((3, 3))):
        np.testing.assert_allclose(
            loss(labels, logits, weight),
            oracle(labels, logits, weight),
            rtol=1e-5,
        )
    by_example = loss(labels, logits, weights)
    np.testing.assert_allclose(by_example, loss(labels, logits, weight))


@pytest.mark.parametrize("column", [False, True])
def test_weights_of_a_column_are_those_of_a_row(column):
    labels = LABELS[:, None] if column else LABELS
    weights = np.arange(9.0)
    loss = Crossentropy(ignore_class=2)
    oracle = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=2
    )
    wanted = oracle(LABELS, LOGITS, weights)
    for given in (weights, weights[:, None]):
        found = loss(labels, LOGITS, given)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_mask_of_the_layers_before_divides_once(weighted):
    inputs = keras.Input([None], dtype="int32")
    x = keras.layers.Embedding(6, 8, mask_zero=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(4)(x))
    x = np.array([[1, 2, 0, 0, 0, 0, 0, 0], [3, 1, 1, 0, 0, 0, 0, 0]])
    y = np.where(x == 1, 0, x)
    y[1, 0] = 3  # Of three labels that a mask leaves, one is ignored.
    # Keras itself lays weights of examples along the labels.
    w = np.array([[1.0], [2.0]]) * np.ones((2, 8)) if weighted else None
    found = []
    for loss in (
        Crossentropy(ignore_class=0),
        keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=0
        ),
    ):
        model.compile("sgd", loss)
        found.append(model.evaluate(x, y, sample_weight=w, verbose=0))
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    logits = np.asarray(model(x), float)
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    losses = [-logits[0, 1, 2], -logits[1, 0, 3]]
    if weighted:
        model.compile("sgd", Crossentropy(ignore_class=0))
        by_example = model.evaluate(x, y, sample_weight=w[:, 0], verbose=0)
        assert by_example == pytest.approx(found[0], rel=1e-5)
    else:
        assert found[0] == pytest.approx(np.mean(losses), rel=1e-5)


def test_what_is_ignored_may_be_no_number():
    logits = LOGITS.copy()
    logits[LABELS == 2] = np.nan
    loss = Crossentropy(ignore_class=2)
    np.testing.assert_allclose(
        loss(LABELS, logits), loss(LABELS, LOGITS), rtol=1e-6
    )


def test_ignored_labels_are_smoothed_with_none():
    loss = Crossentropy(label_smoothing=0.1, ignore_class=2)
    counts = LABELS != 2
    wanted = Crossentropy(label_smoothing=0.1)(LABELS[counts], LOGITS[counts])
    np.testing.assert_allclose(loss(LABELS, LOGITS), wanted, rtol=1e-5)
    none = loss(np.full(3, 2), LOGITS[:3])
    assert float(none) == 0


def test_reloads_and_refuses():
    config = keras.saving.serialize_keras_object(
        Crossentropy(False, 0.2, ignore_class=0)
    )
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is Crossentropy and again.label_smoothing == 0.2
    assert again.from_logits is False and again.ignore_class == 0
    with pytest.raises(ValueError, match="Received: label_smoothing=1.5"):
        Crossentropy(label_smoothing=1.5)
    with pytest.raises(ValueError, match="Received: from_logits=0.1"):
        Crossentropy(0.1)
    with pytest.raises(ValueError, match="Received: ignore_class=0"):
        again(SHARES, SHARES)
