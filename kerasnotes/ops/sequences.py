"""Sequences of tokens: their marks, and masks of what may be looked at."""

from keras import ops

PAD, START, END = 0, 1, 2
"""What fills a sequence up, what a target begins with, what ends it."""


def padding_mask(tokens):
    """Return where there are tokens: true but at `PAD`.

    Args:
        tokens: integers, of any shape.

    >>> [bool(there) for there in padding_mask([5, 2, 0])]
    [True, True, False]
    """
    return ops.not_equal(tokens, PAD)


def look_ahead_mask(length, value_length=None):
    """Return which positions each may look at: itself and those before.

    `mask[t, t'] = t' ≤ t`

    Args:
        length: the number of positions T, an integer or a scalar tensor.
        value_length: the number of positions S that are looked at, likewise;
            T by default.

    Returns:
        Booleans `(T, S)`.

    >>> look_ahead_mask(2).numpy().tolist()
    [[True, False], [True, True]]
    """
    places = ops.arange(length)
    values = places if value_length is None else ops.arange(value_length)
    return places[:, None] >= values[None, :]
