"""Heat laid over a picture: where in it the evidence is."""

import matplotlib
import numpy as np

_LEAST, _MOST = 0.3, 0.92
_DIM = 0.65


def overlay(picture, heat):
    """Return a picture under the heat of its pixels.

    The picture turns grey and dim, and where heat is, takes its colour: from
    purple by red to yellow at the hottest. Heat of 0 or less shows the
    picture alone.

    Args:
        picture: uint8 `[height, width, 1 or 3]`.
        heat: `[height, width]`; its largest value is the hottest.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        ValueError: the sizes differ.

    >>> overlay(np.zeros([1, 2, 1], "uint8"), [[0, 5]])[0].tolist()
    [[0, 0, 0], [207, 191, 73]]
    """
    heat = np.maximum(np.asarray(heat, "float64"), 0)
    if heat.shape != picture.shape[:2]:
        raise ValueError(
            "`heat` must be of the picture's height and width. Received: "
            f"{heat.shape} and {picture.shape}"
        )
    share = heat / (heat.max() or 1)
    grey = picture.mean(axis=-1, keepdims=True)
    # The map's ends, black and pale, would hide and not mark.
    place = _LEAST + (_MOST - _LEAST) * share
    colour = 255 * matplotlib.colormaps["inferno"](place)[..., :3]
    depth = 0.85 * share[..., None] ** 0.7
    mixed = (1 - depth) * _DIM * grey + depth * colour
    return mixed.round().astype("uint8")
