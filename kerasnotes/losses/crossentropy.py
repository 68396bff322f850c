"""Cross-entropy of classes, whose labels may be smoothed or mixed."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kerasnotes")
class Crossentropy(keras.losses.Loss):
    """Cross-entropy of C classes, of labels or of distributions over them.

    `-Σ_j q_j log softmax(z)_j`, `q = (1 - ε) y + ε / C`

    where y is the distribution given, or all of it on the label.

    Args:
        label_smoothing: ε from 0 to 1, the share that is spread evenly over
            all classes.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in.

    Call arguments:
        y_true: labels in [0, C), `(batch, ...)` or `(batch, ..., 1)`, or
            distributions, `(batch, ..., C)`.
        y_pred: logits, `(batch, ..., C)`.

    Returns:
        The loss of each label, `(batch, ...)`, before the reduction.

    Raises:
        ValueError: `label_smoothing` is out of its range.

    Example:
    >>> loss, logits = Crossentropy(), [[0.0, 0.0]]
    >>> [f"{float(loss(y, logits)):.4f}" for y in ([1], [[0.9, 0.1]])]
    ['0.6931', '0.6931']

    Source: Szegedy et al., Rethinking the inception architecture for
    computer vision (2016), section 7.
    """

    def __init__(
        self,
        label_smoothing=0.0,
        reduction="sum_over_batch_size",
        name="crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                "`label_smoothing` must be in [0, 1]. "
                f"Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        """Returns the loss of each label."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        classes, smoothing = y_pred.shape[-1], self.label_smoothing
        if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
            y_true = ops.squeeze(y_true, -1)
        if len(y_true.shape) < len(y_pred.shape):
            y_true = ops.cast(y_true, "int32")
            if not smoothing:
                return ops.sparse_categorical_crossentropy(
                    y_true, y_pred, from_logits=True
                )
            # A row of C numbers each; picking the label's logit is slower.
            y_true = ops.one_hot(y_true, classes, dtype=y_pred.dtype)
        y_true = (1 - smoothing) * y_true + smoothing / classes
        return ops.categorical_crossentropy(y_true, y_pred, from_logits=True)

    def get_config(self):
        """Returns the arguments, for serialisation."""
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
        }
