"""Padding of channels."""

import keras

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class ZeroPadChannels(keras.layers.Layer):
    """One pixel of each stride, with channels of zeros after its own.

    The shortcut without parameters: option A of the paper.

    Args:
        filters: channels to come to.
        strides: distance of the pixels that stay.

    Call arguments:
        x: maps `(batch, height, width, channels)`, of at most `filters`
            channels.

    Raises:
        ValueError: `x` has more channels.

    Example:
    >>> ZeroPadChannels(5, strides=2)(keras.ops.ones((1, 3, 4, 2))).shape[1:]
    TensorShape([2, 2, 5])

    Source: He et al., Deep residual learning for image recognition (2015),
    section 3.3.
    """

    def __init__(self, filters, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides

    def call(self, x):
        block.check_channels("x", x.shape)
        more = self.filters - x.shape[-1]
        if more < 0:
            raise ValueError(
                f"`x` must have at most {self.filters} channels. Received: "
                f"x of shape {x.shape}"
            )
        x = x[:, :: self.strides, :: self.strides]
        return keras.ops.pad(x, [(0, 0), (0, 0), (0, 0), (0, more)])

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
        }
