"""Accuracies of tokens and of sequences."""

import keras
import numpy as np
import pytest

from kerasnotes import metrics


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    y = rng.integers(1, 4, (50, 6))
    y[np.arange(6) >= rng.integers(1, 7, 50)[:, None]] = 0
    given = np.where(rng.random(y.shape) < 0.8, y, 3)
    return y, np.eye(4, dtype="float32")[given], given


def test_tokens(batch):
    y, logits, given = batch
    metric = metrics.TokenAccuracy()
    for part in (slice(0, 7), slice(7, 50)):
        # Weights, of the loss, don't count here.
        metric.update_state(y[part], logits[part], np.ones(y[part].shape) * 9)
    true = (given == y)[y != 0].mean()
    assert float(metric.result()) == pytest.approx(true)


def test_sequences(batch):
    y, logits, given = batch
    metric = metrics.SequenceAccuracy()
    for part in (slice(0, 7), slice(7, 50)):
        metric.update_state(y[part], logits[part])
    true = ((given == y) | (y == 0)).all(axis=1).mean()
    assert 0 < true < 1
    assert float(metric.result()) == pytest.approx(true)


@pytest.mark.parametrize("kind", ["TokenAccuracy", "SequenceAccuracy"])
def test_they_reload(kind):
    metric = getattr(metrics, kind)(name="mine")
    config = keras.metrics.serialize(metric)
    assert keras.metrics.deserialize(config).get_config() == metric.get_config()
