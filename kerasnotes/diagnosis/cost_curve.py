"""What the cost of the training set, step by step, says of the descent.

Source: course 1, "Logistic regression cost function" and "Gradient descent on
m examples"; course 2, "Understanding mini-batch gradient descent".
"""

import numpy as np

_ROUNDING = 1e-6
_OFTEN = 0.1
_FLAT = 0.01


def rises(costs):
    """Return the steps, from 1, at which a cost rose by more than rounding.

    A cost that is no number has risen.

    Args:
        costs: the cost before the first step, and after each.

    >>> rises([3.0, 2.0, 2.5, 1.0])
    [2]
    """
    costs = np.asarray(costs, float)
    before, after = costs[:-1], costs[1:]
    with np.errstate(invalid="ignore"):
        fell = after - before <= _ROUNDING * np.abs(before)
    return (np.flatnonzero(~fell) + 1).tolist()


def verdict(costs):
    """Return what the curve shows, in words.

    | verdict | where |
    |---|---|
    | divergence | it ends above its start, or as no number |
    | plateau | it falls by 1 % in all at most |
    | oscillation | it rises at more than a tenth of the steps |
    | plateau | its last quarter has less than 1 % of its fall |
    | smooth descent | it falls at every step |
    | descent | anything else: it rises now and then |

    The first that fits counts; the end is the mean of the last tenth of the
    steps, so that one lucky step doesn't.

    Args:
        costs: the cost before the first step, and after each; at least two.

    Returns:
        A phrase that begins with the verdict.

    >>> verdict([8.0, 4.0, 2.0, 1.0])
    'smooth descent: it fell at every step'
    """
    costs = np.asarray(costs, float)
    steps, up = len(costs) - 1, rises(costs)
    end = costs[-max(1, steps // 10) :].mean()
    fall = costs[0] - end
    if not np.isfinite(costs).all() or fall < -_ROUNDING * abs(costs[0]):
        return (
            "divergence: it ended above its start; try a smaller learning "
            "rate, or check the gradient"
        )
    if fall <= _FLAT * abs(costs[0]):
        return (
            "plateau: it hardly fell in all; try a larger learning rate, or "
            "look at the gradient norms"
        )
    if len(up) > _OFTEN * steps:
        return (
            f"oscillation: it rose at {len(up)} of {steps} steps; expected of "
            "mini-batches and dropout, else try a smaller learning rate"
        )
    late = costs[-1 - steps // 4]
    if steps >= 4 and late - end < _FLAT * fall:
        return (
            "plateau: it fell, and by less than 1 % of that in the last "
            "quarter of the steps; more of them gain little"
        )
    if not up:
        return "smooth descent: it fell at every step"
    return f"descent: it rose at {len(up)} of {steps} steps"
