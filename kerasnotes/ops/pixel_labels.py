"""The labels and logits of pixels, as losses and metrics take them."""

from keras import ops

from kerasnotes import errors


def pixel_labels(y_true, y_pred, classes=None):
    """Return the labels of pixels and their logits, of shapes that fit.

    Args:
        y_true: labels, `(batch, height, width)` or with a last axis of 1.
        y_pred: logits, `(batch, height, width, C)`.
        classes: C, or None for any.

    Returns:
        int32 labels `(batch, height, width)`, and the logits as a tensor.

    Raises:
        ArgumentError: the shapes don't fit.

    >>> labels, _ = pixel_labels([[[[1.0], [0.0]]]], [[[[0.0, 1.0]] * 2]])
    >>> labels.numpy()
    array([[[1, 0]]], dtype=int32)
    """
    y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
    if len(y_true.shape) == 4 and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    shape, sizes = tuple(y_true.shape), tuple(y_pred.shape)
    require(
        "y_pred",
        len(sizes) == 4 and classes in (None, sizes[-1]),
        f"be logits (batch, height, width, {classes or 'C'})",
        sizes,
    )
    pairs = zip(shape, sizes, strict=False)
    require(
        "y_true",
        len(shape) == 3
        and all(None in pair or pair[0] == pair[1] for pair in pairs),
        f"have the shape {sizes[:3]} of labels",
        shape,
    )
    return ops.cast(y_true, "int32"), y_pred


def require(name, holds, rule, value):
    """Refuse an argument that breaks a rule.

    Args:
        name: the argument's.
        holds: whether the rule holds.
        rule: what comes after "must".
        value: that received.

    Raises:
        ArgumentError: the rule doesn't hold.
    """
    if not holds:
        raise errors.refusal(
            f"`{name}`", f"`{name}` must {rule}. Received: {name}={value}"
        )
