"""Light augmentation: one warp that shifts, turns and scales a batch."""

import math

import tensorflow as tf

from kerasnotes import specs

_FILLS = ("auto", "constant", "nearest", "reflect")


class Light:
    """Shifts, rotates and scales each picture a little, in one resampling.

    With a shift t, an angle θ and a scale s, drawn uniformly for each
    picture, an output pixel p shows the input at
    `c + R(-θ) (p - c - t) / s`, c being the middle; bilinear.

    Args:
        shift: largest shift along each axis, a share of the picture's side.
        rotate: largest turn either way, in degrees.
        scale: s lies between `1 - scale` and `1 + scale`.
        fill: what shows beyond the border: `"constant"` black, `"nearest"`
            pixel, `"reflect"`; `"auto"` is black for grey pictures, which
            are mostly marks on a black ground, and reflects colour ones.

    Call arguments:
        images: float32 `[b, h, w, c]`.
        numbers: uniform random numbers in [0, 1), `[b, width]`.

    Raises:
        ValueError: an argument is out of its range.

    >>> ones = tf.ones([1, 3, 3, 1])
    >>> unmoved = tf.fill([1, Light.width], 0.5)
    >>> bool(tf.reduce_all(Light()(ones, unmoved) == ones))
    True
    """

    width = 4
    """The random numbers that each picture needs."""

    def __init__(self, shift=0.1, rotate=10.0, scale=0.1, fill="auto"):
        for name, value, most in (
            ("shift", shift, 1),
            ("rotate", rotate, 180),
            ("scale", scale, 0.9),
        ):
            if not 0 <= value <= most:
                raise ValueError(
                    f"`{name}` lies between 0 and {most}. Received: {value}"
                )
        if fill not in _FILLS:
            raise ValueError(f"`fill` is one of {_FILLS}. Received: {fill!r}")
        self._shift = shift
        self._rotate = math.radians(rotate)
        self._scale = scale
        self._fill = fill

    def __call__(self, images, numbers):
        """Returns the warped batch."""
        height, width, channels = images.shape[1:]
        numbers = 2.0 * numbers - 1.0
        angle = self._rotate * numbers[:, 0]
        scale = 1.0 + self._scale * numbers[:, 1]
        cos, sin = tf.cos(angle) / scale, tf.sin(angle) / scale
        mid_x, mid_y = (width - 1) / 2, (height - 1) / 2
        x = mid_x + self._shift * width * numbers[:, 2]
        y = mid_y + self._shift * height * numbers[:, 3]
        zero = tf.zeros_like(x)
        transforms = tf.stack(
            [
                cos, sin, mid_x - cos * x - sin * y,
                -sin, cos, mid_y + sin * x - cos * y,
                zero, zero,
            ],
            axis=1,
        )  # fmt: skip
        fill = self._fill
        if fill == "auto":
            fill = "constant" if channels == 1 else "reflect"
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=transforms,
            output_shape=[height, width],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode=fill.upper(),
        )


AUGMENTATIONS = {"none": lambda: None, "light": Light}


def build(text):
    """Returns the augmentation that a flag names, or None for `none`.

    Args:
        text: `none`, `light` or `light:shift=0.1,rotate=10,scale=0.1`.

    Raises:
        UserError: the name or an argument is unknown, or out of its range.

    >>> build("none")
    """
    return specs.call("--augment", text, AUGMENTATIONS)
