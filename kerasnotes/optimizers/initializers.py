"""Initialisers by the names that the course gives them."""

import functools

from keras import initializers

from kerasnotes import errors

_scaled = functools.partial(
    initializers.VarianceScaling, distribution="untruncated_normal"
)

_INITIALIZERS = {
    "zeros": initializers.Zeros,
    "normal_0.01": functools.partial(initializers.RandomNormal, stddev=0.01),
    "he": functools.partial(_scaled, 2.0, "fan_in"),
    "xavier": functools.partial(_scaled, 1.0, "fan_in"),
    "glorot": functools.partial(_scaled, 1.0, "fan_avg"),
}


def names():
    """Return the course's names."""
    return list(_INITIALIZERS)


def get(identifier):
    """Return a new initialiser.

    A layer needs one of its own: an unseeded Keras initialiser repeats its
    values at each call.

    | name | variance of a weight |
    |---|---|
    | `zeros` | 0: fine for regression, but hidden units stay alike |
    | `normal_0.01` | 0.01²: the signal dies in a deep stack |
    | `he` | `2 / n_in`: keeps the signal under ReLU |
    | `xavier` | `1 / n_in`: keeps it under tanh |
    | `glorot` | `2 / (n_in + n_out)`: a compromise with the gradient's |

    The samples are normal, not truncated. `n_in` of a convolution is
    `f·f·channels`.

    Args:
        identifier: one of `names()`, or what `keras.initializers.get` takes.

    Raises:
        ArgumentError: the name is unknown.

    Sources: He et al., Delving deep into rectifiers (2015), section 2.2;
    Glorot and Bengio, Understanding the difficulty of training deep
    feedforward neural networks (2010), section 4.2.1.

    >>> get("he").scale
    2.0
    """
    if not isinstance(identifier, str):
        initializer = initializers.get(identifier)
        # A function stands as it is.
        return getattr(initializer, "clone", lambda: initializer)()
    if identifier in _INITIALIZERS:
        return _INITIALIZERS[identifier]()
    try:
        return initializers.get(identifier)
    except ValueError as error:
        raise errors.unknown(
            "`initializer`", identifier, _INITIALIZERS
        ) from error
