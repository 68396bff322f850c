"""The sizes of a U-Net with valid convolutions."""


def least(levels):
    """Return the least side of an input, and by how much others differ.

    Each level below takes 4 pixels, and so many times as many of these.

    Args:
        levels: the number of levels, L.

    Returns:
        `12 · 2^(L-1) - 4`, and `2^(L-1)`.
    """
    step = 2 ** (levels - 1)
    return 12 * step - 4, step


def sizes(size, levels):
    """Return height and width of the input whose answer is as large, or more.

    An input of n pixels is answered in `n - 12 · 2^(L-1) + 8`, and only some
    n fit, see `least`.

    Args:
        size: height and width wanted.
        levels: the number of levels, L.

    Returns:
        Those of the input, and those of its answer.

    >>> sizes((388, 380), 5)
    ((572, 572), (388, 388))
    """
    first, step = least(levels)
    border = 12 * step - 8
    inputs = tuple(
        first + step * max(-(-(side + border - first) // step), 0)
        for side in size
    )
    return inputs, tuple(side - border for side in inputs)
