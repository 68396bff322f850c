"""Colour spaces in which regions differ."""

import numpy as np

# sRGB of D65 into XYZ over its white, IEC 61966-2-1.
_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_LINEAR = 0.04045
_CUBE = (6 / 29) ** 3


def hsv(rgb):
    """Return hue, saturation and value, each from 0 to 255.

    With `v = max(r, g, b)` and `c = v - min(r, g, b)`: saturation is `c / v`,
    hue the place of the colour on the circle, 0 (red) where `c` is 0.

    Args:
        rgb: 0–255, `[h, w, 3]`.

    Returns:
        float64 `[h, w, 3]`.

    >>> hsv(np.array([[[255, 0, 0], [0, 127.5, 0]]])).tolist()
    [[[0.0, 255.0, 255.0], [85.0, 255.0, 127.5]]]
    """
    rgb = np.asarray(rgb, np.float64)
    value = rgb.max(-1)
    chroma = value - rgb.min(-1)
    r, g, b = np.moveaxis(rgb, -1, 0)
    safe = np.where(chroma > 0, chroma, 1.0)
    sixth = np.select(
        [value == r, value == g],
        [((g - b) / safe) % 6, (b - r) / safe + 2],
        (r - g) / safe + 4,
    )
    saturation = chroma / np.where(value > 0, value, 1.0)
    return np.stack(
        [
            np.where(chroma > 0, sixth, 0.0) * (255 / 6),
            saturation * 255,
            value,
        ],
        -1,
    )


def lab(rgb):
    """Return CIE L*a*b* of sRGB: L* as 0–255, a* and b* about 128.

    `L* = 116 f(Y) - 16`, `a* = 500 (f(X) - f(Y))`, `b* = 200 (f(Y) - f(Z))`,
    of XYZ over its white; f is the cube root, and a line below (6/29)³.

    Args:
        rgb: 0–255, `[h, w, 3]`.

    Returns:
        float64 `[h, w, 3]`.

    >>> lab(np.array([[[255, 255, 255], [0, 0, 0]]])).round(1).tolist()
    [[[255.0, 128.0, 128.0], [0.0, 128.0, 128.0]]]
    """
    v = np.asarray(rgb, np.float64) / 255
    linear = np.where(v <= _LINEAR, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    xyz = linear @ (_XYZ / _XYZ.sum(1, keepdims=True)).T
    f = np.where(xyz > _CUBE, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack(
        [
            (116 * y - 16) * 2.55,
            500 * (x - y) + 128,
            200 * (y - z) + 128,
        ],
        -1,
    )
