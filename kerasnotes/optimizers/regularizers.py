"""Weight penalties by the course's λ."""

import keras


def l1_l2(l1, l2, examples):
    """Returns the penalty `λ₁/2m Σ|w| + λ₂/2m Σw²`.

    The course divides λ by twice the number of training examples m; Keras
    doesn't, so its factors are `λ/2m`. It is meant for kernels: penalising
    biases changes little.

    Args:
        l1: λ₁.
        l2: λ₂.
        examples: m, the number of training examples.

    Returns:
        A `keras.regularizers.L1L2`, or None where both are 0.

    >>> penalty = l1_l2(0.0, 2.0, examples=10)
    >>> float(penalty(keras.ops.array([3.0, 4.0])))
    2.5
    """
    if examples < 1:
        raise ValueError(
            f"`examples` must be at least 1. Received: examples={examples}"
        )
    if not (l1 or l2):
        return None
    return keras.regularizers.L1L2(l1 / (2 * examples), l2 / (2 * examples))
