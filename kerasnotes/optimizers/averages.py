"""The exponentially weighted average on which the optimisers stand."""

import numpy as np


def exponential_average(values, beta=0.9, bias_correction=False):
    """Return a sequence's running average, `v_t = β v_{t-1} + (1-β) θ_t`.

    It starts from `v_0 = 0`, so the first averages are too small; the bias
    correction divides each by `1 - β^t`, t from 1, and leaves the running
    average as it is. The average reaches back over about `1/(1-β)` values.

    Args:
        values: a sequence, over its first axis.
        beta: β, in [0, 1).
        bias_correction: whether to divide by `1 - β^t`.

    Returns:
        An array of the shape of `values`.

    >>> exponential_average([40, 49, 45])
    array([ 4.  ,  8.5 , 12.15])
    >>> exponential_average([40, 49, 45], bias_correction=True).round(2)
    array([40.  , 44.74, 44.83])
    """
    if not 0 <= beta < 1:
        raise ValueError(f"`beta` must be in [0, 1). Received: beta={beta}")
    values = np.asarray(values, float)
    averages = np.empty_like(values)
    average = 0.0
    for t, value in enumerate(values, start=1):
        average = beta * average + (1 - beta) * value
        averages[t - 1] = average / (1 - beta**t if bias_correction else 1)
    return averages
