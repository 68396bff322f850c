"""Colour: brightness to PCA shifts as one affine map of each picture.

All changes of one picture's colours compose into one matrix and one offset,
applied once, to bytes: with OpenCV where it is installed, else with
TensorFlow, which may differ by one level where OpenCV rounds another way.
"""

import math

import numpy as np
import tensorflow as tf

try:
    import cv2
except ImportError:
    cv2 = None

# Y, I and Q of R, G and B: the NTSC's luma and its two axes of chroma.
_YIQ = np.array(
    [
        [0.299, 0.587, 0.114],
        [0.5959, -0.2746, -0.3213],
        [0.2115, -0.5227, 0.3112],
    ]
)
_MIDDLE = 127.5


# A colour matrix is the weighted sum of three: of luma, chroma and its turn.
_PARTS = np.stack(
    [
        np.linalg.solve(_YIQ, np.array(part) @ _YIQ).ravel()
        for part in (
            [[1.0, 0, 0], [0, 0, 0], [0, 0, 0]],
            [[0.0, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[0.0, 0, 0], [0, 0, -1], [0, 1, 0]],
        )
    ]
)


def maps(brightness, contrast, saturation, hue, channels):
    """Composes the colour map `x → M x + o` of each picture.

    With brightness β, contrast k, saturation s and a hue turned by h, in
    this order:

    `M = k β T⁻¹ [1 ⊕ s R(h)] T`, `o = 127.5 (1 - k)`

    T takes RGB to YIQ, and R(h) turns the chroma (I, Q). Factors of 1 and a
    turn of 0 leave the picture as it is. Contrast is about the middle of the
    range, not the picture's mean, so that the map follows from the random
    numbers alone; brightness scales, so that black stays black. A grey
    picture has no chroma to change.

    Args:
        brightness: β of each picture, `[b]`.
        contrast: k, `[b]`.
        saturation: s, `[b]`.
        hue: h in degrees, `[b]`.
        channels: 1 or 3.

    Returns:
        float32 `[b, channels, channels]` and `[b, channels]`.

    >>> one = tf.ones([1])
    >>> matrix, offset = maps(2 * one, 0.5 * one, one, 0 * one, 1)
    >>> matrix.numpy().tolist(), offset.numpy().tolist()
    ([[[1.0]]], [[63.75]])
    """
    gain = brightness * contrast
    offset = tf.repeat(_MIDDLE * (1.0 - contrast)[:, None], channels, 1)
    if channels == 1:
        return gain[:, None, None], offset
    angle, chroma = math.radians(1.0) * hue, gain * saturation
    weights = [gain, chroma * tf.cos(angle), chroma * tf.sin(angle)]
    matrix = tf.stack(weights, 1) @ tf.constant(_PARTS, tf.float32)
    return tf.reshape(matrix, [-1, 3, 3]), offset


def pca_shift(numbers, covariance, sigma):
    """Draws AlexNet's shifts along the principal colours.

    `P (√λ ∘ α)`, `α ~ N(0, σ²)`, P and λ being eigenvectors and eigenvalues
    of the covariance Σ of the training set's colours: the shift's covariance
    is `σ² Σ`. The paper writes λ for √λ; its authors' program multiplies by
    standard deviations, as is done here.

    Args:
        numbers: uniform random numbers in [0, 1), `[b, 3]`.
        covariance: Σ in units of 0–255, `[3, 3]`, of `examples.covariance`.
        sigma: the standard deviation σ; AlexNet's is 0.1.

    Returns:
        float32 `[b, 3]`.

    Source: Krizhevsky et al., "ImageNet Classification with Deep
    Convolutional Neural Networks", 2012, section 4.1.

    >>> middle = tf.fill([1, 3], 0.5)
    >>> pca_shift(middle, np.eye(3), 0.1).numpy().tolist()
    [[0.0, 0.0, 0.0]]
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    axes = vectors * np.sqrt(np.maximum(values, 0.0))
    # An exact 0 would be infinitely far out.
    normal = tf.math.ndtri(tf.maximum(numbers, 1e-7))
    return sigma * normal @ tf.constant(axes.T, tf.float32)


def apply(images, matrix, offset):
    """Map the colours of a batch; what leaves 0–255 is cut off.

    Args:
        images: uint8 `[b, h, w, c]`.
        matrix: float32 `[b, c, c]`.
        offset: float32 `[b, c]`.

    Returns:
        uint8 `[b, h, w, c]`.

    >>> grey = tf.fill([1, 2, 2, 1], tf.constant(100, "uint8"))
    >>> apply(grey, [[[1.5]]], [[7.0]]).numpy().ravel().tolist()
    [157, 157, 157, 157]
    """
    if cv2 is None:
        x = tf.einsum("bhwc,bdc->bhwd", tf.cast(images, tf.float32), matrix)
        x = tf.round(x + tf.cast(offset, tf.float32)[:, None, None])
        return tf.cast(tf.clip_by_value(x, 0.0, 255.0), tf.uint8)
    mapped = tf.numpy_function(
        _apply, [images, matrix, offset], tf.uint8, stateful=False
    )
    mapped.set_shape(images.shape)
    return mapped


def _apply(images, matrix, offset):
    """Map a batch with OpenCV, which lets other threads go on meanwhile."""
    out = np.empty_like(images)
    for image, affine, mapped in zip(
        images, joined(matrix, offset), out, strict=True
    ):
        cv2.transform(image, affine, mapped)
    return out


def joined(matrix, offset):
    """Return matrices and offsets as OpenCV takes them, `[b, c, c + 1]`."""
    return np.concatenate([matrix, offset[..., np.newaxis]], -1)
