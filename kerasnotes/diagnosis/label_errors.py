"""Labels that are probably wrong, by confident learning.

Each example's class probabilities come from a model that never saw it. An
example counts as confidently of class j where its probability of j is at
least what is usual among the examples labelled j:

`t_j = mean of p_j(x) over x labelled j`

Source: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", Journal of AI Research 70, 2021, section 3.
"""

import numpy as np

# Equal probabilities have a mean that rounding may lift above them.
_ROUNDING = 1e-6


def thresholds(labels, probabilities):
    """Returns each class's mean self-confidence `t_j` (equation 2).

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    Returns:
        float64 `[classes]`; infinite for a class without examples.

    Raises:
        ValueError: the shapes don't fit, or a label is none of the classes.

    >>> thresholds([0, 0, 1], [[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]]).tolist()
    [0.8, 0.6]
    """
    labels, probabilities = _checked(labels, probabilities)
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, own, probabilities.shape[1])
    means = np.full(len(counts), np.inf)
    return np.divide(sums, counts, out=means, where=counts > 0)


def confident_classes(labels, probabilities):
    """Returns the class that each example is confidently of, or -1.

    It is the likeliest of the classes j with `p_j ≥ t_j` (equation 1).

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.6, 0.4], [0.2, 0.8]]
    >>> confident_classes([0, 0, 0, 1, 1], p).tolist()
    [0, 0, 1, 0, 1]
    """
    labels, probabilities = _checked(labels, probabilities)
    least = thresholds(labels, probabilities) - _ROUNDING
    confident = probabilities >= np.maximum(least, _ROUNDING)
    guess = np.where(confident, probabilities, -1).argmax(axis=1)
    return np.where(confident.any(axis=1), guess, -1)


def confident_joint(labels, probabilities):
    """Counts examples by label (row) and confident class (column).

    Those that are confidently of no class are left out.

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    Returns:
        int64 `[classes, classes]`, the paper's `C`.
    """
    labels, probabilities = _checked(labels, probabilities)
    classes = probabilities.shape[1]
    guess = confident_classes(labels, probabilities)
    known = guess >= 0
    cells = labels[known] * classes + guess[known]
    counts = np.bincount(cells, minlength=classes**2)
    return counts.reshape(classes, classes)


def noise(labels, probabilities):
    """Estimates the share of wrong labels.

    The rows of the confident joint are scaled to the counts of the labels,
    `Q_ij ∝ C_ij / Σ_j C_ij · |labelled i|`, and the share is what lies off
    the diagonal of `Q` (equation 3).

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.6, 0.4], [0.2, 0.8]]
    >>> round(noise([0, 0, 0, 1, 1], p), 3)
    0.4
    """
    labels, probabilities = _checked(labels, probabilities)
    joint = confident_joint(labels, probabilities)
    counts = np.bincount(labels, minlength=len(joint))
    # A class of which nobody is sure tells nothing: it counts as right.
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    right = joint.diagonal() / joint.sum(axis=1)
    return float(1 - right @ counts / counts.sum())


def wrong(labels, probabilities):
    """Returns which labels are probably wrong, bool `[n]`.

    They are the examples off the diagonal of the confident joint, but for
    those whose likeliest class is their label.

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.4, 0.6], [0.2, 0.8]]
    >>> wrong([0, 0, 0, 1, 1], p).tolist()
    [False, False, True, False, False]
    """
    labels, probabilities = _checked(labels, probabilities)
    guess = confident_classes(labels, probabilities)
    # Half-way, the label is as likely as any other class.
    unlikely = quality(labels, probabilities) < 0.5 - _ROUNDING / 2
    return (guess >= 0) & (guess != labels) & unlikely


def quality(labels, probabilities):
    """Returns how well each label fits, from 0 to 1; the lowest first.

    It is the normalised margin `(p_label - max of the other p + 1) / 2`. Of
    the scores in use it ranked injected noise best or nearly so, whatever
    the noise; `p_label` alone is as good where any label may be any other,
    and worse where classes are mistaken for one another.

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> quality([0, 0], [[0.75, 0.25], [0.25, 0.75]]).tolist()
    [0.75, 0.25]
    """
    labels, probabilities = _checked(labels, probabilities)
    rows = np.arange(len(labels))
    other = probabilities[rows, suggested(labels, probabilities)]
    return (probabilities[rows, labels] - other + 1) / 2


def suggested(labels, probabilities):
    """Returns the likeliest class beside each label, int64 `[n]`.

    Args:
        labels: the labels given, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> suggested([0, 1], [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]).tolist()
    [1, 2]
    """
    labels, probabilities = _checked(labels, probabilities)
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -1
    return others.argmax(axis=1)


def _checked(labels, probabilities):
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities, np.float64)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            "`probabilities` must be [n, classes] for `labels` [n]. Received: "
            f"{probabilities.shape} for {labels.shape}"
        )
    if ((labels < 0) | (labels >= probabilities.shape[1])).any():
        raise ValueError(
            "`labels` must lie from 0 to below the number of classes. "
            f"Received: {labels.min()} to {labels.max()}"
        )
    return labels, probabilities
