"""Normalisation over neighbouring channels."""

import keras
from keras import ops


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
        own = {n: getattr(self, n) for n in ("k", "n", "alpha", "beta")}
        return super().get_config() | own
