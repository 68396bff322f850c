import json

import numpy as np
import pytest

from kerasnotes.diagnosis import learning_curves
from kerasnotes.diagnosis.intervals import Measure
from kerasnotes.diagnosis.learning_curves import PowerLaw, forecast

SIZES = [100, 400, 1600, 6400]


def exact(law, sizes=SIZES):
    return [Measure(float(law(m))) for m in sizes]


def counted(law, examples, seed=0, sizes=SIZES):
    rng = np.random.default_rng(seed)
    return [
        Measure(rng.binomial(examples, law(m)) / examples, examples)
        for m in sizes
    ]


@pytest.mark.parametrize(
    "law",
    [PowerLaw(0.02, 1, 0.5), PowerLaw(0.1, 5, 1.0), PowerLaw(0.01, 0.4, 0.2)],
)
@pytest.mark.parametrize("unit", [1, 1e-4, 1e4])
def test_a_law_without_noise_is_recovered(law, unit):
    errors = np.array([unit * law(m) for m in SIZES])
    found = learning_curves.fit(
        np.array(SIZES, float), errors, np.full(4, 1e-3 * errors.max())
    )
    assert found.a == pytest.approx(unit * law.a, rel=1e-3)
    assert found.b == pytest.approx(unit * law.b, rel=1e-3)
    assert found.c == pytest.approx(law.c, rel=1e-3)


def test_three_points_are_enough_and_two_are_not():
    law = PowerLaw(0.02, 1, 0.5)
    found = forecast(SIZES[:3], exact(law, SIZES[:3]))
    assert found.twice == pytest.approx(law(3200), rel=1e-3)
    for sizes in ([], [100, 200], [100, 100, 200]):
        few = forecast(sizes, exact(law, sizes))
        assert few.law is None and few.verdict == "unclear"
        assert "takes 3 sizes" in few.text


def _in_unit(error, unit, examples=None, deviation=None):
    scaled = deviation and unit * deviation
    return Measure(unit * error, examples, scaled)


@pytest.mark.parametrize("unit", [1e-15, 1e-6, 1e9])
@pytest.mark.parametrize("law", [PowerLaw(0.3, 1e-3, 1.0), PowerLaw(0, 1, 0.5)])
def test_the_unit_of_the_errors_is_nothing(law, unit):
    sizes = [100, 200, 400, 800]
    for more in ([], [400, 0.2]):
        one, other = (
            forecast(sizes, [_in_unit(law(m), u, *more) for m in sizes])
            for u in (1.0, unit)
        )
        assert other.verdict == one.verdict
        for name in ("now", "twice", "low", "high"):
            value = unit * getattr(one, name)
            assert getattr(other, name) == pytest.approx(value, rel=1e-2)


def test_the_order_of_points_is_nothing():
    points = counted(PowerLaw(0.02, 1, 0.5), 2000)
    one = forecast(SIZES, points)
    other = forecast(SIZES[::-1], points[::-1])
    assert one.twice == pytest.approx(other.twice, rel=1e-4)


@pytest.mark.parametrize(
    ("law", "verdict"),
    [
        (PowerLaw(0, 2, 0.5), "helps"),
        (PowerLaw(0.05, 0, 0.5), "hardly"),
        (PowerLaw(0.05, 2, 1.0), "hardly"),
    ],
)
def test_the_verdict(law, verdict):
    assert forecast(SIZES, exact(law)).verdict == verdict
    assert forecast(SIZES, counted(law, 50_000)).verdict == verdict


def test_few_dev_examples_leave_it_open():
    found = forecast(SIZES, counted(PowerLaw(0.05, 0.2, 0.5), 50))
    assert found.verdict == "unclear" and "can't tell" in found.text
    assert found.low < found.twice < found.high


def test_the_interval_holds_the_truth_nearly_always():
    law = PowerLaw(0.02, 1, 0.5)
    truth = law(2 * SIZES[-1])
    found = [forecast(SIZES, counted(law, 2000, s)) for s in range(6)]
    assert sum(f.low <= truth <= f.high for f in found) >= 5


@pytest.mark.parametrize("errors", [[0, 0, 0], [0.1, 0.2, 0.4], [1, 0, 1]])
def test_odd_points_are_no_crash(errors):
    for examples in (None, 20):
        points = [Measure(float(e), examples) for e in errors]
        found = forecast([10, 20, 30], points)
        assert 0 <= found.low <= found.high <= 1.5
        assert found.twice <= found.now
        json.dumps(found.to_dict(), allow_nan=False)


def test_text_for_people():
    text = forecast(SIZES, exact(PowerLaw(0, 2, 0.5))).text
    assert text == (
        "more data would help: with twice the 6,400 training examples dev "
        "error would go from 2.5 % to about 1.8 % (1.8–1.8)"
    )


@pytest.mark.parametrize("sizes", [[1, 2], [0, 1, 2], [-1, 1, 2]])
def test_wrong_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="`sizes`.*Received: "):
        forecast(sizes, [Measure(0.1)] * 3)
