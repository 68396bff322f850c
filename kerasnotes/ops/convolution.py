"""What a convolution computes, and what size comes out.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
learning (2016), sections 2 and 4.
"""

from keras import ops

_WEIGHTS = {"prewitt": (1, 1, 1), "sobel": (1, 2, 1), "scharr": (3, 10, 3)}


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Return how many places a window has along an axis.

    `⌊(n + 2p - f) / s⌋ + 1`, where a dilated kernel reaches over
    `f = d(k - 1) + 1`. With same padding it is `⌈n / s⌉`.

    Args:
        size: n, the length of the axis.
        kernel: k, the kernel's length.
        stride: s.
        padding: p, the zeros at each end; or "valid" (none) or "same".
        dilation: d, the step between the kernel's elements.

    Raises:
        ValueError: the window doesn't fit, or an argument is no size.

    >>> output_size(6, 3), output_size(7, 3, stride=2)
    (4, 3)
    >>> output_size(6, 3, padding="same"), output_size(6, 3, padding=1)
    (6, 6)
    """
    before, after = pad_widths(size, kernel, stride, padding, dilation)
    room = size + before + after - _reach(kernel, dilation)
    if room < 0:
        raise ValueError(
            "`kernel` must fit into the padded axis. Received: "
            f"size={size}, kernel={kernel}, dilation={dilation}, "
            f"padding={padding!r}"
        )
    return room // stride + 1


def pad_widths(size, kernel, stride=1, padding="valid", dilation=1):
    """Return how many zeros stand before and after an axis.

    Same padding adds `max(0, (⌈n/s⌉ - 1)s + f - n)` in all, so that `⌈n/s⌉`
    windows fit: `f - 1` with stride 1. An odd one goes to the end.

    Args:
        size: as in `output_size`, like the others.
        kernel: the kernel's length.
        stride: the stride.
        padding: a number, "valid" or "same".
        dilation: the step between the kernel's elements.

    Raises:
        ValueError: an argument is no size, or `padding` none of these.

    >>> pad_widths(6, 3, padding="same"), pad_widths(6, 3, 2, "same")
    ((1, 1), (0, 1))
    """
    if min(size, kernel, stride, dilation) < 1:
        raise ValueError(
            "`size`, `kernel`, `stride` and `dilation` must be positive. "
            f"Received: {size}, {kernel}, {stride}, {dilation}"
        )
    if padding == "same":
        windows = -(-size // stride)
        total = (windows - 1) * stride + _reach(kernel, dilation) - size
        total = max(total, 0)
        return total // 2, total - total // 2
    if padding == "valid":
        padding = 0
    if not isinstance(padding, int) or padding < 0:
        raise ValueError(
            "`padding` must be 'valid', 'same' or a number of zeros. "
            f"Received: padding={padding!r}"
        )
    return padding, padding


def _reach(kernel, dilation):
    return dilation * (kernel - 1) + 1


def edge_filter(kind="prewitt", direction="vertical"):
    """Return a 3×3 filter that answers to edges.

    The rows of the vertical filter are `w [1, 0, -1]`: positive where it is
    brighter on the left. The horizontal one is its transpose: brighter
    above.

    Args:
        kind: "prewitt" with w = 1, 1, 1 (the notes' plain filter), "sobel"
            with 1, 2, 1, or "scharr" with 3, 10, 3.
        direction: "vertical" or "horizontal", that of the edges found.

    Returns:
        A float32 tensor `(3, 3)`.

    Raises:
        ValueError: `kind` or `direction` is none of these.

    >>> edge_filter("sobel").numpy().astype(int).tolist()
    [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    """
    if kind not in _WEIGHTS or direction not in ("vertical", "horizontal"):
        raise ValueError(
            f"`kind` must be one of {', '.join(_WEIGHTS)} and `direction` "
            "vertical or horizontal. Received: "
            f"kind={kind!r}, direction={direction!r}"
        )
    rows = [[w, 0.0, -w] for w in _WEIGHTS[kind]]
    kernel = ops.convert_to_tensor(rows, "float32")
    return kernel if direction == "vertical" else ops.transpose(kernel)


def cross_correlation(x, kernel, stride=1, padding="valid"):
    """Slides a kernel over an array: what networks call a convolution.

    `z_i = Σ_j x_(s·i + j - p) k_j`, with i and j one number for each axis, and
    zeros outside x. Layers of many channels sum this over theirs.

    Args:
        x: an array of 1, 2 or 3 axes: a signal, a picture, a volume.
        kernel: an array of as many axes.
        stride: s, the same along each axis.
        padding: as in `output_size`.

    Returns:
        A tensor of as many axes, each of `output_size`.

    Raises:
        ValueError: the axes are more than 3, or not as many in both.

    >>> x = ops.convert_to_tensor([[10.0, 10.0, 10.0, 0.0, 0.0, 0.0]] * 6)
    >>> cross_correlation(x, edge_filter())[0].numpy().tolist()
    [0.0, 30.0, 30.0, 0.0]
    """
    x, kernel = (floating(ops.convert_to_tensor(v)) for v in (x, kernel))
    axes = len(x.shape)
    if axes != len(kernel.shape) or not 1 <= axes <= 3:
        raise ValueError(
            "`x` and `kernel` must both have 1, 2 or 3 axes. "
            f"Received: shapes {tuple(x.shape)} and {tuple(kernel.shape)}"
        )
    widths = [
        pad_widths(size, k, stride, padding)
        for size, k in zip(x.shape, kernel.shape, strict=True)
    ]
    z = ops.conv(
        ops.pad(x, widths)[None, ..., None],
        ops.cast(kernel, x.dtype)[..., None, None],
        strides=stride,
        padding="valid",
        data_format="channels_last",
    )
    return z[0, ..., 0]


def true_convolution(x, kernel, stride=1, padding="valid"):
    """Slides a flipped kernel over an array: convolution as in mathematics.

    `z_i = Σ_j x_(s·i + f - 1 - j - p) k_j`: `cross_correlation` with the kernel
    mirrored along every axis. It is associative, which cross-correlation
    is not; a network learns the mirrored kernel just as well.

    Args:
        x: as in `cross_correlation`, like the others.
        kernel: an array of as many axes.
        stride: the same along each axis.
        padding: as in `output_size`.

    Returns:
        A tensor of as many axes, each of `output_size`.

    >>> true_convolution([1.0, 0.0, 0.0], [1.0, 2.0, 3.0], padding=2).numpy()
    array([1., 2., 3., 0., 0.], dtype=float32)
    """
    return cross_correlation(
        x, ops.flip(ops.convert_to_tensor(kernel)), stride, padding
    )


def floating(x):
    """Return a tensor as it is if it is of floats, else in float32."""
    return x if "float" in str(x.dtype) else ops.cast(x, "float32")
