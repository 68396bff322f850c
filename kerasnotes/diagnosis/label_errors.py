"""Labels that are probably wrong, by confident learning.

cleanlab does the work; it is installed by `pip install 'kerasnotes[labels]'`.
Each example's class probabilities come from a model that never learned from
it. An example counts as confidently of class j where its probability of j is
at least what is usual among the examples labelled j:

`t_j = mean of p_j(x) over x labelled j`

Source: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", Journal of AI Research 70, 2021, section 3.
"""

import numpy as np

from kerasnotes import errors
from kerasnotes.diagnosis import calibration


def require_cleanlab():
    """Refuses to begin what cleanlab ends, where it is not installed.

    Raises:
        UserError: it is not installed.
    """
    _cleanlab("filter")


def wrong(labels, probabilities):
    """Return which labels are probably wrong, bool `[n]`.

    They are the examples that are confidently of another class than their
    label (off the diagonal of the paper's confident joint), but for those
    whose likeliest class is their label.

    Args:
        labels: the labels of the data set, int64 `[n]`, of two classes or
            more.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    Raises:
        UserError: cleanlab is not installed.
        ValueError: the shapes don't fit, or a label is none of the classes.

    >>> p = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.4, 0.6], [0.2, 0.8]]
    >>> wrong([0, 0, 0, 1, 1], p).tolist()
    [False, False, True, False, False]
    """
    return _cleanlab("filter").find_label_issues(
        np.asarray(labels),
        np.asarray(probabilities, np.float64),
        filter_by="confident_learning",
        # More would fork a process in which TensorFlow runs.
        n_jobs=1,
    )


def quality(labels, probabilities):
    """Return how well each label fits, from 0 to 1; the lowest first.

    It is the normalised margin `(p_label - max of the other p + 1) / 2`. Of
    the scores in use it ranked injected noise best or nearly so, whatever
    the noise; `p_label` alone is as good where any label may be any other,
    and worse where classes are mistaken for one another.

    Args:
        labels: the labels of the data set, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    Raises:
        UserError: cleanlab is not installed.
        ValueError: the shapes don't fit, or a label is none of the classes.

    >>> quality([0, 0], [[0.75, 0.25], [0.25, 0.75]]).tolist()
    [0.75, 0.25]
    """
    return _cleanlab("rank").get_label_quality_scores(
        np.asarray(labels),
        np.asarray(probabilities, np.float64),
        method="normalized_margin",
    )


def suggested(labels, probabilities):
    """Return the likeliest class beside each label, int64 `[n]`.

    Args:
        labels: the labels of the data set, int64 `[n]`.
        probabilities: out-of-fold probabilities, `[n, classes]`.

    >>> suggested([0, 1], [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]).tolist()
    [1, 2]
    """
    others = np.array(probabilities, np.float64)
    labels = calibration.classes(labels, others)
    others[np.arange(len(others)), labels] = -1
    return others.argmax(axis=1)


def _cleanlab(module):
    return errors.optional_import(
        "the check of labels", f"cleanlab.{module}", "labels"
    )
