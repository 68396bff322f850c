"""A layer's filters as small pictures."""

import numpy as np

from kerasnotes.plots import images


def filters(kernels, titles=None, columns=8):
    """Draws filters that read pictures, in the picture's own colours.

    Each is scaled by its largest weight: mid-grey is 0, brighter is positive
    and darker negative, colour by colour.

    Args:
        kernels: `[height, width, 1 or 3, filters]`.
        titles: a text for each, or None.
        columns: filters a row.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: the kernels have another shape.

    >>> figure = filters(np.eye(3)[:, :, None, None], ["diagonal"])
    >>> figure.axes[0].get_title()
    'diagonal'
    """
    kernels = np.asarray(kernels, "float64")
    if kernels.ndim != 4 or kernels.shape[2] not in (1, 3):
        raise ValueError(
            "`kernels` must be [height, width, 1 or 3, filters]. Received: "
            f"shape {kernels.shape}"
        )
    most = np.abs(kernels).max(axis=(0, 1, 2))
    shares = kernels / np.where(most == 0, 1, most)
    scaled = np.round(127.5 * (1 + shares)).astype("uint8")
    return images.grid(list(np.moveaxis(scaled, -1, 0)), titles, columns)
