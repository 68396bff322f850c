import numpy as np
import pytest
from scipy import signal

from kerasnotes.optimizers import exponential_average


def test_the_example():
    values = [40, 49, 45]
    plain = exponential_average(values, 0.9)
    np.testing.assert_allclose(plain, [4, 8.5, 12.15])
    corrected = exponential_average(values, 0.9, bias_correction=True)
    np.testing.assert_allclose(corrected, [40, 44.74, 44.83], atol=5e-3)


def test_against_a_linear_filter():
    values = np.random.default_rng(0).normal(size=(50, 3))
    expected = signal.lfilter([0.2], [1, -0.8], values, axis=0)
    found = exponential_average(values, 0.8)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    found = exponential_average(values, 0.8, bias_correction=True)
    weights = 1 - 0.8 ** np.arange(1, 51)
    np.testing.assert_allclose(found, expected / weights[:, None], rtol=1e-10)


def test_correction_keeps_a_constant():
    found = exponential_average([7.0] * 5, 0.98, bias_correction=True)
    np.testing.assert_allclose(found, 7.0)


def test_refuses_beta():
    with pytest.raises(ValueError, match="Received: beta=1"):
        exponential_average([1.0], beta=1)
