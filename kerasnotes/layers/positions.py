"""Where in a sequence something is."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("kerasnotes")
class SinusoidalPositions(keras.layers.Layer):
    """Adds to each vector of a sequence a code of its position.

    `PE(pos, 2i) = sin(pos / 10000^(2i/d))`,
    `PE(pos, 2i+1) = cos(pos / 10000^(2i/d))`, for vectors of d numbers.

    Call arguments:
        x: `(..., T, d)`.
        start: the position of the first, an integer or a scalar tensor.

    Returns:
        A tensor of the shape of `x`.

    Source: Vaswani et al., Attention is all you need (2017), section 3.5.

    >>> SinusoidalPositions()(keras.ops.zeros((2, 2))).numpy().round(2)
    array([[0.  , 1.  ],
           [0.84, 0.54]], dtype=float32)
    """

    def call(self, x, start=0):
        length, d = ops.shape(x)[-2], x.shape[-1]
        places = ops.cast(start + ops.arange(length), self.variable_dtype)
        pairs = ops.arange(0, d, 2, dtype=self.variable_dtype)
        angles = places[:, None] * ops.exp(pairs * (-math.log(10000) / d))
        codes = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
        codes = ops.reshape(codes, (length, -1))[:, :d]
        return x + ops.cast(codes, x.dtype)
