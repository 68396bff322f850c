"""Pictures with boxes as batches, reproducible from any step on."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.common import batches
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import box_examples, object_masks
from kerasnotes.data.pictures.augmentation import mixing

_OBJECTS = ("labels", "boxes", "difficult", "crowd")
_LANDMARKS = ("points", "visible")
_PADDING = {"labels": -1, "boxes": -1.0}


class BoxSplit(picture_batches.ImageSplit):
    """A part of pictures with boxes.

    Batches are `(x, y, w)`: float32 `[b, h, w, c]` 0–255, a dictionary and
    float32 `[b]`. The dictionary has `boxes`, `xyxy` in pixels of x,
    `labels`, `difficult` and `crowd`, and where there are landmarks `points`
    and `visible`, as `BoxExamples` has them: ragged `[b, (m), …]`, or dense.

    In training boxes and landmarks follow the one warp of the policy, then
    the mosaic; in a mirror `left_…` and `right_…` landmarks change places.
    Then mixup and CutMix lay a second picture over each, and its boxes join
    those of the first. A box of which a move leaves less than `min_share` of
    its area is dropped, and so is one of which the mixed picture shows less.

    Args:
        examples: the `BoxExamples` it is a part of.
        indices: which of them.
        augment: the `Policy` of its training batches; or None. Its fill
            `"auto"` is black here: what is reflected has no box.
        weights: see `ImageSplit`.
        mosaic: a `mosaic.Mosaic`; or None.
        mosaic_epochs: the number of epochs, from the first, with mosaics;
            None for all. Pictures as they will be judged end the training.
        min_share: of a box's area, what has to be left.
        padded: whether y is dense, with as many rows as any batch of the
            split may need: -1 in `labels` and `boxes` where there is none, as
            `keras.utils.bounding_boxes` pads.

    Attributes:
        size: the number of examples.
        ids: their ids.
        weights: float32 `[size]`.
        max_boxes: the most boxes of a picture.

    >>> from kerasnotes.data.pictures.box_examples import BoxExamples
    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), tf.ragged.constant([[0], []]),
    ...     ["a", "b"], ["cell"], boxes=tf.RaggedTensor.from_row_lengths(
    ...         [[1.0, 1, 4, 4]], [1, 0]))
    >>> split = BoxSplit(examples, [0, 1], padded=True)
    >>> ((_, y, _),) = split.evaluation_batches(2)
    >>> y["labels"].numpy().tolist(), y["boxes"][1].numpy().tolist()
    ([[0], [-1]], [[-1.0, -1.0, -1.0, -1.0]])
    """

    more = ()
    """Names of further attributes of the examples that y has."""

    def __init__(
        self,
        examples,
        indices,
        augment=None,
        weights=None,
        mosaic=None,
        mosaic_epochs=None,
        min_share=box_examples.MIN_SHARE,
        padded=False,
    ):
        if not 0 < min_share <= 1:
            raise ValueError(
                f"`min_share` lies above 0, and up to 1. Received: {min_share}"
            )
        self.indices = np.asarray(indices, np.int64)
        ids = [examples.ids[i] for i in self.indices]
        batches.IndexedSplit.__init__(self, ids, examples.strata[self.indices])
        if augment and augment.fill == "auto":
            # A reflection would show objects that have no box.
            augment = augment.filled("constant")
        self.examples, self._augment, self._mosaic = examples, augment, mosaic
        self._mosaic_epochs, self._min_share = mosaic_epochs, min_share
        self._padded = padded
        self._policy_width = augment.width if augment else 0
        self.width = self._policy_width + (mosaic.width if mosaic else 0)
        self.joint = bool(mosaic or (augment and augment.mixes))
        weights = np.ones(self.size) if weights is None else weights
        self.weights = np.asarray(weights, np.float32)
        names = _OBJECTS + _LANDMARKS * bool(examples.point_names)
        names += self.more
        self._targets = {name: getattr(examples, name) for name in names}
        # Refused here, where it isn't asked for a batch yet.
        self._pairs = examples.pairs if augment else []
        counts = examples.labels.row_lengths().numpy()[self.indices]
        self.max_boxes = int(counts.max(initial=0))

    @property
    def by_hand(self):
        return (self.weights,)

    @property
    def keys(self):
        """What tells the examples apart: ids and annotations, as bytes."""
        splits_of = self.examples.labels.row_splits.numpy()
        values = [
            getattr(self.examples, name).flat_values.numpy()
            for name in ("labels", "boxes", *self.more)
        ]
        return [
            b"".join(
                [name.encode("utf-8", "surrogateescape")]
                + [v[splits_of[i] : splits_of[i + 1]].tobytes() for v in values]
            )
            for name, i in zip(self.ids, self.indices, strict=True)
        ]

    def subset(self, indices):
        return BoxSplit(
            self.examples,
            self.indices[indices],
            self._augment,
            self.weights[indices],
            self._mosaic,
            self._mosaic_epochs,
            self._min_share,
            self._padded,
        )

    def fetch(self, indices, numbers):
        x, y, w = self.objects(indices, numbers)
        return x, self.padded(y, numbers) if self._padded else y, w

    def padded(self, y, numbers):
        """Return the targets of a batch as dense ones, see `padded` above.

        Args:
            y: the ragged targets.
            numbers: see `fetch`.
        """
        # Without any object there is a row of padding.
        most = max(self.max_boxes, 1)
        if numbers is not None and self.width:
            most *= 4 if self._mosaic else 1
            most *= 2 if self._augment and self._augment.mixes else 1
        return dense(y, most)

    def objects(self, indices, numbers):
        """Return a batch as `fetch` does, y always ragged."""
        x = self._pictures(indices, training=numbers is not None)
        rows = tf.gather(self.indices, indices)
        y = {
            name: batches.gather(source, rows)
            for name, source in self._targets.items()
        }
        if "masks" in y:
            width = self.examples.images.shape[2]
            y["masks"] = tf.ragged.map_flat_values(
                object_masks.unpack, y["masks"], width
            )
        w = tf.gather(self.weights, indices)
        if numbers is not None and self.width:
            x, y, w = self._augmented(x, y, w, numbers)
        return tf.cast(x, tf.float32), y, w

    def first_batch(self, batch_size, seed):
        """Return the first training batch, plain and augmented.

        Args:
            batch_size: see `training_batches`.
            seed: see `training_batches`.

        Returns:
            Two pairs of the pictures, a float32 array `[b, h, w, c]`, and
            the ragged y.
        """
        first = next(iter(self.plan(batch_size, seed, 0, 0, 1)))
        both = self.objects(first[0], None), self.objects(*first)
        return [(x.numpy(), y) for x, y, _ in both]

    def _augmented(self, x, y, w, numbers):
        policy, mosaic = tf.split(numbers, [self._policy_width, -1], 1)
        y = {**y, "shares": tf.ones_like(y["boxes"][..., 0])}
        if self._augment:
            size = self.examples.images.shape[1:3]
            x, move = self._augment(x, policy, size)
            y = self._moved(move.of_size(size), y)
        if self._mosaic:
            x, tiles = self._mosaic(x, mosaic)
            y = _tiled(tiles, y)
        y = left(y, y.pop("shares") >= self._min_share)
        if self._augment and self._augment.mixes:
            x, y, w = self._augment.mix(x, y, w, policy, self._mixed)
        return x, y, w

    def _moved(self, move, y):
        boxes, shares = move.boxes(y["boxes"])
        y = {**y, "boxes": boxes, "shares": shares}
        if "points" in y:
            y["points"], y["visible"] = move.points(
                y["points"], y["visible"], self._pairs
            )
        if "masks" in y:
            y |= _around(move.masks(y["masks"]), y)
        return y

    def _mixed(self, y, w, shares):
        """Return the boxes of both pictures that show enough, and weights."""
        others = mixing.following(y)
        parts = [
            left(
                part,
                mixing.box_shares(part["boxes"], share) >= self._min_share,
            )
            for part, share in ((y, shares), (others, 1.0 - shares))
        ]
        return mixing.join(*parts), mixing.mix_weights(w, shares)

    def _numbers(self, order, indices, seed, epoch):
        numbers = super()._numbers(order, indices, seed, epoch)
        if self._mosaic is None or self._mosaic_epochs is None:
            return numbers
        # The mosaic's first number says whether, and 1 is never below.
        before, whether, rest = tf.split(
            numbers, [self._policy_width, 1, -1], -1
        )
        on = tf.cast(epoch, tf.int64) < self._mosaic_epochs
        whether = tf.where(on, whether, tf.ones_like(whether))
        return tf.concat([before, whether, rest], -1)


def _around(masks, y):
    """Return moved masks, boxes around them, and shares: 0 without a pixel.

    Crowds, which have no mask, have the box that was moved.

    Args:
        masks: ragged `[b, (m), h, w]`.
        y: the other targets of the batch.
    """
    boxes, there = object_masks.tight_boxes(masks.flat_values)
    crowd = y["crowd"].flat_values
    boxes = tf.where(there[:, None], boxes, y["boxes"].flat_values)
    shares = tf.where(there | crowd, y["shares"].flat_values, 0.0)
    return {
        "masks": masks,
        "boxes": y["boxes"].with_flat_values(boxes),
        "shares": y["shares"].with_flat_values(shares),
    }


def _tiled(tiles, y):
    """Return the targets of mosaics."""
    boxes, shares = tiles.boxes(y["boxes"])
    moved = {
        "boxes": boxes,
        "shares": shares * tiles.of_all(y["shares"]),
    }
    if "points" in y:
        moved["points"], moved["visible"] = tiles.points(
            y["points"], y["visible"]
        )
    return {
        name: moved[name] if name in moved else tiles.of_all(value)
        for name, value in y.items()
    }


def left(y, which):
    """Return the objects that are left.

    Args:
        y: a dictionary of ragged tensors, a row for each object.
        which: ragged booleans, whether an object is.
    """
    # `tf.ragged.boolean_mask` does this too, and takes ten times as long to
    # trace for each of these.
    ids = tf.boolean_mask(which.value_rowids(), which.flat_values)
    return {
        name: tf.RaggedTensor.from_value_rowids(
            tf.boolean_mask(value.flat_values, which.flat_values),
            ids,
            which.nrows(),
            validate=False,
        )
        for name, value in y.items()
    }


def dense(y, most):
    """Return ragged targets as dense ones of `most` rows, with padding.

    Args:
        y: a dictionary of ragged tensors, a row for each object.
        most: rows of a picture.
    """
    return {
        name: value.to_tensor(
            tf.cast(_PADDING.get(name, 0), value.dtype),
            shape=[None, most, *value.shape[2:]],
        )
        for name, value in y.items()
    }
