"""Cross-entropy of classes, whose labels may be smoothed or mixed."""

import math

import keras
from keras import ops

from kerasnotes import keras_private


def check_from_logits(from_logits):
    """Refuse what is neither True nor False, such as a misplaced argument.

    Raises:
        ValueError: see above.
    """
    if not isinstance(from_logits, bool):
        raise ValueError(
            "`from_logits` must be True or False. Received: "
            f"from_logits={from_logits!r}"
        )


@keras.saving.register_keras_serializable("kerasnotes")
class Crossentropy(keras.losses.Loss):
    """Computes the cross-entropy of C classes.

    `-Σ_j q_j log softmax(z)_j`, `q = (1 - ε) y + ε / C`

    where y is the distribution that the labels say, or 1 for the label.

    The arguments are those of `keras.losses.CategoricalCrossentropy` and
    `SparseCategoricalCrossentropy`, with one other default: the models of
    this package return logits, so `from_logits` is true.

    Args:
        from_logits: whether `y_pred` are logits, or probabilities.
        label_smoothing: ε from 0 to 1, the share that is spread evenly over
            all classes.
        ignore_class: a label that counts nothing, such as the padding of
            sequences; None for none. The mean is over the other labels of a
            batch; several replicas each divide by theirs, so for the step of
            one device weight the labels by `sample_weight` instead.
        reduction: as in `keras.losses.Loss`.
        name: the loss's name.
        dtype: the type it computes in.

    Call arguments:
        y_true: labels in [0, C), `(batch, ...)` or `(batch, ..., 1)`, or
            distributions, `(batch, ..., C)`.
        y_pred: logits, or probabilities, `(batch, ..., C)`.

    Returns:
        The loss of each label, `(batch, ...)`, before the reduction. That of
        a label which is none of the classes is NaN, where TensorFlow doesn't
        refuse it.

    Raises:
        ValueError: an argument is out of its range, or `ignore_class` comes
            with distributions.

    Example:
    >>> loss, logits = Crossentropy(), [[0.0, 0.0]]
    >>> [f"{float(loss(y, logits)):.4f}" for y in ([1], [[0.9, 0.1]])]
    ['0.6931', '0.6931']

    Source: Szegedy et al., Rethinking the inception architecture for
    computer vision (2016), section 7.
    """

    def __init__(
        self,
        from_logits=True,
        label_smoothing=0.0,
        ignore_class=None,
        reduction="sum_over_batch_size",
        name="crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_from_logits(from_logits)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                "`label_smoothing` must be in [0, 1]. "
                f"Received: label_smoothing={label_smoothing}"
            )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.ignore_class = ignore_class

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the reduced loss."""
        if sample_weight is not None:
            # With a mask Keras would lay an example's weight along labels.
            rank = len(ops.convert_to_tensor(y_pred).shape) - 1
            sample_weight = _of_rank(sample_weight, rank)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        """Return the loss of each label."""
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        labels = _labels(y_true, y_pred)
        if labels is None:
            if self.ignore_class is not None:
                raise ValueError(
                    "`ignore_class` needs labels, not distributions. Received: "
                    f"ignore_class={self.ignore_class}"
                )
            return self._of_distributions(y_true, y_pred)
        if self.ignore_class is None:
            return self._of_known(labels, y_pred)
        # It may be no class at all, such as -1.
        counts = labels != self.ignore_class
        losses = self._of_known(ops.where(counts, labels, 0), y_pred)
        losses = ops.where(counts, losses, 0)
        # The mean is over what this leaves, and a mask of `y_pred`.
        keras_private.set_mask(losses, counts)
        return losses

    def _of_known(self, labels, y_pred):
        """Return the losses of labels, NaN of those that are no class."""
        # Else the label of no class would cost nothing, or next to it.
        known = ops.logical_and(labels >= 0, labels < y_pred.shape[-1])
        return ops.where(known, self._of_labels(labels, y_pred), math.nan)

    def _of_labels(self, labels, y_pred):
        if not self.label_smoothing:
            return ops.sparse_categorical_crossentropy(
                labels, y_pred, from_logits=self.from_logits
            )
        # A row of C numbers each; picking the label's logit is slower.
        one_hot = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
        return self._of_distributions(one_hot, y_pred)

    def _of_distributions(self, y_true, y_pred):
        smoothing, classes = self.label_smoothing, y_pred.shape[-1]
        y_true = (1 - smoothing) * y_true + smoothing / classes
        return ops.categorical_crossentropy(
            y_true, y_pred, from_logits=self.from_logits
        )

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "ignore_class": self.ignore_class,
        }


def _of_rank(weights, rank):
    """Return weights with an axis for each of the labels'."""
    weights = ops.convert_to_tensor(weights)
    if len(weights.shape) == rank + 1 and weights.shape[-1] == 1:
        weights = ops.squeeze(weights, -1)
    while len(weights.shape) < rank:
        weights = ops.expand_dims(weights, -1)
    return weights


def _labels(y_true, y_pred):
    """Return int32 labels, or None where `y_true` are distributions."""
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if len(y_true.shape) == len(y_pred.shape):
        return None
    return ops.cast(y_true, "int32")
