"""The weights of examples."""

import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.common import example_weights

LABELS, NAMES = np.array([0, 0, 1, 2, 2, 2]), ["a", "b", "c"]


def test_given_weights_have_a_mean_of_one():
    found = example_weights.of_examples({"b": 4}, LABELS, NAMES)
    np.testing.assert_allclose(found.mean(), 1, rtol=1e-6)
    assert np.isclose(found.max() / found.min(), 4)


def test_the_largest_numbers_have_a_mean():
    found = example_weights.mean_one(np.array([1e308, 1e308, 0.5e308]))
    np.testing.assert_allclose(found, [1.2, 1.2, 0.6], rtol=1e-6)


def test_class_and_example_multiply():
    own = np.array([1, 2, 1, 1, 1, 1])
    found = example_weights.of_examples({"a": 3}, LABELS, NAMES, own)
    np.testing.assert_allclose(found / found[-1], [3, 6, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"d": 2}, "unknown 'd'"),
        ({"a": -1}, "weights are 0 or more. Received: a=-1$"),
        ({"a": 0, "b": 0, "c": 0}, "a weight over 0"),
        ({"a": float("nan")}, "weights are 0 or more"),
    ],
)
def test_weights_refused(given, message):
    with pytest.raises(errors.UserError, match=message):
        example_weights.of_examples(given, LABELS, NAMES)
