"""Which pixels a unit deep in a network sees."""

import dataclasses
import functools


@dataclasses.dataclass(frozen=True)
class Field:
    """The receptive fields of a layer's units along one axis.

    Unit i sees the pixels `start + i·stride … start + i·stride + size - 1`;
    those outside the picture are padding.

    Attributes:
        size: how many pixels a unit sees, padding included.
        stride: how many pixels lie between neighbours; 0 where all units see
            the same.
        start: the first pixel of unit 0, negative by what is padded.

    A 3×3 convolution with same padding, then a 2×2 pooling:

    >>> picture = Field()
    >>> picture.through(3, before=1).through(2, stride=2)
    Field(size=4, stride=2, start=-1)

    Source: Araujo et al., Computing receptive fields of convolutional neural
    networks (2019).
    """

    size: int = 1
    stride: int = 1
    start: int = 0

    def through(self, kernel, stride=1, before=0, dilation=1):
        """Return the fields after a window.

        `r' = r + d(k - 1)j`, `j' = s·j`, `start' = start - p·j`, with r the
        size and j the stride before it.

        Args:
            kernel: k, the window's length.
            stride: s, its step.
            before: p, the padding before the axis; negative where the axis is
                cropped.
            dilation: d, the step between the window's elements.
        """
        return Field(
            self.size + dilation * (kernel - 1) * self.stride,
            self.stride * stride,
            self.start - before * self.stride,
        )

    def of_all(self, units):
        """Return the field of what sees all of `units` units."""
        size = self.size + (units - 1) * self.stride
        return Field(size, 0, self.start)

    def of(self, unit):
        """Return the first pixel that a unit sees, and the one past it.

        >>> Field(5, 2, -2).of(1)
        (0, 5)
        """
        first = self.start + unit * self.stride
        return first, first + self.size


def union(fields):
    """Return the fields of units that see what any of several see.

    It is what joins branches: an addition, a concatenation. Where some of
    them see the same at every place (a gate that scales channels), it is
    theirs.

    Args:
        fields: `Field`s of one axis; None for an unknown one.

    Returns:
        A `Field`, or None where one is unknown or their strides differ.

    >>> union([Field(1, 2, 0), Field(5, 2, -2)])
    Field(size=5, stride=2, start=-2)
    """
    fields = list(fields)
    if None in fields:
        return None
    same = [f for f in fields if not f.stride] or fields
    return functools.reduce(_either, same)


def _either(a, b):
    if a is None or a.stride != b.stride:
        return None
    start = min(a.start, b.start)
    end = max(a.start + a.size, b.start + b.size)
    return Field(end - start, a.stride, start)
