"""Means and worst of the rates of classes or labels, and their names."""

from keras import ops

RATES = ("precision", "recall", "f1")


def mean_and_worst(rates, present):
    """Return the mean and the worst rates of what has examples.

    Args:
        rates: `(3, C)`, as `RATES`.
        present: bool `(C,)`: which classes have examples.

    Returns:
        Two tensors `(3,)`, of zeros where no class has any.
    """
    count = ops.cast(ops.sum(ops.cast(present, "int32")), rates.dtype)
    mean = ops.divide_no_nan(
        ops.sum(ops.where(present, rates, 0.0), axis=1), count
    )
    worst = ops.min(ops.where(present, rates, 1.0), axis=1)
    return mean, ops.where(count > 0, worst, 0.0)


def entries(rates, worst):
    """Return a metric's entries for the rates: `precision`, `recall_min` …

    Args:
        rates: a tensor `(3,)`, as `RATES`.
        worst: the same of the worst class.
    """
    pairs = [("", rates), ("_min", worst)]
    return {
        f"{name}{suffix}": value
        for suffix, values in pairs
        for name, value in zip(RATES, ops.unstack(values, 3), strict=True)
    }


def log_entries(metric, result, default):
    """Return a metric's entries as Keras is to put them into the logs.

    Those of two outputs would overwrite each other under their own names.

    Args:
        metric: the metric.
        result: its dictionary of entries.
        default: the name with which they stand for themselves.
    """
    if metric.name == default:
        return result
    return {f"{metric.name}_{name}": value for name, value in result.items()}
