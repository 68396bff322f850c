"""The warps of a batch: pictures, masks, landmarks and boxes move alike."""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures.augmentation.warping import (
    coordinates,
    fields,
    opencv,
    tensors,
)

FILLS = ("auto", "constant", "nearest", "reflect")


def backend():
    """Returns what resamples pictures: `"opencv"` or `"tensorflow"`."""
    return "opencv" if opencv.cv2 else "tensorflow"


@dataclasses.dataclass(frozen=True)
class Warps:
    """Where each output pixel of a batch comes from.

    An output pixel p shows the input at `M (p + d(p))`, where M is the
    picture's matrix and d its displacement field. Coordinates are x before y;
    the centre of the first pixel is (0, 0). Pictures are interpolated
    bilinearly, without a low-pass filter: one that shrinks more than twofold
    should be resized before.

    Args:
        matrices: `[b, 2, 3]`.
        fields: the fields' controls `[b, 2, k, k]`, or None.
        source_size: height and width of the input.
        target_size: height and width of the output.
        fill: what shows beyond the border: `"constant"` black, `"nearest"`
            pixel, `"reflect"`; `"auto"` is black for grey pictures, which
            are mostly marks on a black ground, and reflects colour ones.

    >>> mirror = np.array([[[-1.0, 0, 3], [0, 1, 0]]])
    >>> warps = Warps(mirror, None, (1, 4), (1, 4))
    >>> picture = np.array([10, 20, 30, 40], "uint8").reshape(1, 1, 4, 1)
    >>> warps.pictures(picture).ravel().tolist()
    [40, 30, 20, 10]
    >>> points, inside = warps.landmarks(np.array([[[0.0, 0.0]]]))
    >>> points.tolist(), inside.tolist()
    ([[[3.0, 0.0]]], [[True]])
    """

    matrices: np.ndarray
    fields: np.ndarray | None
    source_size: tuple
    target_size: tuple
    fill: str = "auto"

    def pictures(self, images, by=None):
        """Warps pictures.

        OpenCV 4 rounds coordinates to 1/32 of a pixel: grey levels differ
        from TensorFlow's by up to 1/32 of the contrast between neighbours
        and a rounding. Crops and mirrorings are exact.

        Args:
            images: uint8 `[b, height, width, channels]`.
            by: `"opencv"` or `"tensorflow"`; `backend()` if None.

        Returns:
            uint8 `[b, *target_size, channels]`.

        Raises:
            ValueError: they aren't uint8 of the source's size.
        """
        self._check("images", images, (*self.source_size, images.shape[-1]))
        if images.dtype != np.uint8:
            raise ValueError(f"`images` are uint8. Received: {images.dtype}")
        fill = picture_fill(self.fill, images.shape[-1])
        if (by or backend()) == "opencv":
            return opencv.resample(images, self, fill)
        with tf.device("CPU"):
            return tensors.resample(
                images, self.matrices, self.fields, self.target_size, fill
            ).numpy()

    def masks(self, masks, outside=0):
        """Warps masks: each pixel takes its nearest neighbour's class.

        Args:
            masks: integers or booleans `[b, height, width]`.
            outside: the class beyond the border, with fill `"constant"`.

        Returns:
            `[b, *target_size]`, of their type.

        Raises:
            ValueError: they aren't of the source's size, or the fill is
                `"auto"`, which depends on the pictures.
        """
        self._check("masks", masks, self.source_size)
        if self.fill == "auto":
            raise ValueError(
                "masks need a `fill` that is named: constant, nearest or "
                f"reflect. Received: {self.fill!r}"
            )
        warped = np.empty((len(masks), *self.target_size), masks.dtype)
        for index, mask in enumerate(masks):
            x, y = np.rint(self.coordinates(index)).astype(int)
            rows, columns = mask.shape
            warped[index] = mask[
                within(y, rows, self.fill), within(x, columns, self.fill)
            ]
            if self.fill == "constant":
                beyond = (x < 0) | (x >= columns) | (y < 0) | (y >= rows)
                warped[index][beyond] = outside
        return warped

    def landmarks(self, points, swap=None):
        """Moves points with the pictures.

        Args:
            points: `[b, k, 2]`, x before y; the first pixel's centre is 0.
            swap: for each point, which takes its place in a picture that is
                mirrored, `[k]`: the right eye for the left one.

        Returns:
            The points `[b, k, 2]`, and whether each is inside, `[b, k]`.
        """
        moved = coordinates.move(points, self)
        if swap is not None:
            mirrored = np.linalg.det(self.matrices[:, :, :2]) < 0
            moved[mirrored] = moved[mirrored][:, np.asarray(swap)]
        height, width = self.target_size
        inside = (moved >= -0.5) & (moved <= np.array([width, height]) - 0.5)
        return moved, inside.all(-1)

    def boxes(self, boxes, visible=0.25):
        """Moves boxes with the pictures, each to the box around what it was.

        Args:
            boxes: Keras' `xyxy` in pixels, `[b, n, 4]`: the edges of a box
                around the whole picture are 0, 0, width and height.
            visible: the least share of a moved box within the picture.

        Returns:
            The boxes clipped to the picture `[b, n, 4]`, and which of them
            have an area and are visible, `[b, n]`.
        """
        return coordinates.move_boxes(boxes, self, visible)

    def coordinates(self, index):
        """Returns where the pixels of one output come from, x before y.

        Args:
            index: which of the batch.

        Returns:
            Input pixels, `[2, height, width]`.
        """
        height, width = self.target_size
        rows, columns = np.ogrid[:height, :width]
        x, y = columns, rows
        if self.fields is not None:
            x, y = fields.dense(self.fields[index], self.target_size)
            x, y = x + columns, y + rows
        (a, b, c), (d, e, f) = self.matrices[index]
        return np.stack([a * x + b * y + c, d * x + e * y + f])

    def _check(self, name, given, shape):
        if given.shape != (len(self.matrices), *shape):
            raise ValueError(
                f"`{name}` are {(len(self.matrices), *shape)} for these warps. "
                f"Received: {given.shape}"
            )


def picture_fill(fill, channels):
    """Returns the fill that `"auto"` means for pictures."""
    if fill == "auto":
        return "constant" if channels == 1 else "reflect"
    return fill


def within(indices, count, fill):
    """Returns the pixels that stand in for those beyond the border."""
    if fill == "reflect":
        indices = indices % (2 * count)
        return np.minimum(indices, 2 * count - 1 - indices)
    return np.clip(indices, 0, count - 1)
