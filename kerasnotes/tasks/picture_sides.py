"""Which pictures train, which choose and which judge."""

import numpy as np

from kerasnotes import errors
from kerasnotes.data import sides
from kerasnotes.data.sources import composed


def one_set(examples, config, own):
    """Returns the sides of a set that is cut by itself."""
    return sides.choose(
        *_strata(examples),
        examples.official,
        config.split if own else None,
        _groups(examples, config if own else None),
        config.train_dev,
    )


def two_sets(source, target, config):
    """Returns the sides where one set trains and another judges."""
    if config.split:
        raise errors.UserError(
            f"--split={config.split}: cuts --dataset, which beside "
            "--dev_dataset only trains; leave one of the two out"
        )
    groups = _groups(source, config)
    train = sides.of_source(*_strata(source), source.official, groups)
    judge = sides.of_target(*_strata(target), target.official, _groups(target))
    # What a picture was composed of isn't to be met again on the other side.
    for real, other, parts in (
        (target, source, judge),
        (source, target, train),
    ):
        if other.synthetic:
            unused = composed.unused(real, other)
            for side in parts:
                parts[side] = np.intersect1d(parts[side], unused)
    return train | judge


def _strata(examples):
    """Returns ids, and the classes to cut each in proportion, if there are."""
    labels = examples.labels
    return examples.ids, labels if labels.ndim == 1 else None


def _groups(examples, config=None):
    """Returns each example's group; composed ones go by their foreground."""
    if config and config.group:
        return sides.group_keys(examples.ids, config.group)
    if examples.synthetic:
        return sides.group_keys(examples.ids, "(.*)/")
    return None
