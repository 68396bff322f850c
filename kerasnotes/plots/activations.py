"""Activation maps beside the pictures that made them."""

import matplotlib
import numpy as np

from kerasnotes.plots import images


def activations(pictures, maps, titles, units):
    """Draws a row for each picture: the picture, then its maps.

    Each unit has its own scale, over all pictures: from black, its least
    activation, to yellow, its largest.

    Args:
        pictures: uint8 `[n, height, width, 1 or 3]`.
        maps: their activations, `[n, map_height, map_width, m]`.
        titles: a text for each picture.
        units: a text for each of the m units.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: the numbers of pictures, maps and texts differ.

    >>> figure = activations(
    ...     np.zeros([2, 8, 8, 1], "uint8"), np.ones([2, 4, 4, 3]),
    ...     ["cat", "dog"], ["0", "1", "2"])
    >>> len(figure.axes)
    8
    """
    maps = np.asarray(maps, "float64")
    if (len(pictures), len(titles), len(units)) != (
        len(maps),
        len(maps),
        maps.shape[-1],
    ):
        raise ValueError(
            "`pictures`, `titles` and `units` must be as many as `maps` has. "
            f"Received: {len(pictures)} pictures, {len(titles)} titles, "
            f"{len(units)} units, maps of shape {maps.shape}"
        )
    low, high = maps.min(axis=(0, 1, 2)), maps.max(axis=(0, 1, 2))
    shares = (maps - low) / np.where(high == low, 1, high - low)
    colours = matplotlib.colormaps["inferno"](shares, bytes=True)[..., :3]
    tiles, texts = [], []
    for picture, title, row in zip(pictures, titles, colours, strict=True):
        tiles += [picture, *np.moveaxis(row, 2, 0)]
        texts += [title, *units]
    return images.grid(tiles, texts, columns=1 + len(units))
