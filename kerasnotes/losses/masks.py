"""The loss of a network that says which pixels of a region are its object's."""

import math

import keras
from keras import ops

from kerasnotes.losses import sampled_regions
from kerasnotes.ops import boxes as boxes_lib
from kerasnotes.ops import region_targets, regions


@keras.saving.register_keras_serializable("kerasnotes")
class MaskLoss(keras.losses.Loss):
    """Computes the loss of masks of regions.

    A region belongs to the object of its label with the highest IoU, where
    that is `positive` or more. The target t of each of its S×S places is 1
    where RoI align (`ops.roi_align`) of the object's pixels, which are 1, has
    ½ or more, else 0. Of logits z the loss of a region is

    `L = 1/S² Σ_i (log(1 + exp z_i) - t_i z_i)`

    and that of a picture the mean over its regions with an object, 0 if
    there is none. All of a region without one has gradients of exactly 0,
    whatever it answers, and regions are constants.

    Only the pixels at the points of a region are looked at, not the picture
    for each region.

    Args:
        positive: the IoU from which on a region has the object.
        samples: how many points a place has in each direction.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in, float32 at least.

    Call arguments:
        y_true: pixels, `(batch, m, height, width)`: those of object j have its
            label + 1, others are 0. An object without a pixel is padding.
        y_pred: `(batch, k, 6 + S²)`: the region, `xyxy` in pixels; its label,
            below 0 for padding; a score, which is ignored; the logits, row by
            row.

    Returns:
        The loss of each picture, `(batch,)`, before the reduction.

    Raises:
        ValueError: an argument is out of its range, or a shape doesn't fit.

    Example:
    >>> loss = MaskLoss()
    >>> y = 3 * keras.ops.ones((1, 1, 4, 4))
    >>> y = keras.ops.pad(y, [[0, 0], [0, 0], [2, 2], [2, 2]])
    >>> answer = [[[2.0, 2, 6, 6, 2, 1, 0, 0, 0, 0]]]
    >>> f"{float(loss(y, answer)):.3f}"  # log 2
    '0.693'

    Source: He et al., Mask R-CNN (2017), section 3.
    """

    def __init__(
        self,
        positive=0.5,
        samples=2,
        reduction="sum_over_batch_size",
        name="mask_loss",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        region_targets.check_bounds(positive, 0.0, 0.0)
        regions.check_samples(samples)
        self.positive = positive
        self.samples = samples

    def call(self, y_true, y_pred):
        """Return the loss of each picture."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        side = _check(y_true, y_pred)
        y_pred = boxes_lib.wide(y_pred)
        boxes, labels, _, logits = ops.split(y_pred, [4, 5, 6], axis=-1)
        boxes, labels = map(ops.stop_gradient, (boxes, labels))
        # The best of no objects is an error.
        pixels = ops.pad(y_true, [[0, 0], [0, 1], [0, 0], [0, 0]])
        number, matched = self._objects(pixels, boxes, labels)
        boxes = ops.where(matched[..., None], boxes, 0.0)
        target = self._targets(pixels, number, boxes, side)
        logits = ops.where(matched[..., None], logits, 0.0)
        loss = ops.mean(
            ops.binary_crossentropy(target, logits, from_logits=True), axis=-1
        )
        matched = ops.cast(matched, loss.dtype)
        loss = ops.sum(matched * loss, axis=-1)
        loss = loss / ops.maximum(ops.sum(matched, axis=-1), 1.0)
        return ops.cast(loss, self.dtype)

    def _objects(self, pixels, boxes, labels):
        """Return each region's object, and which regions have one."""
        objects, kinds = _objects_of(pixels, boxes.dtype)
        proper = region_targets.has_area(boxes)
        boxes = ops.where(proper[..., None], boxes, 0.0)
        share = boxes_lib.iou(boxes, objects)
        # `==` loses the rank where only one of two batches is known.
        same = ops.equal(labels, kinds[:, None])
        same = ops.logical_and(same, kinds[:, None] >= 0)
        share = ops.where(same, share, 0.0)
        number = ops.cast(ops.argmax(share, axis=-1), "int32")
        best = ops.take_along_axis(share, number[..., None], axis=-1)
        return number, best[..., 0] >= self.positive

    def _targets(self, pixels, number, boxes, side):
        """Return 1 where a place of a region is its object's, or else 0.

        Args:
            pixels: `(batch, m, height, width)`.
            number: of each region's object, `(batch, k)`.
            boxes: the regions, all of them numbers.
            side: S.

        Returns:
            `(batch, k, S²)`.
        """
        batch, m, height, width = ops.shape(pixels)
        points, k = side * self.samples, ops.shape(boxes)[1]
        rows = _points(boxes[..., 1], boxes[..., 3], points, height)
        columns = _points(boxes[..., 0], boxes[..., 2], points, width)
        flat = ops.reshape(pixels, (batch, m * height * width))
        total = 0.0
        for row, of_row in rows:
            first = (number[..., None] * height + row) * width
            for column, of_column in columns:
                places = first[..., None] + column[..., None, :]
                places = ops.reshape(places, (batch, k * points**2))
                inside = ops.take_along_axis(flat, places, axis=1) > 0
                inside = ops.reshape(inside, (batch, k, points, points))
                weights = of_row[..., None] * of_column[..., None, :]
                total = total + ops.where(inside, weights, 0.0)
        split = (batch, k, side, self.samples, side, self.samples)
        share = ops.mean(ops.reshape(total, split), axis=(3, 5))
        target = ops.cast(share >= 0.5, boxes.dtype)
        return ops.reshape(target, (batch, k, side**2))

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "positive": self.positive,
            "samples": self.samples,
        }


def _check(y_true, y_pred):
    """Return the places a side, S; refuse other shapes."""
    if len(y_true.shape) != 4:
        raise sampled_regions.refusal(
            "y_true", "(batch, m, height, width)", y_true
        )
    columns = y_pred.shape[-1] if len(y_pred.shape) == 3 else None
    side = math.isqrt(max((columns or 0) - 6, 0))
    if not side or side**2 + 6 != columns:
        raise sampled_regions.refusal("y_pred", "(batch, k, 6 + S · S)", y_pred)
    return side


def _objects_of(pixels, dtype):
    """Return the boxes of objects, and their labels.

    Args:
        pixels: `(batch, m, height, width)`.
        dtype: of the answers.

    Returns:
        `xyxy`, `(batch, m, 4)`, and `(batch, m)`, -1 without a pixel.
    """
    borders = {}
    for axis, other in ((-1, -2), (-2, -1)):
        line = ops.any(pixels > 0, axis=other)
        length = line.shape[-1] or ops.shape(line)[-1]
        first = ops.argmax(line, axis=-1)
        last = length - ops.argmax(ops.flip(line, axis=-1), axis=-1)
        borders[axis] = first, last
    corners = [borders[axis][i] for i in (0, 1) for axis in (-1, -2)]
    boxes = ops.stack([ops.cast(x, dtype) for x in corners], axis=-1)
    labels = ops.cast(ops.max(pixels, axis=(-2, -1)), dtype) - 1
    return boxes, labels


def _points(first, last, number, length):
    """Return the two pixels around each point of an axis, and their weights.

    They are the points of `ops.roi_align`, of a stride of 1.

    Args:
        first: where the regions begin, `(batch, k)`.
        last: where they end.
        number: how many points there are.
        length: the pixels of the axis.

    Returns:
        Two pairs of int32 and of numbers, each `(batch, k, number)`.
    """
    dtype = first.dtype
    share = (ops.arange(number, dtype=dtype) + 0.5) / number
    points = first[..., None] + (last - first)[..., None] * share - 0.5
    end = ops.cast(length, dtype)
    inside = ops.logical_and(points >= -1, points <= end)
    points = ops.clip(ops.where(inside, points, 0.0), 0.0, end - 1)
    floor = ops.floor(points)
    weight, inside = points - floor, ops.cast(inside, dtype)
    before = ops.cast(floor, "int32")
    after = ops.cast(ops.minimum(floor + 1, end - 1), "int32")
    return (before, inside * (1 - weight)), (after, inside * weight)
