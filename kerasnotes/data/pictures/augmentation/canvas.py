"""Canvases: the training pictures, larger, for windows to be cut from."""

import dataclasses

from kerasnotes import errors


def size(examples, larger):
    """Return a canvas' height and width, or None where it shows no more.

    It is no larger than the source's own pictures, where their size is
    known. Composed pictures have none: larger ones would be others.

    Args:
        examples: the `Examples`.
        larger: how much larger than they it is to be.

    >>> import numpy as np
    >>> from kerasnotes.data.pictures.examples import Examples
    >>> four = Examples(np.zeros((2, 4, 4, 1), "uint8"), np.array([0, 1]),
    ...     ["a", "b"], ["0", "1"], own_size=(6, 6))
    >>> size(four, 1.25), size(four, 2.0), size(four, 1.0)
    ((5, 5), (6, 6), None)
    """
    height, width = examples.images.shape[1:3]
    if examples.own_size:
        own_height, own_width = examples.own_size
        larger = min(larger, max(own_height / height, own_width / width))
    shape = round(larger * height), round(larger * width)
    if examples.synthetic or shape <= (height, width):
        return None
    return shape


def joined(examples, again):
    """Return the examples with the pictures of `again` as their canvas.

    Args:
        examples: the `Examples`.
        again: the same, read larger.

    Raises:
        UserError: they are others.
    """
    if examples.ids != again.ids:
        raise errors.UserError(
            "--dataset: its files changed while they were read; start again"
        )
    return dataclasses.replace(examples, canvas=again.images)
