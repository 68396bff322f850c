"""Resampling with OpenCV, which lets other threads go on meanwhile."""

import numpy as np

try:
    import cv2
except ImportError:
    cv2 = None

# Pixels of a picture up to which calls take longer than what they do.
_SMALL = 64 * 64


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
    whole = (warps.matrices == np.rint(warps.matrices)).all((1, 2))
    inverse = cv2.WARP_INVERSE_MAP
    exact, linear = inverse | cv2.INTER_NEAREST, inverse | cv2.INTER_LINEAR

    def move(index, image, out=None):
        if warps.fields is not None:
            x, y = warps.coordinates(index).astype(np.float32)
            return cv2.remap(image, x, y, cv2.INTER_LINEAR, out, border)
        flags = exact if whole[index] else linear
        matrix = warps.matrices[index]
        return cv2.warpAffine(image, matrix, size, out, flags, border)

    # With OpenCV 5, four channels, there and back, take two thirds of the
    # time of three, but where calls take longer than pixels; with 4, as long.
    large = size[0] * size[1] > _SMALL
    blends = warps.fields is not None or not whole.all()
    padded = channels == 3 and large and blends
    for index, (image, out) in enumerate(zip(images, warped, strict=True)):
        if padded:
            image = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
            cv2.cvtColor(move(index, image), cv2.COLOR_RGBA2RGB, out)
        else:
            move(index, image, out)
        if colours is not None:
            cv2.transform(out, colours[index], out)
    return warped
