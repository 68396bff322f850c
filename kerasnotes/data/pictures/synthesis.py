"""Artificial pictures: foregrounds over backgrounds.

Colours mix as they are stored, not in linear light: so do Pillow, browsers
and `decode.decode`, for which the soft edges of cut-outs are made. The two
differ at these edges alone.

Source: A. Ng, Machine Learning Yearning, chapter 42; T. Porter and T. Duff,
"Compositing Digital Images", 1984, section 3; pasted objects as training
data: D. Dwibedi et al., "Cut, Paste and Learn", 2017.
"""

import math

import tensorflow as tf


def over(foreground, alpha, background):
    """Lays foregrounds over backgrounds: `C = α F + (1 - α) B`.

    Args:
        foreground: float32 `[…, h, w, c]`.
        alpha: its opacity, from 0 to 1, `[…, h, w, 1]`.
        background: float32 `[…, h, w, c]`, opaque.

    Returns:
        float32 `[…, h, w, c]`.

    >>> over(200.0, 0.25, 100.0)
    125.0
    """
    return alpha * foreground + (1 - alpha) * background


def place(foreground, alpha, size, middle, scale, angle):
    """Move foregrounds to their places on empty canvases.

    A canvas' pixel p shows the foreground at `c + R(-θ) (p - m) / z`,
    bilinear, c being the foreground's middle and `z = s · min(H/h, W/w)`: at
    scale s = 1 it just fits. Colours count by their opacity, so that what is
    transparent doesn't bleed into the edges. Bring foregrounds near their
    final size first: to less than half their size they alias.

    Args:
        foreground: float32 `[b, h, w, c]`.
        alpha: its opacity, from 0 to 1, `[b, h, w, 1]`.
        size: the canvas' `(H, W)`.
        middle: m, where the foreground's middle goes, in pixels `[b, 2]`:
            x to the right, then y down; (0, 0) is the first pixel's middle.
        scale: s, `[b]`.
        angle: θ, in radians, clockwise, `[b]`.

    Returns:
        The foregrounds `[b, H, W, c]` and their opacities `[b, H, W, 1]`.

    >>> dot = tf.ones([1, 1, 1, 1])
    >>> _, alpha = place(dot, dot, (1, 3), [[2.0, 0.0]], [1.0], [0.0])
    >>> alpha.numpy().ravel().tolist()
    [0.0, 0.0, 1.0]
    """
    height, width = foreground.shape[1:3]
    zoom = scale * tf.constant(min(size[0] / height, size[1] / width))
    cos, sin = tf.cos(angle) / zoom, tf.sin(angle) / zoom
    x, y = tf.unstack(tf.convert_to_tensor(middle), axis=-1)
    zero = tf.zeros_like(x)
    transforms = tf.stack(
        [
            cos, sin, (width - 1) / 2 - cos * x - sin * y,
            -sin, cos, (height - 1) / 2 + sin * x - cos * y,
            zero, zero,
        ],
        axis=1,
    )  # fmt: skip
    placed = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.concat([alpha * foreground, alpha], -1),
        transforms=transforms,
        output_shape=list(size),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    colours, alpha = placed[..., :-1], placed[..., -1:]
    return tf.math.divide_no_nan(colours, alpha), alpha


class Over:
    """Lays foregrounds over backgrounds at random places.

    Scale and turn are uniform, and so is the place among those where the
    whole foreground shows.

    Args:
        scale: the least and the largest size of a foreground, as a share of
            the largest that fits the background.
        rotate: largest turn either way, in degrees.

    Call arguments:
        foreground: float32 `[b, h, w, c]`.
        alpha: its opacity, from 0 to 1, `[b, h, w, 1]`.
        background: float32 `[b, H, W, c]`.
        numbers: uniform random numbers in [0, 1), `[b, width]`. Drawn by
            `tf.random.stateless_uniform` for a seed, an epoch and an
            example, they make the same picture on any number of threads.

    Raises:
        ValueError: an argument is out of its range.

    >>> composite = Over(scale=(1, 1), rotate=0)
    >>> white, half = tf.fill([5, 2, 2, 3], 255.0), tf.fill([5, 2, 2, 1], 0.5)
    >>> data = tf.data.Dataset.from_tensor_slices((white, half))
    >>> data = data.batch(5).enumerate().map(lambda i, x: composite(
    ...     *x, tf.zeros([5, 2, 2, 3]),
    ...     tf.random.stateless_uniform([5, composite.width], [7, i])))
    >>> float(tf.reduce_max(next(iter(data))))
    127.5
    """

    width = 4
    """The random numbers that each picture needs."""

    def __init__(self, scale=(0.5, 0.9), rotate=15.0):
        least, most = scale
        if not 0 < least <= most <= 1:
            raise ValueError(
                "`scale` is two shares, the smaller first, above 0 and up to "
                f"1. Received: {scale}"
            )
        if not 0 <= rotate <= 180:
            raise ValueError(
                f"`rotate` lies between 0 and 180. Received: {rotate}"
            )
        self._scale = scale
        self._rotate = math.radians(rotate)

    def __call__(self, foreground, alpha, background, numbers):
        """Return the pictures, float32 `[b, H, W, c]`."""
        size = background.shape[1:3]
        height, width = foreground.shape[1:3]
        angle = self._rotate * (2 * numbers[:, 0] - 1)
        least, most = self._scale
        scale = least + (most - least) * numbers[:, 1]
        zoom = scale * min(size[0] / height, size[1] / width)
        cos, sin = tf.abs(tf.cos(angle)), tf.abs(tf.sin(angle))
        box = [width * cos + height * sin, height * cos + width * sin]
        sides = tf.constant([size[1], size[0]], tf.float32)
        room = sides - zoom[:, None] * tf.stack(box, 1)
        middle = (sides - 1) / 2
        middle += tf.maximum(room, 0) * (numbers[:, 2:4] - 0.5)
        placed = place(foreground, alpha, size, middle, scale, angle)
        return over(*placed, background)


def gradient(shape, seed):
    """Draws gradients from one random colour to another, at any angle.

    Args:
        shape: `[b, h, w, c]`.
        seed: two integers, as `tf.random.stateless_uniform` takes them.

    Returns:
        float32 of this shape, from 0 to 1.

    >>> gradient([2, 4, 4, 3], [0, 0]).shape
    TensorShape([2, 4, 4, 3])
    """
    count, height, width, channels = shape
    draws = tf.random.stateless_uniform([count, 1, 1, 2 * channels + 1], seed)
    one, other, turn = tf.split(draws, [channels, channels, 1], -1)
    turn *= 2 * math.pi
    x = tf.linspace(-1.0, 1.0, width)[None, None, :, None]
    y = tf.linspace(-1.0, 1.0, height)[None, :, None, None]
    way = x * tf.cos(turn) + y * tf.sin(turn)
    return over(one, 0.5 + way / math.sqrt(8), other)


def noise(shape, seed):
    """Draws clouds of random colours, with a finer grain on top.

    Args:
        shape: `[b, h, w, c]`.
        seed: two integers, as `tf.random.stateless_uniform` takes them.

    Returns:
        float32 of this shape, from 0 to 1.

    >>> noise([2, 4, 4, 3], [0, 0]).shape
    TensorShape([2, 4, 4, 3])
    """
    count, height, width, channels = shape
    keys = tf.unstack(tf.random.split(seed, 2))
    coarse = tf.random.stateless_uniform([count, 5, 5, channels], keys[0])
    grain = tf.random.stateless_uniform(shape, keys[1])
    return over(grain, 0.25, tf.image.resize(coarse, [height, width]))


TEXTURES = {"gradient": gradient, "noise": noise}
"""Backgrounds by name."""
