"""Losses of labels some of which are unknown."""

import math

import keras
from keras import ops

from kerasnotes.losses import crossentropy


@keras.saving.register_keras_serializable("kerasnotes")
class MaskedBinaryCrossentropy(keras.losses.Loss):
    """Computes the cross-entropy of yes-or-no labels, some of them unknown.

    For an example with logits z and labels y, of which `K` are known:

    `-1/L Σ_{j∈K} [y_j log σ(z_j) + (1 - y_j) log(1 - σ(z_j))]`

    The sum is divided by all L labels, known or not, so that each known
    label of a batch counts alike and the loss of an example depends on no
    other: replicas whose examples have unlike numbers of known labels make
    together the step of one device. (Dividing by the labels known in a
    batch would not.) The gradient of an unknown label is exactly 0. The
    course sums over the labels where this takes their mean: L times as much.
    Of two sets of which unlike shares are known, the losses don't compare.

    The arguments are those of `keras.losses.BinaryCrossentropy`, with one
    other default: the models of this package return logits, so `from_logits`
    is true.

    Args:
        from_logits: whether `y_pred` are logits, or probabilities.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in.

    Call arguments:
        y_true: `(batch, L)`: 1 yes, 0 no, below 0 unknown.
        y_pred: logits, or probabilities, `(batch, L)`.

    Returns:
        The loss of each example, `(batch,)`, before the reduction. It is NaN
        where a label is above 1.

    Example:
    >>> loss = MaskedBinaryCrossentropy()
    >>> f"{float(loss([[1, 0, -1]], [[0.0, 0.0, 9.0]])):.4f}"  # 2/3 log 2
    '0.4621'

    Source: course 3, "Multi-task learning".
    """

    def __init__(
        self,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="masked_binary_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        crossentropy.check_from_logits(from_logits)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        """Return the loss of each example."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        known = y_true >= 0
        # An infinite logit of an unknown label would else make 0 · ∞.
        y_true, y_pred = (ops.where(known, y, 0.0) for y in (y_true, y_pred))
        terms = ops.binary_crossentropy(
            y_true, y_pred, from_logits=self.from_logits
        )
        terms = ops.where(known, terms, 0.0)
        # Else it would fall without bound.
        return ops.mean(ops.where(y_true > 1, math.nan, terms), axis=-1)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "from_logits": self.from_logits}
