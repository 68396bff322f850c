"""Maps made larger."""

import keras
from keras import ops

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class BilinearUpsampling(keras.layers.Layer):
    """Makes maps a whole number of times as high and wide, by interpolation.

    With a factor f, row `f i + j` is `(1 - |t|) x_i + |t| x_k`, where
    `t = (j + ½) / f - ½`, and k is the row after i for positive t, before it
    for negative; beyond the border the last row goes on. Columns likewise.

    It is `keras.layers.UpSampling2D` with `interpolation="bilinear"`, which
    takes no maps of open sizes in a graph.

    Args:
        size: the factor, or a pair of those of height and width.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: maps, `(batch, height, width, channels)`: channels are last,
            whatever `keras.config.image_data_format()` says.

    Returns:
        `(batch, f · height, f · width, channels)`.

    Raises:
        ValueError: a factor is below 1.

    >>> x = keras.ops.reshape([0.0, 4.0], (1, 1, 2, 1))
    >>> BilinearUpsampling((1, 2))(x)[0, 0, :, 0].numpy()
    array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = (size, size) if isinstance(size, int) else tuple(size)
        if len(self.size) != 2 or min(self.size) < 1:
            raise ValueError(
                "`size` must be one factor of 1 or more, or two. Received: "
                f"size={size}"
            )

    def call(self, inputs):
        """Return the larger maps."""
        block.check_channels("inputs", inputs.shape)
        for axis, factor in enumerate(self.size, start=1):
            inputs = _interpolated(inputs, axis, factor)
        return inputs

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "size": self.size}


def _interpolated(x, axis, factor):
    """Return x so many times as long along an axis."""
    if factor == 1:
        return x

    def part(first, last):
        return x[(slice(None),) * axis + (slice(first, last),)]

    before = ops.concatenate([part(0, 1), part(0, -1)], axis)
    after = ops.concatenate([part(1, None), part(-1, None)], axis)
    rows = []
    for j in range(factor):
        t = (j + 0.5) / factor - 0.5
        rows.append((1 - abs(t)) * x + abs(t) * (after if t > 0 else before))
    shape = list(ops.shape(x))
    shape[axis] = shape[axis] * factor
    return ops.reshape(ops.stack(rows, axis + 1), shape)
