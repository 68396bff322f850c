"""How a training step's examples go with the devices."""

import types

import pytest

from kerasnotes import errors
from kerasnotes.training.distribute import replicas, strategies
from kerasnotes.training.run import config


@pytest.mark.parametrize(
    "size, count, expected", [(33, 1, 33), (33, 2, 32), (2, 3, 3)]
)
def test_all_is_what_the_replicas_can_share(size, count, expected, monkeypatch):
    several = types.SimpleNamespace(num_replicas_in_sync=count)
    monkeypatch.setattr(strategies, "strategy", lambda name: several)
    everything = config.FitConfig(batch_size=config.ALL)
    assert strategies.training_batch(everything, size) == expected
    replicas.check(everything, several)
    assert strategies.training_batch(config.FitConfig(batch_size=5), size) == 5


def test_other_batches_are_shared_evenly():
    several = types.SimpleNamespace(num_replicas_in_sync=3)
    with pytest.raises(errors.UserError, match="--batch_size=64: 3 replicas"):
        replicas.check(config.FitConfig(batch_size=64), several)
