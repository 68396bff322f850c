"""A side of a picture set as batches, reproducible from any step on."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.common import batches
from kerasnotes.data.pictures.augmentation import mixing


class ImageSplit(batches.IndexedSplit):
    """A part of the examples.

    Batches are `(x, y, w)`: float32 `[b, h, w, c]` 0–255, labels and
    float32 `[b]`.

    Args:
        examples: the `Examples` it is a part of.
        indices: which of them.
        augment: the `augment.Policy` of its training batches; or None. Where
            it mixes, their labels are distributions, float32 `[b, classes]`.
        weights: the weight of each of them in loss and weighted metrics,
            `[size]`, as `example_weights.of_examples` makes them; None for
            ones.
        targets: what y is, where not the labels: a nest of arrays and ragged
            tensors, a row for each of the examples.
        move_targets: a function of a `warping.Move` and the targets of a
            batch, in pixels of the examples' pictures, that returns the
            targets of the pictures that have moved; None if they stay.
        mix_targets: see `Policy.mix`; None for the labels' classes.

    Attributes:
        size: the number of examples.
        labels: their labels, `[size]` or `[size, labels]`.
        ids: their ids.
        weights: float32 `[size]`.

    >>> from kerasnotes.data.pictures.examples import Examples
    >>> examples = Examples(np.zeros((4, 2, 2, 1), "uint8"),
    ...     np.array([0, 1, 0, 1]), list("abcd"), ["no", "yes"])
    >>> split = ImageSplit(examples, [1, 2, 3])
    >>> [y.numpy().tolist() for _, y, _ in split.evaluation_batches(2)]
    [[1, 0], [1]]
    """

    def __init__(
        self,
        examples,
        indices,
        augment=None,
        weights=None,
        targets=None,
        move_targets=None,
        mix_targets=None,
    ):
        self.indices = np.asarray(indices, np.int64)
        self.labels = examples.labels[self.indices]
        super().__init__([examples.ids[i] for i in self.indices], self.labels)
        self.examples, self._augment = examples, augment
        if augment:
            self.width, self.joint = augment.width, augment.mixes
        if weights is None:
            weights = np.ones(self.size)
        self.weights = np.asarray(weights, np.float32)
        self._targets = examples.labels if targets is None else targets
        self._move_targets = move_targets
        self._mix_targets = mix_targets or mixing.class_labels(
            len(examples.class_names)
        )

    @property
    def keys(self):
        """What tells the pictures apart where ids are places; else None."""
        keys = self.examples.keys
        return keys and [keys[i] for i in self.indices]

    @property
    def by_hand(self):
        """What people may have mended: arrays."""
        return self.labels, self.weights

    def subset(self, indices):
        return ImageSplit(
            self.examples,
            self.indices[indices],
            self._augment,
            self.weights[indices],
            self._targets,
            self._move_targets,
            self._mix_targets,
        )

    def fetch(self, indices, numbers):
        x = self._pictures(indices, training=numbers is not None)
        rows = tf.gather(self.indices, indices)
        y = tf.nest.map_structure(
            lambda source: batches.gather(source, rows), self._targets
        )
        w = tf.gather(self.weights, indices)
        if self._augment and numbers is not None:
            size = self.examples.images.shape[1:3]
            x, move = self._augment(x, numbers, size)
            if self._move_targets:
                y = self._move_targets(move.of_size(size), y)
            if self._augment.mixes:
                x, y, w = self._augment.mix(x, y, w, numbers, self._mix_targets)
        return tf.cast(x, tf.float32), y, w

    def _pictures(self, indices, training):
        """Return pictures; in training, of the canvas."""
        rows, examples = tf.gather(self.indices, indices), self.examples
        if training and self._augment and examples.canvas is not None:
            return batches.gather(examples.canvas_source, rows)
        return batches.gather(examples.source, rows)

    def before_and_after(self, batch_size, seed):
        """Return the first training batch's pictures, plain and augmented.

        Args:
            batch_size: see `training_batches`.
            seed: see `training_batches`.

        Returns:
            Two float32 arrays `[b, h, w, c]`.
        """
        first = next(iter(self.plan(batch_size, seed, 0, 0, 1)))
        before, after = self.fetch(first[0], None), self.fetch(*first)
        return before[0].numpy(), after[0].numpy()
