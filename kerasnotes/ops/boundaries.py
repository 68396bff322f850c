"""Where the classes of a picture meet."""

from keras import ops


def boundary(labels, ignore=-1):
    """Return the pixels that have a neighbour of another class.

    `b_i = 1` where `y_j ≠ y_i` for one of the four pixels j above, below, left
    and right of i. Both sides of an edge are marked. Beyond the border of the
    picture nothing is known: it is no edge. Nor is what meets pixels that
    are ignored, which are no boundary themselves.

    Args:
        labels: integers, `(..., height, width)`.
        ignore: the label of pixels of no known class.

    Returns:
        A bool tensor of that shape.

    Raises:
        ValueError: `labels` has fewer than two axes.

    Source: the pixels of Csurka et al., What is a good evaluation measure for
    semantic segmentation? (2013), section 3.

    >>> boundary([[0, 0, 0], [0, 0, 7], [0, 7, -1]]).numpy().astype(int)
    array([[0, 0, 1],
           [0, 1, 1],
           [1, 1, 0]])
    """
    labels = ops.convert_to_tensor(labels)
    if len(labels.shape) < 2:
        raise ValueError(
            "`labels` must be (..., height, width). Received: shape "
            f"{tuple(labels.shape)}"
        )
    # Masks are bytes, which nothing below 0 compares with.
    labels = ops.cast(labels, "int32")
    edges = None
    for axis in (-2, -1):
        first, second = _neighbours(labels, axis)
        apart = ops.logical_and(
            first != second,
            ops.logical_and(first != ignore, second != ignore),
        )
        sides = [_padded(apart, axis, side) for side in ((0, 1), (1, 0))]
        both = ops.logical_or(*sides)
        edges = both if edges is None else ops.logical_or(edges, both)
    return edges


def _neighbours(x, axis):
    """Return all but the last, and all but the first along an axis."""
    if axis == -1:
        return x[..., :-1], x[..., 1:]
    return x[..., :-1, :], x[..., 1:, :]


def _padded(x, axis, widths):
    """Return x with False before or after it along an axis."""
    pad = [(0, 0)] * len(x.shape)
    pad[axis] = widths
    return ops.cast(ops.pad(ops.cast(x, "int32"), pad), "bool")
