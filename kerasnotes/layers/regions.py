"""Maps of one size for regions of any size, as layers."""

import keras
from keras import ops

from kerasnotes.layers import block
from kerasnotes.ops import region_pooling, regions


class _OfRegions(keras.layers.Layer):
    """What both layers share: their size, their stride, and types.

    Boxes stay in their type under mixed precision: of pixels above 2048,
    halves know even ones alone, and bfloat16 those above 256.
    """

    def __init__(self, size, stride, **kwargs):
        super().__init__(**kwargs)
        # Keras would make halves of the boxes.
        self.autocast = False
        self.size, self.stride = (
            pair[0] if pair[0] == pair[1] else pair
            for pair in regions.pairs(size, stride)
        )

    def build(self, maps_shape, boxes_shape):
        block.check_channels("maps", maps_shape)
        block.check_channels("boxes", boxes_shape)

    def call(self, maps, boxes):
        """Return the maps of each box."""
        maps = ops.cast(maps, self.compute_dtype)
        return self.take(maps, boxes)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "size": self.size,
            "stride": self.stride,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class RoIAlign(_OfRegions):
    """Takes maps of one size for boxes, by bilinear interpolation.

    The equation is that of `ops.roi_align`: nothing is rounded.

    Args:
        size: rows and columns of the answer, or one number for both.
        stride: pixels of the picture from a place of the maps to the next; or
            a pair, from row to row and from column to column.
        samples: how many points a bin has in each direction.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        maps: `(batch, h, w, c)`: channels are last, whatever
            `keras.config.image_data_format()` says.
        boxes: `xyxy` in pixels of the picture, `(batch, n, 4)`: constants, to
            which no gradient passes. They stay in their type under mixed
            precision.

    Returns:
        `(batch, n, rows, columns, c)`.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Source: He et al., Mask R-CNN (2017), section 3.

    >>> maps = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> boxes = keras.ops.convert_to_tensor([[[8, 16, 24, 24]]])
    >>> RoIAlign((1, 2), stride=8)(maps, boxes)[0, 0, ..., 0].numpy()
    array([[ 9., 10.]], dtype=float32)
    """

    def __init__(self, size, stride, samples=2, **kwargs):
        super().__init__(size, stride, **kwargs)
        regions.check_samples(samples)
        self.samples = samples

    def take(self, maps, boxes):
        """Return the interpolated maps."""
        return regions.roi_align(
            maps, boxes, self.size, self.stride, self.samples
        )

    def get_config(self):
        """Return the arguments of the constructor."""
        return {**super().get_config(), "samples": self.samples}


@keras.saving.register_keras_serializable("kerasnotes")
class RoIPooling(_OfRegions):
    """Takes maps of one size for boxes: the maximum of each bin.

    The equation is that of `ops.roi_pool`: corners and bins are of places.

    Args:
        size: as in `RoIAlign`, like the other.
        stride: pixels of the picture from a place of the maps to the next.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        maps: `(batch, h, w, c)`, of known height and width.
        boxes: `xyxy` in pixels of the picture, `(batch, n, 4)`: constants.

    Returns:
        `(batch, n, rows, columns, c)`.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Source: Girshick, Fast R-CNN (2015), section 2.1.

    >>> maps = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> boxes = keras.ops.convert_to_tensor([[[8, 8, 24, 24]]])
    >>> RoIPooling(2, stride=8)(maps, boxes)[0, 0, ..., 0].numpy()
    array([[10., 11.],
           [14., 15.]], dtype=float32)
    """

    def build(self, maps_shape, boxes_shape):
        super().build(maps_shape, boxes_shape)
        region_pooling.check_area(maps_shape)

    def take(self, maps, boxes):
        """Return the maxima."""
        return region_pooling.roi_pool(maps, boxes, self.size, self.stride)
