import json
import math

import keras
import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.optimizers import schedules

STEPS = 4
EPOCHS = 6


def rates(spec, learning_rate=0.2, **kwargs):
    schedule = schedules.get(spec, learning_rate, STEPS, EPOCHS, **kwargs)
    return np.array([float(schedule(step)) for step in range(STEPS * EPOCHS)])


def epoch(step):
    return step // STEPS + 1


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("inverse", lambda s: 0.2 / (1 + epoch(s))),
        ("inverse:rate=0.5", lambda s: 0.2 / (1 + 0.5 * epoch(s))),
        ("exponential", lambda s: 0.95 ** epoch(s) * 0.2),
        ("exponential:base=0.5", lambda s: 0.5 ** epoch(s) * 0.2),
        ("sqrt_epoch", lambda s: 0.2 / math.sqrt(epoch(s))),
        ("sqrt_epoch:k=3", lambda s: 3 / math.sqrt(epoch(s)) * 0.2),
        ("sqrt_step:k=2", lambda s: 2 / math.sqrt(s + 1) * 0.2),
        (
            "staircase:factor=0.1,every=2",
            lambda s: 0.2 * 0.1 ** ((epoch(s) - 1) // 2),
        ),
        (
            "by_hand:3=0.01,5=0.002",
            lambda s: 0.2 if epoch(s) < 3 else 0.01 if epoch(s) < 5 else 0.002,
        ),
        ("cosine", lambda s: 0.1 * (1 + math.cos(math.pi * s / 24))),
    ],
)
def test_equations(spec, expected):
    np.testing.assert_allclose(
        rates(spec), [expected(s) for s in range(24)], rtol=1e-5
    )


def test_the_example():
    np.testing.assert_allclose(
        rates("inverse:rate=1")[::STEPS][:4],
        [0.1, 0.067, 0.05, 0.04],
        atol=5e-4,
    )


def test_constant_is_a_float():
    assert schedules.get("constant", 0.3, STEPS, EPOCHS) == 0.3


@pytest.mark.parametrize("spec", ["constant", "inverse", "cosine"])
def test_warmup_is_a_line_to_the_schedule(spec):
    plain = rates(spec) if spec != "constant" else np.full(24, 0.2)
    found = rates(spec, warmup_epochs=1.5)
    np.testing.assert_allclose(found[6:], plain[6:], rtol=1e-6)
    np.testing.assert_allclose(
        found[:6], plain[5] * np.arange(1, 7) / 6, rtol=1e-6
    )


@pytest.mark.parametrize("name", sorted(schedules.names()))
def test_serialises_and_trains(name):
    spec = "by_hand:2=0.1" if name == "by_hand" else name
    schedule = schedules.get(spec, 0.2, STEPS, EPOCHS, warmup_epochs=1)
    text = json.dumps(keras.saving.serialize_keras_object(schedule))
    revived = keras.saving.deserialize_keras_object(json.loads(text))
    for step in (0, 3, 4, 20):
        assert float(revived(step)) == float(schedule(step))
    optimizer = keras.optimizers.SGD(schedule)
    w = keras.Variable(1.0)
    for step in range(3):
        before = float(w)
        optimizer.apply([keras.ops.ones(())], [w])
        np.testing.assert_allclose(
            before - float(w), float(schedule(step)), rtol=1e-4
        )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("inverted", "`spec`: unknown 'inverted'; did you mean"),
        ("inverse:speed=1", "`spec`=inverse: unknown 'speed'"),
        ("inverse:rate=fast", "`spec`=inverse:rate=fast: "),
        ("inverse:rate=-1", "`rate` must not be negative"),
        ("exponential:base=x", "`spec`=exponential:base=x: "),
        ("staircase:every=0", "`spec`=staircase:every=0: "),
        ("by_hand", "`spec`=by_hand: give the epoch"),
        ("by_hand:1=0.1", "20=0.001. Received: 1=0.1"),
        ("by_hand:3=0", "`spec`=by_hand: give the epoch"),
        ("by_hand:third=0.1", "`spec`=by_hand: give the epoch"),
        ("by_hand:3=slow", "`spec`=by_hand: give the epoch"),
    ],
)
def test_refuses(spec, message):
    with pytest.raises(errors.ArgumentError) as caught:
        schedules.get(spec, 0.2, STEPS, EPOCHS)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_an_empty_epoch():
    with pytest.raises(ValueError, match="Received: steps_per_epoch=0"):
        schedules.InverseDecay(0.1, 0)
