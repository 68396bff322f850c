"""Accuracies of tokens and of sequences."""

import keras
from keras import ops

from kerasnotes.ops import sequences


class _PaddedAccuracy(keras.metrics.Mean):
    """Averages over labels, of which padding doesn't count."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch.

        Args:
            y_true: int32 `(batch, T)`, filled up with `PAD`.
            y_pred: logits or probabilities `(batch, T, C)`: the largest wins.
            sample_weight: ignored: padding alone counts nothing.
        """
        right = ops.equal(ops.argmax(y_pred, axis=-1), y_true)
        return super().update_state(
            *self.values(right, sequences.padding_mask(y_true))
        )


@keras.saving.register_keras_serializable("kerasnotes")
class TokenAccuracy(_PaddedAccuracy):
    """Computes the share of tokens that are the likeliest after the true ones.

    It counts no `PAD` among the labels, and needs no `from_logits`: logits
    and probabilities have the same largest.

    Args:
        name: the metric's name.
        dtype: the type it computes in.

    >>> metric = TokenAccuracy()
    >>> float(metric([[1, 0]], [[[0.0, 1.0], [0.0, 1.0]]]))
    1.0
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def values(self, right, counts):
        """Return 1 for each token that is right, and which count."""
        return right, counts


@keras.saving.register_keras_serializable("kerasnotes")
class SequenceAccuracy(_PaddedAccuracy):
    """Computes the share of sequences all of whose tokens are right.

    Those, and no others, greedy decoding gives exactly: as long as all are
    right, it reads the true tokens too. `PAD` among the labels doesn't count.

    Args:
        name: the metric's name.
        dtype: the type it computes in.

    >>> metric = SequenceAccuracy()
    >>> float(metric([[1, 0], [1, 1]], [2 * [[0.0, 1.0]], 2 * [[1.0, 0.0]]]))
    0.5
    """

    def __init__(self, name="sequence_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def values(self, right, counts):
        """Return 1 for each sequence that is right; all count."""
        wrong = ops.logical_and(counts, ops.logical_not(right))
        return ops.logical_not(ops.any(wrong, axis=-1)), None
