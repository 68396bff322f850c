"""Maps cut to the size of others."""

import keras
from keras import ops

from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class CropLike(keras.layers.Layer):
    """Cuts maps about their centre to the height and width of others.

    Of n rows, m stay: those from `⌊(n - m) / 2⌋` on. Sizes may be open, and
    differ from batch to batch.

    Args:
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: maps to cut, `(batch, height, width, channels)`: channels are last,
            whatever `keras.config.image_data_format()` says.
        reference: maps of at most that height and width, of which the size
            is taken, `(batch, m, l, …)`.

    Returns:
        `(batch, m, l, channels)`.

    Raises:
        ValueError: `x` is smaller than `reference`.

    Source: Ronneberger et al., U-Net: convolutional networks for biomedical
    image segmentation (2015), section 2, "copy and crop".

    >>> x = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> CropLike()(x, keras.ops.ones((1, 2, 3, 5)))[0, ..., 0].numpy()
    array([[ 4.,  5.,  6.],
           [ 8.,  9., 10.]], dtype=float32)
    """

    def call(self, x, reference):
        """Return the middle of `x`."""
        block.check_channels("x", x.shape)
        for axis in (1, 2):
            known = x.shape[axis], reference.shape[axis]
            if None not in known and known[0] < known[1]:
                raise ValueError(
                    "`x` must be as high and wide as `reference`, or more. "
                    f"Received: x of shape {tuple(x.shape)}, reference of "
                    f"shape {tuple(reference.shape)}"
                )
            size, target = (ops.shape(y)[axis] for y in (x, reference))
            first = (size - target) // 2
            places = slice(first, first + target)
            x = x[:, places] if axis == 1 else x[:, :, places]
        return x
