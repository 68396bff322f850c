"""Normalisation: by given means, and over neighbouring channels."""

import keras
import numpy as np
from keras import ops

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each activation by what its neighbour channels show there.

    `b_i = a_i / (k + α Σ_j a_j²)^β`, `j` from `i - ⌊n/2⌋` to `i + ⌊n/2⌋`
    within the channels. α is not divided by n (Caffe divides it). The sum is
    taken in the type of weights, where half precision would overflow.

    `tf.nn.local_response_normalization` calls `⌊n/2⌋` `depth_radius`, k
    `bias`.

    Args:
        k: keeps the divisor off 0.
        n: the channels that the sum covers, odd; an even n adds one.
        alpha: α, the weight of the sum.
        beta: β, the exponent.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, …, channels)`.

    Returns:
        A tensor of the shape of `inputs`.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional
    neural networks (2012), section 3.3, whose constants are the defaults.

    >>> layer = LocalResponseNormalization(k=1, n=3, alpha=1, beta=1)
    >>> ops.convert_to_numpy(layer(ops.array([[1.0, 2.0, 0.0]]))).round(3)
    array([[0.167, 0.333, 0.   ]], dtype=float32)
    """

    def __init__(self, k=2.0, n=5, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        if n < 1:
            raise ValueError(f"`n` must be at least 1. Received: n={n}")
        self.k, self.n, self.alpha, self.beta = k, n, alpha, beta

    def call(self, inputs):
        block.check_channels("inputs", inputs.shape)
        a = ops.cast(inputs, self.variable_dtype)
        radius, channels = self.n // 2, inputs.shape[-1]
        pad = [[0, 0]] * (len(a.shape) - 1) + [[radius, radius]]
        squares = ops.pad(a * a, pad)
        total = sum(
            squares[..., i : i + channels] for i in range(2 * radius + 1)
        )
        b = a * (self.k + self.alpha * total) ** -self.beta
        return ops.cast(b, self.compute_dtype)

    def get_config(self):
        """Return the arguments of the constructor."""
        arguments = {n: getattr(self, n) for n in ("k", "n", "alpha", "beta")}
        return super().get_config() | arguments


@keras.saving.register_keras_serializable("kerasnotes")
class Standardization(keras.layers.Layer):
    """Subtracts a mean and divides by a deviation: `(x - mean) / std`.

    `keras.layers.Normalization` takes a variance, which float32 can't hold for
    deviations beyond 2e19, and divides by 1e-7 at least. Here the mean is
    subtracted in float64 from inputs in float64, and from others in float32, in
    two parts that lose no digit of it; the quotient has the layer's type.

    Args:
        mean: a number, or one per channel.
        std: like `mean`; where it is 0, inputs are only shifted.
        invert: whether to go back, `x · std + mean`, in the layer's type.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, …, channels)`.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: `mean` or `std` has neither one value nor one per channel.

    >>> layer = Standardization(mean=1.7e9, std=2.0)
    >>> x = np.array([[1.7e9 + 1], [1.7e9 - 3]])
    >>> ops.convert_to_numpy(layer(x)).tolist()
    [[0.5], [-1.5]]
    """

    def __init__(self, mean, std, invert=False, **kwargs):
        # Autocasting would round float64 before the mean is subtracted.
        super().__init__(autocast=False, **kwargs)
        self.invert = invert
        self.mean, self.std = (
            np.reshape(v, -1).astype(float).tolist() for v in (mean, std)
        )

    def build(self, input_shape):
        block.check_channels("inputs", input_shape)
        channels = input_shape[-1]
        for name in ("mean", "std"):
            values = len(getattr(self, name))
            if values not in (1, channels):
                raise ValueError(
                    f"`{name}` must have one value, or one per channel. "
                    f"Received: {values} values for {channels} channels"
                )

    def call(self, inputs):
        x = ops.convert_to_tensor(inputs)
        if self.invert:
            dtype = self.compute_dtype
            # Python's floats would pass through float32.
            std, mean = np.array(self.std), np.array(self.mean)
            x = ops.cast(x, dtype) * ops.cast(np.where(std, std, 1.0), dtype)
            return x + ops.cast(mean, dtype)
        wide = keras.backend.standardize_dtype(x.dtype) == "float64"
        dtype = "float64" if wide else "float32"
        mean, std = np.array(self.mean), np.array(self.std)
        high = mean.astype(dtype).astype(float)
        x = ops.cast(x, dtype)
        for part in (high, mean - high):
            x = x - ops.cast(part, dtype)
        x = x / ops.cast(np.where(std, std, 1.0), dtype)
        return ops.cast(x, self.compute_dtype)

    def get_config(self):
        """Return the arguments of the constructor."""
        arguments = {"mean": self.mean, "std": self.std, "invert": self.invert}
        return super().get_config() | arguments
