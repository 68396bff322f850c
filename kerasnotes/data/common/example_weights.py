"""What each example counts in the loss and in the weighted metrics."""

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import sheet


def of_examples(choice, labels, class_names, example_weights=None):
    """Return each example's weight: its class's times its own.

    They are scaled to a mean of 1, so that the loss stays a mean over the
    examples: `J = Σ w L / Σ w`.

    Args:
        choice: the class weights, see `of_classes`.
        labels: int64 `[n]`.
        class_names: the name of each label.
        example_weights: the examples' own weights, `[n]`, or None.

    Returns:
        float32 `[n]`.

    Raises:
        UserError: `choice` names an unknown class, has a negative weight, or
            leaves no example a positive one.

    >>> of_examples({"yes": 3}, np.array([0, 1]), ["no", "yes"]).tolist()
    [0.5, 1.5]
    """
    weights = of_classes(choice, labels, class_names)[labels]
    if example_weights is not None:
        weights = weights * example_weights
    return mean_one(weights)


def mean_one(weights, flags="--class_weight, --example_weight"):
    """Scales weights to a mean of 1: a loss stays a mean over the examples.

    Args:
        weights: `[n]`.
        flags: what gave them, for the error message.

    Returns:
        float32 `[n]`.

    Raises:
        UserError: one is negative, or none is over 0.
    """
    most = weights.max()
    if weights.min() < 0 or not 0 < most < np.inf:
        raise errors.UserError(
            f"{flags}: weights are 0 or more, and each side of the data has "
            "an example with a weight over 0. Received: "
            f"{weights.min():g} to {weights.max():g}"
        )
    # The sum of numbers near float64's largest would be infinite.
    weights = weights / most
    return (weights / weights.mean()).astype(np.float32)


def parse(path, key, text):
    """Return the weight that a file gives an example.

    Raises:
        UserError: it is no number from 0 on.

    >>> parse("weights.csv", "a.png", "2.5")
    2.5
    """
    try:
        weight = sheet.number(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < np.inf:
        raise errors.UserError(
            f"--example_weight: {path}: the weight of {key!r} is a number "
            f"from 0 on. Received: {text!r}"
        )
    return weight


def of_classes(choice, labels, class_names):
    """Return each class's weight.

    Args:
        choice: None; `"balanced"`, the inverse of the class's share; or a
            dictionary of class name to weight, 1 for the others.
        labels: int64 `[n]`.
        class_names: the name of each label.

    Returns:
        float64 `[classes]`.

    Raises:
        UserError: see `of_examples`.

    >>> of_classes("balanced", np.array([0, 0, 0, 1]), ["no", "yes"]).tolist()
    [1.3333333333333333, 4.0]
    """
    if choice is None:
        return np.ones(len(class_names))
    if choice == "balanced":
        counts = np.bincount(labels, minlength=len(class_names))
        return len(labels) / np.maximum(counts, 1)
    for name in choice:
        if name not in class_names:
            raise errors.unknown("--class_weight", name, class_names)
    weights = np.array([float(choice.get(n, 1)) for n in class_names])
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise errors.UserError(
            "--class_weight: weights are 0 or more. Received: "
            + ",".join(f"{name}={weight}" for name, weight in choice.items())
        )
    return weights
