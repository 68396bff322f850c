"""The warps of a batch: pictures, masks, points and boxes move alike."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures.augmentation.warping import (
    coordinates,
    fields,
    opencv,
    outlines,
    tensors,
)

FILLS = ("auto", "constant", "nearest", "reflect")


def backend():
    """Return what resamples pictures: `"opencv"` or `"tensorflow"`."""
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
    >>> points, inside = warps.points(np.array([[[0.0, 0.0]]]))
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

    def masks(self, masks, outside=0, fill=None):
        """Warps masks: each pixel takes its nearest neighbour's class.

        Args:
            masks: `[b, height, width]` or `[b, height, width, c]`, of any
                type.
            outside: the class beyond the border, with fill `"constant"`.
            fill: what shows beyond the border; None for the pictures' fill.

        Returns:
            `[b, *target_size]` or `[b, *target_size, c]`, of their type.

        Raises:
            ValueError: they aren't of the source's size, or the fill is
                `"auto"`, which depends on the pictures.
        """
        fill = fill or self.fill
        self._check("masks", masks, (*self.source_size, *masks.shape[3:]))
        if fill not in FILLS[1:]:
            raise ValueError(
                "masks need a `fill` that is named: constant, nearest or "
                f"reflect. Received: {fill!r}"
            )
        shape = (len(masks), *self.target_size, *masks.shape[3:])
        warped = np.empty(shape, masks.dtype)
        height, width = self.source_size
        for index, mask in enumerate(masks):
            x, y = coordinates.nearest(self.coordinates(index))
            rows, columns = within(y, height, fill), within(x, width, fill)
            flat = mask.reshape(height * width, *mask.shape[2:])
            np.take(flat, rows * width + columns, 0, warped[index], "clip")
            if fill == "constant":
                warped[index][(rows != y) | (columns != x)] = outside
        return warped

    def points(self, points, visible=None, pairs=()):
        """Move points with the pictures.

        Args:
            points: `[b, ..., k, 2]`, x before y; the first pixel's centre
                is 0.
            visible: which of them are visible, `[b, ..., k]`; None for all.
            pairs: pairs of indices along k that a mirror swaps, as those of
                the left eye and the right one.

        Returns:
            The points, float64 `[b, ..., k, 2]`, and which are visible and
            within the picture, `[b, ..., k]`.

        Raises:
            ValueError: they aren't of as many pictures, or a pair's index
                is beyond k.
        """
        points = np.asarray(points, np.float64)
        self._check("points", points, (*points.shape[1:-1], 2))
        count = math.prod(points.shape[1:-1])
        flat = points.reshape(len(points), count, 2)
        moved = coordinates.move(flat, self).reshape(points.shape)
        height, width = self.target_size
        inside = (moved >= -0.5) & (moved <= np.array([width, height]) - 0.5)
        inside = inside.all(-1)
        if visible is not None:
            inside &= np.asarray(visible, bool)
        which = coordinates.mirrored(self)
        moved = coordinates.swap(moved, pairs, which)
        inside = coordinates.swap(inside[..., None], pairs, which)[..., 0]
        return moved, inside

    def boxes(self, boxes):
        """Move boxes with the pictures, each to the box around what it was.

        The outline of a box is turned, sheared and bent with the picture;
        its part within the picture is cut out, and the tightest box around
        that is the answer: exact, but for a tenth of a pixel that a local
        warp may bend an edge between the points that are moved.

        Args:
            boxes: Keras' `xyxy` in pixels, `[b, n, 4]`: the edges of a box
                around the whole picture are 0, 0, width and height.

        Returns:
            The boxes, float64 `[b, n, 4]`, and the share of each moved
            outline's area that lies within the picture, `[b, n]`; 0 for
            boxes without an area.

        Raises:
            ValueError: they aren't `[b, n, 4]` of as many pictures, nor
                `[b, 0]`.
        """
        boxes = np.asarray(boxes, np.float64)
        if boxes.shape == (len(self.matrices), 0):
            # Lists of no boxes don't say that each has four numbers.
            boxes = boxes.reshape(len(boxes), 0, 4)
        self._check("boxes", boxes, (*boxes.shape[1:2], 4))
        return outlines.move_boxes(boxes, self)

    def rows(self, indices):
        """Return the warps of some of the pictures.

        Args:
            indices: which of the batch.
        """
        controls = None if self.fields is None else self.fields[indices]
        return dataclasses.replace(
            self, matrices=self.matrices[indices], fields=controls
        )

    def of_size(self, size):
        """Return the warps of targets in pixels of another source size.

        Args:
            size: height and width of the pictures that the targets are of.
        """
        if tuple(size) == self.source_size:
            return self
        share = np.array(size)[::-1] / np.array(self.source_size)[::-1]
        matrices = self.matrices * share[:, None]
        matrices[:, :, 2] += (share - 1) / 2
        return dataclasses.replace(
            self, matrices=matrices, source_size=tuple(size)
        )

    def coordinates(self, index):
        """Return where the pixels of one output come from, x before y.

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

    def _check(self, name, values, shape):
        if values.shape != (len(self.matrices), *shape):
            raise ValueError(
                f"`{name}` are {(len(self.matrices), *shape)} for these warps. "
                f"Received: {values.shape}"
            )


def picture_fill(fill, channels):
    """Return the fill that `"auto"` means for pictures."""
    if fill == "auto":
        return "constant" if channels == 1 else "reflect"
    return fill


def within(indices, count, fill):
    """Return the pixels that stand in for those beyond the border."""
    if fill == "reflect" and indices.size:
        if indices.min() < -count or indices.max() >= 2 * count:
            indices = indices % (2 * count)
        # A remainder takes ten times as long, and few reach so far.
        indices = np.where(indices < 0, -1 - indices, indices)
        return np.minimum(indices, 2 * count - 1 - indices)
    return np.clip(indices, 0, count - 1)
