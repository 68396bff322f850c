"""What a transposed convolution computes, and what size comes out.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
learning (2016), section 4.
"""

from keras import ops

from kerasnotes.ops import convolution


def transposed_size(
    size, kernel, stride=1, padding="valid", output_padding=None
):
    """Return how many places a transposed convolution gives along an axis.

    `s(n - 1) + k - 2p + a`. With valid padding, p = 0, it is
    `s(n - 1) + max(k, s)`, and with same padding `s n`, unless
    `output_padding` says another a.

    Args:
        size: n, the length of the axis.
        kernel: k, the kernel's length.
        stride: s.
        padding: p, what the convolution that it transposes has at each end:
            a number, "valid" or "same". So many places are cut off here.
        output_padding: a, places after the last, from 0 to s - 1: of so many
            sizes a convolution makes n places. None for the above, and for
            0 where `padding` is a number.

    Raises:
        ValueError: an argument is no size, no place is left, or
            `output_padding` comes with same padding.

    >>> transposed_size(2, 3, stride=2), transposed_size(2, 3, 2, "same")
    (5, 4)
    >>> transposed_size(2, 3, stride=2, padding=1, output_padding=1)
    4
    """
    places, _ = _places(size, kernel, stride, padding, output_padding)
    return places


def transposed_convolution(
    x, kernel, stride=1, padding="valid", output_padding=None
):
    """Pastes a kernel, times each value of an array, stride apart, and adds.

    `z_i = Σ_j x_j k_(i + p - s·j)`, with i and j one number for each axis:
    what the values of x give where they meet is added up, and p places at each
    end are cut off. It is the gradient of `cross_correlation` with the same
    kernel, stride and padding, whose windows it undoes in size, not in
    value; and the `true_convolution` of x with s - 1 zeros between its values.
    Layers of many channels sum this over theirs.

    Where the stride doesn't divide the kernel's length, some places get more
    pastes than their neighbours: the answer has the pattern of a chessboard.

    Args:
        x: an array of 1, 2 or 3 axes: a signal, a picture, a volume.
        kernel: an array of as many axes.
        stride: s, the same along each axis.
        padding: as in `transposed_size`, like the next.
        output_padding: places after the last, the same along each axis.

    Returns:
        A tensor of as many axes, each of `transposed_size`.

    Raises:
        ValueError: the axes are more than 3, or not as many in both.

    Source: course 4, "Transpose convolutions", whose example this is.

    >>> x = [[2.0, 1.0], [3.0, 2.0]]
    >>> kernel = [[1.0, 2.0, 1.0], [2.0, 0.0, 1.0], [0.0, 2.0, 1.0]]
    >>> z = transposed_convolution(x, kernel, 2, padding=1, output_padding=1)
    >>> z.numpy().astype(int).tolist()
    [[0, 4, 0, 1], [10, 7, 6, 3], [0, 7, 0, 2], [6, 3, 4, 2]]
    """
    x, kernel = (
        convolution.floating(ops.convert_to_tensor(v)) for v in (x, kernel)
    )
    axes = len(x.shape)
    if axes != len(kernel.shape) or not 1 <= axes <= 3:
        raise ValueError(
            "`x` and `kernel` must both have 1, 2 or 3 axes. "
            f"Received: shapes {tuple(x.shape)} and {tuple(kernel.shape)}"
        )
    places = [
        _places(size, k, stride, padding, output_padding)
        for size, k in zip(x.shape, kernel.shape, strict=True)
    ]
    for axis in range(axes):
        x = _spread(x, axis, stride)
    x = ops.pad(x, [(k - 1, k - 1) for k in kernel.shape])
    pasted = convolution.true_convolution(x, kernel)
    # Places that no kernel reaches are 0.
    pasted = ops.pad(
        pasted,
        [
            (0, max(before + count - size, 0))
            for size, (count, before) in zip(pasted.shape, places, strict=True)
        ],
    )
    return pasted[
        tuple(slice(before, before + count) for count, before in places)
    ]


def _places(size, kernel, stride, padding, output_padding):
    """Return how many places there are, and how many before are cut off."""
    if padding == "same":
        if output_padding is not None:
            raise ValueError(
                "`output_padding` must be None with same padding. Received: "
                f"output_padding={output_padding}"
            )
        count = size * stride
        before, _ = convolution.pad_widths(count, kernel, stride, "same")
        return count, before
    before, _ = convolution.pad_widths(size, kernel, stride, padding)
    if output_padding is None:
        output_padding = max(stride - kernel, 0) if padding == "valid" else 0
    if output_padding not in range(stride):
        raise ValueError(
            "`output_padding` must be from 0 to the stride less 1. Received: "
            f"output_padding={output_padding}, stride={stride}"
        )
    count = stride * (size - 1) + kernel - 2 * before + output_padding
    if count < 1:
        raise ValueError(
            "`padding` must leave a place. Received: "
            f"size={size}, kernel={kernel}, padding={padding}"
        )
    return count, before


def _spread(x, axis, stride):
    """Return x with zeros between its values along an axis."""
    size = x.shape[axis]
    x = ops.expand_dims(x, axis + 1)
    widths = [(0, 0)] * len(x.shape)
    widths[axis + 1] = (0, stride - 1)
    x = ops.pad(x, widths)
    shape = (*x.shape[:axis], size * stride, *x.shape[axis + 2 :])
    x = ops.reshape(x, shape)
    return x[(slice(None),) * axis + (slice(stride * (size - 1) + 1),)]
