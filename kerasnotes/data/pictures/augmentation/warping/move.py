"""The move of a batch: what lies on its pictures goes where they go."""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures.augmentation.warping import (
    geometry,
    padding,
    warp,
)


@dataclasses.dataclass(frozen=True)
class Move:
    """Moves boxes, masks and points as the pictures of a batch have moved.

    It works out the very warp of the pictures, in the graph, from the same
    numbers, and nothing where it isn't asked. Call it in the function of the
    `Dataset.map` that moved the pictures. Targets are dense or ragged, of
    any type; `Warps` says what becomes of them.

    Args:
        numbers: uniform random numbers `[b, Geometry.width]`, the pictures'.
        geometry: their `Geometry`; None where they haven't moved.
        source_size: height and width of the pictures before.
        target_size: height and width of the pictures after.
        fill: what the pictures show beyond the border: `"constant"`,
            `"nearest"` or `"reflect"`.
        size: height and width of the pictures that the targets are of, where
            these were read larger before they moved; None for `source_size`.

    >>> from kerasnotes.data.pictures.augmentation.policy import Policy
    >>> policy = Policy(mirror=True)
    >>> pictures = tf.zeros([1, 4, 6, 3], tf.uint8)
    >>> pictures, move = policy(pictures, tf.zeros([1, policy.width]))
    >>> boxes, shares = move.boxes([[[0, 1, 2, 3]]])
    >>> boxes.numpy().tolist(), shares.numpy().tolist()
    ([[[4.0, 1.0, 6.0, 3.0]]], [[1.0]])
    """

    numbers: tf.Tensor
    geometry: geometry.Geometry | None
    source_size: tuple
    target_size: tuple
    fill: str = "constant"
    size: tuple | None = None

    def of_size(self, size):
        """Return the move for targets in pixels of another picture size.

        Args:
            size: height and width of the pictures before, as the targets
                were measured on them.
        """
        return dataclasses.replace(self, size=tuple(size))

    def boxes(self, boxes):
        """Move boxes, each to the tightest box around what it was.

        Of a box that is turned, sheared or warped, the whole outline moves;
        what of it lies within the picture is cut out, and the answer is
        the box around that.

        Args:
            boxes: Keras' `xyxy`, `[b, n, 4]` or `[b, (n), 4]`, in pixels of
                the pictures before: the edges of a box around a whole
                picture are 0, 0, width and height.

        Returns:
            The boxes, in pixels of the pictures after, of their shape and
            type (float32 if that is an integer's); and the share of each
            outline's area that is left in the picture, float32 `[b, n]`: 0
            for what is gone, or had no area.

        >>> lost = Move(tf.zeros([1, 0]), None, (4, 4), (4, 4))
        >>> boxes = tf.RaggedTensor.from_row_lengths([[2.0, 0, 6, 4]], [1])
        >>> boxes, shares = lost.boxes(boxes)
        >>> tf.ragged.boolean_mask(boxes, shares >= 0.5).to_list()
        [[[2.0, 0.0, 4.0, 4.0]]]
        """
        padded = padding.Padded("boxes", boxes, [4])
        moved, shares = tf.numpy_function(
            lambda numbers, boxes: self._warps(numbers).boxes(boxes),
            [self.numbers, tf.cast(padded.dense, tf.float64)],
            [tf.float64, tf.float64],
            stateful=False,
        )
        return (
            padded.like(
                moved, padding.real(padded.dense.dtype), padded.dense.shape
            ),
            padded.like(shares, tf.float32, padded.dense.shape[:-1]),
        )

    def masks(self, masks, outside=0, fill=None):
        """Move masks: each pixel takes its nearest neighbour's class.

        Args:
            masks: `[b, height, width]`, `[b, height, width, c]`, or one for
                each of a picture's objects, ragged `[b, (n), height, width]`.
            outside: the class beyond the border, with fill `"constant"`.
            fill: what shows beyond the border; None for the pictures' fill.

        Returns:
            The masks of the pictures after, of their type.

        Raises:
            ValueError: the masks' rank is another.

        >>> one = Move(tf.zeros([1, 0]), None, (1, 2), (1, 2))
        >>> one.masks([[[True, False]]]).numpy().tolist()
        [[[True, False]]]
        """
        ragged = isinstance(masks, tf.RaggedTensor)
        inner = list(self.size or self.source_size) if ragged else []
        padded = padding.Padded("masks", masks, inner)
        dense = padded.dense
        if dense.shape.rank not in ((4,) if ragged else (3, 4)):
            raise ValueError(
                "`masks` are [b, height, width], [b, height, width, c] or "
                f"ragged [b, (n), height, width]. Received: {dense.shape}"
            )
        if ragged:
            dense = tf.transpose(dense, [0, 2, 3, 1])
        moved = tf.numpy_function(
            lambda numbers, masks, outside: self._warps(numbers).masks(
                masks, outside, fill
            ),
            [self.numbers, dense, tf.cast(outside, dense.dtype)],
            dense.dtype,
            stateful=False,
        )
        moved.set_shape([dense.shape[0], *self.target_size, *dense.shape[3:]])
        if ragged:
            moved = tf.transpose(moved, [0, 3, 1, 2])
        return padded.like(moved, dense.dtype)

    def points(self, points, visible=None, pairs=()):
        """Move points with the pictures.

        Args:
            points: `[b, ..., k, 2]`, x before y, in pixels of the pictures
                before: the first pixel's centre is 0. Dense or ragged.
            visible: which of them are visible, `[b, ..., k]`; None for all.
            pairs: pairs of indices along k that a mirror swaps: of the left
                eye and the right one. In each picture there are all points
                or none.

        Returns:
            The points, in pixels of the pictures after, of their shape and
            type (float32 if that is an integer's); and which are visible and
            within the picture, bool `[b, ..., k]`.

        >>> one = Move(tf.zeros([1, 0]), None, (4, 4), (4, 4))
        >>> points, visible = one.points([[[1, 2], [3, 4]]])
        >>> points.numpy().tolist(), visible.numpy().tolist()
        ([[[1.0, 2.0], [3.0, 4.0]]], [[True, False]])
        """
        padded = padding.Padded("points", points, [2])
        if visible is None:
            visible = tf.ones(tf.shape(padded.dense)[:-1], tf.bool)
        else:
            visible = padding.Padded("visible", visible, []).dense
        pairs = tuple(map(tuple, pairs))
        with tf.control_dependencies(_complete(padded, pairs)):
            dense = tf.cast(tf.identity(padded.dense), tf.float64)
        moved, visible = tf.numpy_function(
            lambda numbers, *points: self._warps(numbers).points(
                *points, pairs
            ),
            [self.numbers, dense, tf.cast(visible, tf.bool)],
            [tf.float64, tf.bool],
            stateful=False,
        )
        shape = padded.dense.shape
        return (
            padded.like(moved, padding.real(padded.dense.dtype), shape),
            padded.like(visible, tf.bool, shape[:-1]),
        )

    def _warps(self, numbers):
        """Return the `Warps` of the pictures, or of targets of `size`."""
        if self.geometry is None:
            matrices = np.tile(np.eye(2, 3), (len(numbers), 1, 1))
            sizes = tuple(self.source_size), tuple(self.target_size)
            warps = warp.Warps(matrices, None, *sizes, self.fill)
        else:
            warps = self.geometry.sample(
                numbers, self.source_size, self.target_size
            )
            warps = dataclasses.replace(warps, fill=self.fill)
        return warps.of_size(self.size) if self.size else warps


def _complete(padded, pairs):
    """Check that ragged points have both of each pair, or no point."""
    axis = padded.dense.shape.rank - 3
    if not pairs or axis >= len(padded.lengths):
        return []
    count, most = padded.lengths[axis], max(map(max, pairs))
    check = tf.debugging.Assert(
        tf.reduce_all((count == 0) | (count > most)),
        [f"`pairs` name point {most}; the points of a picture are", count],
    )
    return [] if check is None else [check]
