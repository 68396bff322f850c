"""Ten crops of a picture at test time, as AlexNet answers."""

import dataclasses

from kerasnotes import errors
from kerasnotes.tasks.classify import gain_and_cost

_LARGER = 256 / 224  # The paper's pictures over its crops.


def ten_crops(pictures, size):
    """Return the corners and the centre of pictures, and their mirrors.

    Args:
        pictures: `(batch, height, width, channels)`.
        size: height and width of a crop.

    Returns:
        A list of ten batches `(batch, *size, channels)`: top left, top
        right, bottom left, bottom right, centre, and the same mirrored.

    Raises:
        ValueError: the crops are larger than the pictures.

    Example:
    >>> import numpy as np
    >>> crops = ten_crops(np.arange(9).reshape(1, 3, 3, 1), (2, 2))
    >>> [crop[0, 0, :, 0].tolist() for crop in crops[:6]]
    [[0, 1], [1, 2], [3, 4], [4, 5], [0, 1], [1, 0]]

    Source: Krizhevsky, Sutskever and Hinton, ImageNet classification with
    deep convolutional neural networks (2012), section 4.1.
    """
    (height, width), (rows, columns) = pictures.shape[1:3], size
    down, across = height - rows, width - columns
    if min(down, across) < 0:
        raise ValueError(
            "`size` must be at most that of `pictures`. Received: size="
            f"{size}, pictures of shape {pictures.shape}"
        )
    corners = [(0, 0), (0, across), (down, 0), (down, across)]
    crops = [
        pictures[:, top : top + rows, left : left + columns]
        for top, left in [*corners, (down // 2, across // 2)]
    ]
    return crops + [crop[:, :, ::-1] for crop in crops]


def evaluate(opened, inputs=()):
    """Print what ten crops gain on dev and test, and what they cost.

    The pictures are read anew at 256/224 of the model's size, cropped to it,
    and the ten probabilities averaged.

    Args:
        opened: the classifier's `OpenRun`.
        inputs: none.

    Returns:
        The two `gain_and_cost.Predictor`s: the whole picture and ten crops.

    Raises:
        UserError: the pictures are composed, not read.
    """
    task, facts = opened.task, opened.facts
    splits = opened.data.splits
    if any(
        splits[name].examples.synthetic for name in gain_and_cost.judged(splits)
    ):
        raise errors.UserError(
            f"--ten_crop: {task.config.dataset} composes its pictures, and "
            "larger ones would be others; give --dataset of real pictures"
        )
    *size, channels = facts["input_shape"]
    larger = [round(side * _LARGER) for side in size]
    large_facts = facts | {"input_shape": [*larger, channels]}
    config = dataclasses.replace(task.config, augment="none")
    # Only the pictures differ: what is cut how, ids alone decide.
    large_splits = type(task)(config).data(large_facts).splits
    decided = task.decision(opened.trained.decisions)
    answer = gain_and_cost.function(opened.trained.model, decided)
    batch = task.config.batch_size

    def average(pixels):
        return sum(answer(crop) for crop in ten_crops(pixels, size)) / 10

    predictors = [
        gain_and_cost.measure(name, function, decided.classes, parts, batch)
        for name, function, parts in (
            ("the whole picture", answer, splits),
            ("ten crops", average, large_splits),
        )
    ]
    text = "{}×{}".format
    print(
        f"ten crops: corners and centre of {text(*larger)} pictures, "
        f"{text(*size)} each, and their mirror images (a loss where a mirrored "
        "picture is of another class, as of digits); probabilities averaged"
    )
    print(gain_and_cost.table(predictors, splits))
    return predictors
