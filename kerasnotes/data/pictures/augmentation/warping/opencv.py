"""Resampling with OpenCV, which lets other threads go on meanwhile."""

import numpy as np

try:
    import cv2
except ImportError:
    cv2 = None
else:
    # Pipelines call it from a thread for each core: OpenCV's own would
    # wait for those cores, spinning.
    cv2.setNumThreads(1)

# Pixels that one call turns to four channels.
_PIXELS = 2**15


def resample(images, warps, fill, colours=None):
    """Warps pictures, as `Warps.pictures`.

    Args:
        images: uint8 `[b, height, width, channels]`.
        warps: a `Warps`.
        fill: `"constant"`, `"nearest"` or `"reflect"`.
        colours: the affine map of each picture's colours, `[b, c, c + 1]`, or
            None; applied while the picture is at hand.

    Returns:
        uint8 `[b, *warps.target_size, channels]`.
    """
    channels, size = images.shape[-1], warps.target_size[::-1]
    border = {
        "constant": cv2.BORDER_CONSTANT,
        "nearest": cv2.BORDER_REPLICATE,
        "reflect": cv2.BORDER_REFLECT,
    }[fill]
    warped = np.empty((len(images), *warps.target_size, channels), np.uint8)
    # Crops and mirrorings need no interpolation.
    integral = (warps.matrices == np.rint(warps.matrices)).all((1, 2))
    inverse = cv2.WARP_INVERSE_MAP
    exact, linear = inverse | cv2.INTER_NEAREST, inverse | cv2.INTER_LINEAR

    def move(index, image, out):
        if warps.fields is not None:
            x, y = warps.coordinates(index).astype(np.float32)
            cv2.remap(image, x, y, cv2.INTER_LINEAR, out, border)
        else:
            flags = exact if integral[index] else linear
            matrix = warps.matrices[index]
            cv2.warpAffine(image, matrix, size, out, flags, border)

    # With OpenCV 5, four channels, there and back, take two thirds of the
    # time of three; with 4, as long.
    padded = channels == 3 and (warps.fields is not None or not integral.all())
    together = max(1, _PIXELS // np.prod(images.shape[1:3]))
    for first in range(0, len(images), together):
        part = slice(first, first + together)
        batch, moved = images[part], warped[part]
        if padded:
            batch = _recoded(batch, cv2.COLOR_RGB2RGBA, 4)
            moved = np.empty((*moved.shape[:3], 4), np.uint8)
        for index, image in enumerate(batch):
            move(first + index, image, moved[index])
        if padded:
            warped[part] = _recoded(moved, cv2.COLOR_RGBA2RGB, 3)
    if colours is not None:
        for image, affine in zip(warped, colours, strict=True):
            cv2.transform(image, affine, image)
    return warped


def _recoded(images, code, channels):
    """Recodes pictures as one, each below the one before."""
    count, height, width = images.shape[:3]
    tall = images.reshape(count * height, width, -1)
    return cv2.cvtColor(tall, code).reshape(count, height, width, channels)
