"""Splits of data sets that are arrays."""

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import splits
from kerasnotes.data.common import batches as batches_lib


class ArraySplit:
    """Examples in memory; each epoch's order is a function of the epoch.

    Args:
        x: the inputs, `[n, numbers]`.
        y: the targets, `[n, …]`.
        weights: what each example counts in the loss; 1 if left out.
    """

    def __init__(self, x, y, weights=None):
        self.x, self.y, self.size = x, y, len(x)
        self._weights = np.ones(len(x)) if weights is None else weights
        # What an example is tells which it is, in whatever part.
        self.ids = [f"{row[0]:.6f}" for row in x]

    def take(self, size):
        order = splits.nested(self.ids, self.y)[:size]
        weights = self._weights[order]
        return ArraySplit(self.x[order], self.y[order], weights)

    def steps(self, batch_size):
        return self.size // batch_size

    def training_batches(
        self, batch_size, seed, first_epoch, first_step, epochs, share=(0, 1)
    ):
        parts = []
        for epoch in range(first_epoch, epochs):
            order = np.random.default_rng([seed, epoch]).permutation(self.size)
            order = order[: self.steps(batch_size) * batch_size]
            if epoch == first_epoch:
                order = order[first_step * batch_size :]
            parts.append(order)
        order = np.concatenate(parts)
        return batches_lib.part(self._batches(order, batch_size), share)

    def evaluation_batches(self, batch_size):
        return self._batches(np.arange(self.size), batch_size)

    def _batches(self, order, batch_size):
        weights = self._weights[order].astype(keras.config.floatx())
        arrays = self.x[order], self.y[order], weights
        return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size)
