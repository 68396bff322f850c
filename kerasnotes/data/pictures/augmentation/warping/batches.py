"""Warping within a `tf.data` pipeline."""

import tensorflow as tf

from kerasnotes.data.pictures.augmentation import colour
from kerasnotes.data.pictures.augmentation.warping import opencv, tensors, warp


def apply(images, numbers, geometry, target_size, by=None, colours=None):
    """Warps a batch of pictures, a function of the numbers alone.

    OpenCV's warps run in a `tf.numpy_function` and free the interpreter's
    lock, so that `num_parallel_calls` uses several cores.

    Args:
        images: uint8 `[b, height, width, channels]`, the size static.
        numbers: uniform random numbers `[b, geometry.width]`.
        geometry: a `Geometry`.
        target_size: height and width of the output.
        by: `"opencv"` or `"tensorflow"`; `backend()` if None.
        colours: matrix and offset of each picture, see `colour.apply`, to be
            applied in the same pass; or None.

    Returns:
        uint8 `[b, *target_size, channels]`.

    >>> from kerasnotes.data.pictures.augmentation.warping import Geometry
    >>> geometry = Geometry(mirror=True)
    >>> pictures = tf.constant([[[[1], [2]]]] * 2, tf.uint8)
    >>> numbers = tf.constant([[0.2], [0.8]]) * tf.ones([2, geometry.width])
    >>> apply(pictures, numbers, geometry, (1, 2)).numpy().ravel().tolist()
    [2, 1, 1, 2]
    """
    images = tf.convert_to_tensor(images)
    size = tuple(images.shape[1:3])
    channels = images.shape[-1]

    if (by or warp.backend()) == "opencv":

        def pictures(images, numbers, *colours):
            warps = geometry.sample(numbers, size, target_size)
            fill = warp.picture_fill(geometry.fill, channels)
            maps = colour.joined(*colours) if colours else None
            return opencv.resample(images, warps, fill, maps)

        inputs = [images, numbers, *(colours or ())]
        warped = tf.numpy_function(pictures, inputs, tf.uint8)
    else:

        def parameters(numbers):
            warps = geometry.sample(numbers, size, target_size)
            if warps.fields is None:
                return warps.matrices, 0.0
            return warps.matrices, warps.fields

        matrices, controls = tf.numpy_function(
            parameters, [numbers], [tf.float64, tf.float64]
        )
        fill = warp.picture_fill(geometry.fill, channels)
        if not geometry.warp:
            controls = None
        warped = tensors.resample(images, matrices, controls, target_size, fill)
        if colours:
            warped = colour.apply(warped, *colours)
    warped.set_shape([images.shape[0], *target_size, channels])
    return warped
