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
    loss = Crossentropy(smoothing, reduction="none")
    wanted = oracle(np.eye(4)[LABELS], LOGITS)
    for labels in (LABELS, LABELS[:, None]):
        np.testing.assert_allclose(loss(labels, LOGITS), wanted, rtol=1e-5)
    np.testing.assert_allclose(
        loss(SHARES, LOGITS), oracle(SHARES, LOGITS), rtol=1e-5
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_sequences_lose_as_their_labels_do(smoothing):
    loss = Crossentropy(smoothing, reduction="none")
    wanted = np.reshape(loss(LABELS, LOGITS), (3, 3))
    logits = LOGITS.reshape(3, 3, 4)
    for labels in (LABELS.reshape(3, 3), LABELS.reshape(3, 3, 1)):
        np.testing.assert_allclose(loss(labels, logits), wanted, rtol=1e-6)
    np.testing.assert_allclose(
        loss(np.eye(4)[LABELS.reshape(3, 3)], logits), wanted, rtol=1e-5
    )


def test_unsmoothed_labels_are_keras_bit_for_bit():
    oracle = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(Crossentropy()(LABELS, LOGITS)) == float(
        oracle(LABELS, LOGITS)
    )


def test_reloads_and_refuses():
    config = keras.saving.serialize_keras_object(Crossentropy(0.2))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is Crossentropy and again.label_smoothing == 0.2
    with pytest.raises(ValueError, match="Received: label_smoothing=1.5"):
        Crossentropy(1.5)
