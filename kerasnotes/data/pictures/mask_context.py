"""What a network sees around the pixels that it answers."""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnotes.data.pictures import mask_sizes


@dataclasses.dataclass(frozen=True)
class Context:
    """A network's input that is larger than what it answers.

    Its answer is the middle of its input, and the picture the middle of that.
    What the input has beyond the picture is mirrored at the picture's border,
    the outermost pixels twice: d c b a | a b c d.

    Args:
        size: height and width of the picture, or of a window.
        inputs: those of the network's input.
        outputs: those of its answer.

    Raises:
        ValueError: the sizes don't fit into one another.

    >>> context = Context((1, 3), (3, 9), (1, 5))
    >>> row = context.mirrored(tf.constant([[[1, 2, 3]]]))[0, 1]
    >>> row.numpy().tolist()
    [3, 2, 1, 1, 2, 3, 3, 2, 1]
    >>> context.targets(tf.constant([[[1, 2, 3]]])).numpy().tolist()
    [[[255, 1, 2, 3, 255]]]
    """

    size: tuple
    inputs: tuple
    outputs: tuple

    def __post_init__(self):
        for size, outputs, inputs in zip(
            self.size, self.outputs, self.inputs, strict=True
        ):
            if not size <= outputs <= inputs or (inputs - outputs) % 2:
                raise ValueError(
                    "`size` fits into `outputs`, and these into the middle of "
                    f"`inputs`. Received: {self}"
                )

    @property
    def before(self):
        """Rows above the picture, and columns left of it."""
        return _half(self.inputs, self.size)

    @property
    def extra(self):
        """Rows and columns that the input has beside the picture's."""
        return tuple(np.subtract(self.inputs, self.size).tolist())

    def mirrored(self, values):
        """Return pictures or masks of any size with what is around them.

        Args:
            values: `[b, height, width, …]`.

        Returns:
            `[b, height + extra[0], width + extra[1], …]`.
        """
        for axis in (0, 1):
            side = tf.shape(values)[axis + 1]
            known = values.shape[axis + 1]
            places = tf.range(side + self.extra[axis]) - self.before[axis]
            values = tf.gather(values, mirrored(places, side), axis=axis + 1)
            if known is not None:
                shape = values.shape.as_list()
                shape[axis + 1] = known + self.extra[axis]
                values = tf.ensure_shape(values, shape)
        return values

    def middle(self, values):
        """Return the picture's part of what is of the input's size.

        Args:
            values: `[b, *inputs, …]`.
        """
        return _cut(values, self.before, self.size)

    def answers(self, values):
        """Return the picture's part of what a network answers.

        Args:
            values: `[b, *outputs, …]`.
        """
        return _cut(values, _half(self.outputs, self.size), self.size)

    def targets(self, masks):
        """Return masks in the size of the answer, ignored beyond the picture.

        Args:
            masks: integers `[b, *size, …]`.
        """
        first = _half(self.outputs, self.size)
        paddings = [
            (a, outputs - size - a)
            for a, outputs, size in zip(
                first, self.outputs, self.size, strict=True
            )
        ]
        rest = [(0, 0)] * (masks.shape.rank - 3)
        return tf.pad(
            masks,
            [(0, 0), *paddings, *rest],
            constant_values=mask_sizes.IGNORED,
        )


def mirrored(places, side):
    """Return places within a side, those beyond it mirrored at its edges.

    Args:
        places: integers, of any sign.
        side: the number of places that there are.

    >>> mirrored(tf.range(-3, 6), 3).numpy().tolist()
    [2, 1, 0, 0, 1, 2, 2, 1, 0]
    """
    places = places % (2 * side)
    return tf.where(places < side, places, 2 * side - 1 - places)


def _half(large, small):
    return tuple((a - b) // 2 for a, b in zip(large, small, strict=True))


def _cut(values, first, size):
    (top, left), (height, width) = first, size
    return values[:, top : top + height, left : left + width]
