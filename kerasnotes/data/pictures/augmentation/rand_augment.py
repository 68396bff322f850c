"""RandAugment: a few operations for each picture, all of one magnitude."""

import dataclasses
import math

import numpy as np
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

OPERATIONS = (
    "identity", "rotate", "shear_x", "shear_y", "shift_x", "shift_y",
    "brightness", "contrast", "saturation",
    "autocontrast", "equalize", "posterize", "solarize", "sharpness",
)  # fmt: skip
_GEOMETRY = OPERATIONS[1:6]
_FACTORS = OPERATIONS[6:9]
_TONES = OPERATIONS[9:]
_MOST = 10


@dataclasses.dataclass(frozen=True)
class RandAugment:
    """Draws some of 14 operations for each picture, and says what they do.

    Geometry and colour join those of the policy: one warp, one colour map.
    At magnitude m, and in either direction: `rotate` 3 m degrees, `shear`
    of slope 0.03 m, `shift` by 0.045 m of the side, and the factors of
    brightness, contrast, saturation and sharpness are 1 ± 0.09 m. Then, in
    the order drawn, come the `tones`: autocontrast, equalize, posterize to
    8 - 0.4 m bits, solarize from 256 - 25.6 m on, and sharpness, Pillow's.

    Args:
        ops: how many are drawn for each picture, with replacement.
        magnitude: m, from 0 to 10.

    Source: Cubuk et al., "RandAugment", 2020; the ranges are those of
    Cubuk et al., "AutoAugment", 2019, appendix B.

    >>> drawn = RandAugment(1, 5.0).draw(tf.constant([[1.5 / 14, 0.0]]))
    >>> {k: v.numpy().tolist() for k, v in drawn.levels.items() if any(v)}
    {'rotate': [-1.0]}
    """

    ops: int
    magnitude: float

    @property
    def width(self):
        """The random numbers that each picture needs."""
        return 2 * self.ops

    @property
    def reach(self):
        """What the geometry does at level 1, by operation."""
        share = self.magnitude / _MOST
        slope = math.degrees(math.atan(0.3 * share))
        return dict(
            zip(
                _GEOMETRY,
                (30 * share, slope, slope, 0.45 * share, 0.45 * share),
                strict=True,
            )
        )

    def draw(self, numbers):
        """Return the `Drawn` of uniform random numbers `[b, width]`."""
        which = tf.cast(numbers[:, : self.ops] * len(OPERATIONS), tf.int32)
        signs = tf.where(numbers[:, self.ops :] < 0.5, -1.0, 1.0)

        def of(name):
            return which == OPERATIONS.index(name)

        levels = {
            name: tf.reduce_sum(tf.where(of(name), signs, 0.0), 1)
            for name in _GEOMETRY
        }
        steps = 1.0 + 0.9 * self.magnitude / _MOST * signs
        factors = {
            name: tf.reduce_prod(tf.where(of(name), steps, 1.0), 1)
            for name in _FACTORS
        }
        return Drawn(levels, factors, which, signs)

    def tones(self, images, drawn):
        """Apply what is neither geometry nor an affine colour map.

        Args:
            images: uint8 `[b, h, w, c]`.
            drawn: the `Drawn` of the batch.

        Returns:
            uint8 `[b, h, w, c]`.
        """
        toned = tf.numpy_function(
            self._tones,
            [images, drawn.which, drawn.signs],
            tf.uint8,
            stateful=False,
        )
        toned.set_shape(images.shape)
        return toned

    def _tones(self, images, which, signs):
        out = images.copy()
        first = len(OPERATIONS) - len(_TONES)
        for i, k in np.argwhere(which >= first):
            out[i] = self._tone(out[i], OPERATIONS[which[i, k]], signs[i, k])
        return out

    def _tone(self, image, name, sign):
        share = self.magnitude / _MOST
        grey = image.shape[-1] == 1
        image = Image.fromarray(image[..., 0] if grey else image)
        if name == "autocontrast":
            image = ImageOps.autocontrast(image)
        elif name == "equalize":
            image = ImageOps.equalize(image)
        elif name == "posterize":
            image = ImageOps.posterize(image, round(8 - 4 * share))
        elif name == "solarize":
            image = ImageOps.solarize(image, round(256 - 256 * share))
        else:
            image = ImageEnhance.Sharpness(image).enhance(
                1 + 0.9 * share * float(sign)
            )
        image = np.asarray(image)
        return image[..., None] if grey else image


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What was drawn for a batch.

    Attributes:
        levels: for each operation of geometry, how far: `[b]`.
        factors: for each of colour, the factor: `[b]`.
        which: places in `OPERATIONS`, `[b, ops]`.
        signs: -1 or 1, `[b, ops]`.
    """

    levels: dict
    factors: dict
    which: tf.Tensor
    signs: tf.Tensor
