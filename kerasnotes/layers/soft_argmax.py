"""Where a heat map is hottest, such that gradients pass."""

import keras
from keras import ops

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class SoftArgmax(keras.layers.Layer):
    """The mean place of each heat map's softmax.

    `p = softmax(h / T)` over the H·W places of a map, and

    `x = Σ p (column + ½) / W`, `y = Σ p (row + ½) / H`

    as shares of the picture's width and height, so that the first pixel of W
    is at 1 / 2W and no answer lies outside. It says what is likely on the
    mean: of two places alike hot it gives the middle.

    Args:
        temperature: T; the lower, the closer to the hottest place.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: heat maps, `(batch, H, W, K)`: channels are last, whatever
            `keras.config.image_data_format()` says.

    Returns:
        `(batch, K, 2)`, x before y, in the type of the policy's weights.

    Raises:
        ValueError: the temperature is not above 0, or there are no four axes.

    Source: Levine et al., End-to-end training of deep visuomotor policies
    (2016), section 5.1 (there in [-1, 1]).

    >>> heat = keras.ops.one_hot([[[0, -1]]], 1) * 1000  # 1 of 1×2 pixels
    >>> SoftArgmax()(heat).numpy()
    array([[[0.25, 0.5 ]]], dtype=float32)
    """

    def __init__(self, temperature=1.0, **kwargs):
        super().__init__(**kwargs)
        if not temperature > 0:
            raise ValueError(
                "`temperature` must be above 0. Received: "
                f"temperature={temperature}"
            )
        self.temperature = temperature

    def call(self, inputs):
        """Return x and y of each map."""
        if len(inputs.shape) != 4:
            raise ValueError(
                "`inputs` must be (batch, height, width, maps). Received: "
                f"shape {inputs.shape}"
            )
        block.check_channels("inputs", inputs.shape)
        _, height, width, maps = ops.shape(inputs)
        dtype = self.variable_dtype  # Half of a large map can't be summed up.
        heat = ops.cast(inputs, dtype) / self.temperature
        chances = ops.softmax(
            ops.reshape(heat, (-1, height * width, maps)), axis=1
        )
        chances = ops.reshape(chances, (-1, height, width, maps))
        places = [
            ops.sum(
                ops.sum(chances, axis=3 - axis) * _centres(size, dtype), axis=1
            )
            for axis, size in ((2, width), (1, height))
        ]
        return ops.stack(places, axis=-1)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "temperature": self.temperature}


def _centres(size, dtype):
    """Return the centres of pixels as shares of a side, `(size, 1)`."""
    return (ops.arange(size, dtype=dtype)[:, None] + 0.5) / size
