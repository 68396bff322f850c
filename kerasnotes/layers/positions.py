"""The position of each vector in a sequence."""

import math

import keras
from keras import ops

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class SinusoidalPositions(keras.layers.Layer):
    """Adds to each vector of a sequence a code of its position.

    `PE(pos, 2i) = sin(pos / 10000^(2i/d))`,
    `PE(pos, 2i+1) = cos(pos / 10000^(2i/d))`, for vectors of d numbers.

    Args:
        max_wavelength: 10000 in these equations.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x, `(..., T, d)`. Its mask, if Keras gave it one, stays.
        start_index: the position of the first vector, an integer or a scalar
            tensor.

    Returns:
        A tensor of the shape of x.

    Source: Vaswani et al., Attention is all you need (2017), section 3.5.

    >>> SinusoidalPositions()(keras.ops.zeros((2, 2))).numpy().round(2)
    array([[0.  , 1.  ],
           [0.84, 0.54]], dtype=float32)
    """

    def __init__(self, max_wavelength=10000, **kwargs):
        super().__init__(**kwargs)
        if max_wavelength <= 0:
            raise ValueError(
                "`max_wavelength` must be above 0. Received: "
                f"max_wavelength={max_wavelength}"
            )
        self.supports_masking = True
        self.max_wavelength = max_wavelength

    def call(self, inputs, start_index=0):
        """Return the vectors with the codes of their positions."""
        block.check_channels("inputs", inputs.shape)
        length, d = ops.shape(inputs)[-2], inputs.shape[-1]
        positions = start_index + ops.arange(length)
        positions = ops.cast(positions, self.variable_dtype)
        pairs = ops.arange(0, d, 2, dtype=self.variable_dtype)
        rate = -math.log(self.max_wavelength) / d
        angles = positions[:, None] * ops.exp(pairs * rate)
        codes = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
        codes = ops.reshape(codes, (length, -1))[:, :d]
        return inputs + ops.cast(codes, inputs.dtype)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "max_wavelength": self.max_wavelength}
