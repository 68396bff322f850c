"""A side of a picture set as batches, reproducible from any step on."""

import numpy as np
import tensorflow as tf

from kerasnotes import errors, splits
from kerasnotes.data.common import sharing
from kerasnotes.data.pictures.augmentation import mixing


class ImageSplit:
    """A part of the examples: the `Split` that the runner asks for.

    Batches are `(x, y, w)`: float32 `[b, h, w, c]` 0–255, labels and
    float32 `[b]`. The order of an epoch, and an example's augmentation in
    it, are functions of (seed, epoch, place in the split) alone: neither
    threads nor the step that one starts at change a bit.

    Args:
        examples: the `Examples` it is a part of.
        indices: which of them.
        augment: the `augment.Policy` of its training batches; or None. Where
            it mixes, their labels are distributions, float32 `[b, classes]`.
        weights: the weight of each of them in loss and weighted metrics,
            `[size]`, as `weights.of_examples` makes them; None for ones.
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
        self.examples = examples
        self.indices = np.asarray(indices, np.int64)
        self.size = len(self.indices)
        self.labels = examples.labels[self.indices]
        self.ids = [examples.ids[i] for i in self.indices]
        self._augment = augment
        self._targets = examples.labels if targets is None else targets
        self._move_targets = move_targets
        self._mix_targets = mix_targets or mixing.class_labels(
            len(examples.class_names)
        )
        if weights is None:
            weights = np.ones(self.size)
        self.weights = np.asarray(weights, np.float32)

    def take(self, size):
        """Returns the split of `size` of the examples.

        Which ones depends on their ids alone; each class keeps its share,
        and a smaller number takes some of what a larger takes.
        """
        order = splits.nested(self.ids, self.labels)[:size]
        return ImageSplit(
            self.examples,
            self.indices[order],
            self._augment,
            self.weights[order],
            self._targets,
            self._move_targets,
            self._mix_targets,
        )

    def steps(self, batch_size):
        """Returns the number of training batches of an epoch."""
        return self.size // batch_size

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        """Returns the training batches from a step on.

        Args:
            batch_size: examples in a batch; a last partial one is dropped.
            seed: an integer; with the epoch, it sets order and augmentation.
            first_epoch: the epoch to start at, from 0.
            first_step: the step in that epoch, from 0.
            epochs: the epoch to end before.
            share: of workers that share each batch, the index of this one
                and their count; it gets that part.

        Returns:
            A `tf.data.Dataset` of `(x, y, w)`.

        Raises:
            UserError: `batch_size` is more than the split holds.
        """
        if batch_size > self.size:
            raise errors.UserError(
                f"--batch_size: {batch_size} is more than the {self.size} "
                "training examples; make it smaller."
            )
        order = self._order(batch_size, seed, first_epoch, first_step, epochs)
        # Pictures are mixed with others of the whole batch.
        mixes = self._augment and self._augment.mixes
        if not mixes:
            order = sharing.part(order, share)
        batches = order.map(
            self._augmented, num_parallel_calls=tf.data.AUTOTUNE
        )
        if mixes:
            batches = sharing.part(batches, share)
        return batches.prefetch(tf.data.AUTOTUNE)

    def before_and_after(self, batch_size, seed):
        """Returns the first training batch's pictures, plain and augmented.

        Args:
            batch_size: see `training_batches`.
            seed: see `training_batches`.

        Returns:
            Two float32 arrays `[b, h, w, c]`.
        """
        order = self._order(batch_size, seed, 0, 0, 1)
        places, numbers = next(iter(order))
        before = tf.cast(self._gather(places)[0], tf.float32)
        after = self._augmented(places, numbers)[0]
        return before.numpy(), after.numpy()

    def _order(self, batch_size, seed, first_epoch, first_step, epochs):
        """Returns each batch's places, and its random numbers."""
        steps = self.steps(batch_size)
        width = self._augment.width if self._augment else 0

        def epoch_places(epoch):
            key = tf.stack([tf.constant(seed, tf.int64), epoch])
            order = tf.random.experimental.stateless_shuffle(
                tf.range(self.size, dtype=tf.int64), seed=key
            )
            key = tf.random.experimental.stateless_fold_in(key, 1)
            numbers = tf.random.stateless_uniform([self.size, width], key)
            first = tf.where(epoch == first_epoch, first_step, 0)
            order = tf.reshape(order[: steps * batch_size], [-1, batch_size])
            order = order[first:]
            return tf.data.Dataset.from_tensor_slices(
                (order, tf.gather(numbers, order))
            )

        epochs = tf.data.Dataset.range(first_epoch, epochs)
        return epochs.flat_map(epoch_places)

    # It branches by its arguments alone, and AutoGraph takes a second.
    @tf.autograph.experimental.do_not_convert
    def _augmented(self, places, numbers):
        x, y, w = self._gather(places, training=True)
        if self._augment:
            size = self.examples.images.shape[1:3]
            x, move = self._augment(x, numbers, size)
            if self._move_targets:
                y = self._move_targets(move.of_size(size), y)
            if self._augment.mixes:
                x, y, w = self._augment.mix(x, y, w, numbers, self._mix_targets)
        return tf.cast(x, tf.float32), y, w

    def evaluation_batches(self, batch_size):
        """Returns all examples in order, as they are.

        Args:
            batch_size: examples in a batch; the last may be partial.
        """

        def fetch(places):
            x, y, w = self._gather(places)
            return tf.cast(x, tf.float32), y, w

        return (
            tf.data.Dataset.range(self.size)
            .batch(batch_size)
            .map(fetch, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
        )

    def _gather(self, places, training=False):
        """Returns pictures (in training, of the canvas), labels, weights."""
        rows, examples = tf.gather(self.indices, places), self.examples
        images, tensor = examples.images, examples.tensor
        if training and self._augment and examples.canvas is not None:
            images, tensor = examples.canvas, examples.canvas_tensor
        if tensor is None:
            x = tf.numpy_function(
                lambda rows: np.asarray(images[rows]), [rows], tf.uint8
            )
            x.set_shape([*places.shape, *images.shape[1:]])
        else:
            x = tf.gather(tensor, rows)
        y = tf.nest.map_structure(
            lambda values: tf.gather(values, rows), self._targets
        )
        return x, y, tf.gather(self.weights, places)
