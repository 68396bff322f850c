"""Pictures with masks as batches, reproducible from any step on."""

import dataclasses
import hashlib

import numpy as np
import tensorflow as tf

from kerasnotes.data.common import batches, orders
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import mask_crops, mask_sizes
from kerasnotes.data.pictures.augmentation.policy import Policy

IGNORED = -1
"""The label of a pixel that doesn't count, in batches."""


class MaskSplit(picture_batches.ImageSplit):
    """A part of pictures with masks.

    Batches are `(x, y, w)`: float32 `[b, h, w, c]` 0–255, the class of each
    pixel, int32 `[b, h, w]` with -1 where it doesn't count, and float32
    `[b]`.

    In training, masks follow the one warp of the policy by nearest
    neighbours. Beyond the border, a picture that is reflected has its
    reflected mask; what is black there doesn't count.

    With `crop`, training batches are windows of the pictures, at their
    resolution; an epoch has as many of each picture as cover it once. Of
    these, `rare_share` are about a pixel of one of the classes that the
    picture has, but the one that is the most frequent of all; the others lie
    anywhere. Evaluation batches are the tiles that cover each picture, where
    they overlap each pixel counting once.

    With a `context`, pictures are as large as the network's input, which shows
    what is around the picture or the window; beyond the border that is
    mirrored, as its mask is where augmentation brings it in. Labels are as
    large as the answer, and count where the picture or the window is.

    With `gaps`, y is float32 `[b, h, w, 2]`: the labels, and how close two
    things are.

    Args:
        examples: the `MaskExamples` it is a part of.
        indices: which of them.
        augment: the `Policy` of its training batches; or None.
        weights: see `ImageSplit`.
        crop: height and width of the windows; None for whole pictures.
        rare_share: of the windows, how many are about a rare class.
        context: the `mask_context.Context` of pictures, or of windows; None
            where the input is what is answered.
        gaps: the `mask_gaps.Gaps` of the examples, or None.

    Attributes:
        size: the number of pictures.
        ids: their ids.
        weights: float32 `[size]`.

    Raises:
        ValueError: `crop` is larger than the pictures.

    >>> from kerasnotes.data.pictures.mask_examples import MaskExamples
    >>> examples = MaskExamples(
    ...     np.zeros((2, 1, 2, 1), "uint8"), [[[0, 1]], [[0, 255]]],
    ...     ["a", "b"], ["background", "cell"])
    >>> split = MaskSplit(examples, [0, 1])
    >>> ((_, y, _),) = split.evaluation_batches(2)
    >>> y.numpy().tolist()
    [[[0, 1]], [[0, -1]]]
    """

    def __init__(
        self,
        examples,
        indices,
        augment=None,
        weights=None,
        crop=None,
        rare_share=0.0,
        context=None,
        gaps=None,
    ):
        self.indices = np.asarray(indices, np.int64)
        ids = [examples.ids[i] for i in self.indices]
        batches.IndexedSplit.__init__(self, ids, examples.strata[self.indices])
        self.examples, self._augment = examples, augment
        weights = np.ones(self.size) if weights is None else weights
        self.weights = np.asarray(weights, np.float32)
        self._crop, self._rare_share = crop, rare_share
        self._context, self._gaps = context, gaps
        self._tiles = self._windows = None
        if crop is not None:
            self._tiles = mask_crops.Tiles(
                examples.images.shape[1:3],
                crop,
                context.extra if context else (0, 0),
            )
            self._augment = _of_windows(augment)
            self._windows = mask_crops.Windows(examples, crop, rare_share)
        self._policy_width = self._augment.width if self._augment else 0
        self.width = self._policy_width + (
            self._windows.width if self._windows else 0
        )

    @property
    def by_hand(self):
        return (self.weights,)

    @property
    def keys(self):
        """What tells the examples apart: ids and masks, as bytes."""
        return [
            name.encode("utf-8", "surrogateescape")
            + hashlib.blake2b(self.examples.labels[i].tobytes()).digest()
            for name, i in zip(self.ids, self.indices, strict=True)
        ]

    def subset(self, indices):
        return MaskSplit(
            self.examples,
            self.indices[indices],
            self._augment,
            self.weights[indices],
            self._crop,
            self._rare_share,
            self._context,
            self._gaps,
        )

    def order(self, batch_size):
        if not self._tiles:
            return super().order(batch_size)
        return Repeated(self.size, self._tiles.count, batch_size)

    def in_order(self, batch_size):
        count = self._tiles.count if self._tiles else 1
        return tf.data.Dataset.range(self.size * count).batch(batch_size)

    def fetch(self, indices, numbers):
        if numbers is None and self._tiles:
            return self._tile(indices)
        x, y, w = self._pictures_and_masks(indices, numbers is not None)
        context = self._context
        if context:
            x = context.mirrored(x)
        if numbers is not None and self.width:
            if context:
                y = context.mirrored(y)
            x, y = self._augmented(x, y, indices, numbers)
            if context:
                y = context.middle(y)
        return tf.cast(x, tf.float32), self._targets(y), w

    def pictures(self, indices):
        """Return whole pictures and their labels, as they are.

        Args:
            indices: int64 `[b]`.
        """
        x, y = self.pictures_and_targets(indices)
        return x, self._labels(y)

    def pictures_and_targets(self, indices):
        """Return whole pictures, and what a loss takes for their targets.

        Args:
            indices: int64 `[b]`.
        """
        x, y, _ = self._pictures_and_masks(indices, False)
        return tf.cast(x, tf.float32), targets_of(y)

    def first_batch(self, batch_size, seed):
        """Return the first training batch, plain and augmented.

        Args:
            batch_size: see `training_batches`.
            seed: see `training_batches`.

        Returns:
            Two pairs of pictures, float32 `[b, h, w, c]`, and their labels.
        """
        indices, numbers = next(iter(self.plan(batch_size, seed, 0, 0, 1)))
        x, y, _ = self.fetch(indices, numbers)
        pairs = self.pictures(indices), (x, self._labels(y))
        return [tuple(map(np.asarray, pair)) for pair in pairs]

    def _labels(self, targets):
        """Return the labels of targets, int32 `[b, h, w]`."""
        return tf.cast(targets[..., 0], tf.int32) if self._gaps else targets

    def _pictures_and_masks(self, indices, training):
        x = self._pictures(indices, training)
        rows = tf.gather(self.indices, indices)
        y = batches.gather(self.examples.labels, rows)
        if self._gaps:
            y = tf.stack([y, self._gaps.gather(rows)], -1)
        return x, y, tf.gather(self.weights, indices)

    def _tile(self, numbers):
        indices, tiles = (
            numbers // self._tiles.count,
            numbers % (self._tiles.count),
        )
        x, y, w = self._pictures_and_masks(indices, False)
        if self._context:
            x = self._context.mirrored(x)
        x, y = self._tiles(x, y, tiles)
        return tf.cast(x, tf.float32), self._targets(y), w

    def _targets(self, masks):
        return targets_of(
            self._context.targets(masks) if self._context else masks
        )

    def _augmented(self, x, y, indices, numbers):
        policy, places = tf.split(
            numbers, [self._policy_width, self.width - self._policy_width], 1
        )
        size = y.shape[1:3]
        if self._windows:
            rows = tf.gather(self.indices, indices)
            policy = self._windows(rows, policy, places)
        context = self._context
        inputs = context.inputs if context else self._crop or size
        x, move = self._augment(x, policy, inputs)
        return x, move.of_size(size).masks(y, outside=mask_sizes.IGNORED)


def labels_of(masks):
    """Return the labels of masks: -1 for what is ignored, int32.

    >>> labels_of(tf.constant([0, 255], tf.uint8)).numpy().tolist()
    [0, -1]
    """
    labels = tf.cast(masks, tf.int32)
    return tf.where(labels == mask_sizes.IGNORED, IGNORED, labels)


def targets_of(masks):
    """Return the targets of masks: labels, and closeness where they have it.

    Args:
        masks: uint8 `[b, h, w]`; or `[b, h, w, 2]`, the second in 255ths.

    Returns:
        int32 `[b, h, w]`, or float32 `[b, h, w, 2]`.

    >>> targets_of(tf.constant([[[[255, 0], [1, 255]]]])).numpy().tolist()
    [[[[-1.0, 0.0], [1.0, 1.0]]]]
    """
    if masks.shape.rank == 3:
        return labels_of(masks)
    labels = tf.cast(labels_of(masks[..., 0]), tf.float32)
    return tf.stack([labels, tf.cast(masks[..., 1], tf.float32) / 255], -1)


def _of_windows(policy):
    """Return a policy that cuts windows at the pictures' resolution."""
    # Its own windows would be brought to the size wanted.
    policy = policy or Policy()
    return dataclasses.replace(policy, crop=1.0, canvas=2.0)


class Repeated(orders.Order):
    """Every example several times, shuffled; a last partial batch is dropped.

    Args:
        size: the number of examples.
        times: how often each comes in an epoch.
        batch_size: examples in a batch.

    >>> batches = Repeated(2, 3, 3)(seed=0, epoch=tf.constant(0, tf.int64))
    >>> sorted(batches.numpy().ravel().tolist())
    [0, 0, 0, 1, 1, 1]
    """

    repeats = True

    def __init__(self, size, times, batch_size):
        super().__init__(size * times // batch_size)
        self._all = orders.Shuffled(size * times, batch_size)
        self._times = times

    def __call__(self, seed, epoch):
        return self._all(seed, epoch) // self._times
