"""Which pictures train, which choose and which judge."""

import os
import re

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.data.pictures.readers import composed


def one_set(examples, config, is_whole_set):
    """Return the sides of a set that is cut by itself."""
    return split_choice.choose(
        examples.ids,
        examples.strata,
        examples.official,
        config.split if is_whole_set else None,
        groups(examples, config, some=not is_whole_set),
        config.train_dev,
    )


def check_apart(config):
    """Refuses one set that both trains and judges.

    Raises:
        UserError: `dataset` and `dev_dataset` are the same.
    """
    one, other = config.dataset, config.dev_dataset
    if one == other or os.path.realpath(one) == os.path.realpath(other):
        raise errors.UserError(
            f"--dev_dataset={other}: --dataset is the same; without "
            "--dev_dataset it is cut into train, dev and test"
        )


def two_sets(source, target, config):
    """Return the sides where one set trains and another judges."""
    if config.split:
        raise errors.UserError(
            f"--split={config.split}: cuts --dataset, which beside "
            "--dev_dataset only trains; leave one of the two out"
        )
    train = split_choice.of_source(
        source.ids, source.strata, source.official, groups(source, config)
    )
    judge = split_choice.of_target(
        target.ids,
        target.strata,
        target.official,
        groups(target, config, some=True),
    )
    # What a picture was composed of isn't to be met again on the other side.
    if source.synthetic:
        _keep(judge, composed.unused(target, source))
    elif target.synthetic:
        _keep(train, composed.unused(source, target))
    return train | judge


def _keep(parts, rows):
    for side in parts:
        parts[side] = np.intersect1d(parts[side], rows)
        if not len(parts[side]):
            raise errors.UserError(
                f"--dataset, --dev_dataset: all of {side} is composed of what "
                "is on the other side too; give other foregrounds, or fewer"
            )


def check_sides(parts, origin, config):
    """Refuses a side without an example.

    Args:
        parts: dictionary of side to indices.
        origin: dictionary of side to the `Examples` it is cut from.
        config: the task's Config.

    Raises:
        UserError: see above.
    """
    for side in (name for name, indices in parts.items() if not len(indices)):
        examples = origin[side]
        count, keys = len(examples.ids), groups(examples, config, some=True)
        if config.group and keys:
            raise errors.UserError(
                f"--group={config.group}: no group is left for {side}, since "
                f"{count} examples are of {len({*keys})} "
                f"{errors.plural('group', len({*keys}))}; give an expression "
                "that tells more of them apart"
            )
        raise errors.UserError(
            f"--dataset={config.dataset}: no example is left for {side}, of "
            f"{count} in all; give more pictures of each class"
        )


def groups(examples, config, some=False):
    """Return each example's group, which stays on one side, or None.

    Args:
        examples: the `Examples`; composed ones go by their foreground.
        config: the task's Config, whose `group` may say otherwise.
        some: whether `group` may match none of them.
    """
    if config.group and not (
        some and not any(re.search(config.group, i) for i in examples.ids)
    ):
        return split_choice.group_keys(examples.ids, config.group)
    if examples.synthetic:
        return split_choice.group_keys(examples.ids, "(.*)/")
    return None
