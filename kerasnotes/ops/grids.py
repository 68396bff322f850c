"""The grids of cells and anchors in which a YOLO network answers."""

import dataclasses

import numpy as np
from keras import ops

from kerasnotes import errors


@dataclasses.dataclass(frozen=True)
class Grids:
    """Cells of one or several strides, each with anchors of its own.

    A place is a cell and one of its anchors. It holds the course's
    `[p_c, b_x, b_y, b_h, b_w, c_1 … c_n]`: b_x, b_y from the cell's upper
    left corner, in cells, from 0 to 1; b_h, b_w in cells, which may exceed 1.
    A picture's places stand in one axis: stride by stride, row by row, cell
    by cell, anchor by anchor.

    Args:
        image_shape: height and width of pictures in pixels; what follows is
            ignored. Where a stride doesn't divide them, the last cells reach
            over the border, as with same padding.
        strides: the sides of a cell in pixels, one for each grid.
        anchors: for each grid a tuple of `(width, height)` in pixels.
        classes: n, the number of classes.

    Attributes:
        shapes: rows, columns and anchors of each grid.
        size: the number of places.

    Raises:
        ValueError: a stride, an anchor or the number of classes is none.

    Example:
    >>> grids = Grids((608, 608), (32,), (((80, 90),) * 5,), classes=20)
    >>> grids.shapes, grids.maps(np.zeros([1, grids.size, 25]))[0].shape
    ([(19, 19, 5)], TensorShape([1, 19, 19, 5, 25]))

    Source: course 4, "YOLO algorithm"; Redmon and Farhadi, YOLO9000 (2017).
    """

    image_shape: tuple
    strides: tuple
    anchors: tuple
    classes: int

    def __post_init__(self):
        plain = {
            "image_shape": tuple(map(int, self.image_shape[:2])),
            "strides": tuple(map(int, self.strides)),
            "anchors": tuple(
                tuple(tuple(map(float, size)) for size in of_grid)
                for of_grid in self.anchors
            ),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        sizes = [size for of_grid in self.anchors for size in of_grid]
        _check("image_shape", min(self.image_shape) > 0, self.image_shape)
        _check("strides", min(self.strides, default=0) > 0, self.strides)
        _check("classes", self.classes > 0, self.classes)
        _check(
            "anchors",
            len(self.anchors) == len(self.strides)
            and all(self.anchors)
            and all(len(s) == 2 and 0 < min(s) < np.inf for s in sizes),
            self.anchors,
        )

    @property
    def shapes(self):
        """Rows, columns and anchors of each grid."""
        height, width = self.image_shape
        return [
            (-(-height // stride), -(-width // stride), len(of_grid))
            for stride, of_grid in zip(self.strides, self.anchors, strict=True)
        ]

    @property
    def size(self):
        """The number of places."""
        return sum(rows * columns * n for rows, columns, n in self.shapes)

    def columns(self):
        """Return what each anchor is, in the order of all grids.

        Returns:
            A dictionary of arrays `(anchors,)`: `sizes` `(anchors, 2)` in
            pixels, `stride`, `rows` and `columns` of its grid, `first`, the
            place of the grid's first cell and this anchor, and `step`, the
            places of a cell.
        """
        keys = ("sizes", "stride", "rows", "columns", "first", "step")
        columns, start = {key: [] for key in keys}, 0
        for stride, of_grid, shape in zip(
            self.strides, self.anchors, self.shapes, strict=True
        ):
            rows, width, count = shape
            for i, size in enumerate(of_grid):
                row = (size, stride, rows, width, start + i, count)
                for key, value in zip(keys, row, strict=True):
                    columns[key].append(value)
            start += rows * width * count
        return {
            key: np.array(v, "float32" if key == "sizes" else "int32")
            for key, v in columns.items()
        }

    def places(self):
        """Return where each place is, float32 `(size, 5)`.

        The columns are x and y of the cell in cells, the stride in pixels,
        and the anchor's width and height in cells.
        """
        parts = []
        for stride, of_grid, shape in zip(
            self.strides, self.anchors, self.shapes, strict=True
        ):
            y, x, i = np.indices(shape).reshape(3, -1)
            sizes = np.array(of_grid)[i] / stride
            parts.append(
                np.column_stack([x, y, np.full(len(x), stride), sizes])
            )
        return np.concatenate(parts).astype("float32")

    def maps(self, y):
        """Return each grid's part of y.

        Args:
            y: `(batch, size, values)`.

        Returns:
            A list of tensors `(batch, rows, columns, anchors, values)`.
        """
        y, maps, start = ops.convert_to_tensor(y), [], 0
        for shape in self.shapes:
            end = start + int(np.prod(shape))
            map_shape = (ops.shape(y)[0], *shape, y.shape[-1])
            maps.append(ops.reshape(y[:, start:end], map_shape))
            start = end
        return maps

    def join(self, maps):
        """Return y of the maps of a network.

        Args:
            maps: a tensor for each grid, `(batch, rows, columns, anchors ·
                (5 + classes))`, or with the last axis in two.

        Returns:
            `(batch, size, 5 + classes)`.
        """
        parts = []
        for part, (rows, columns, count) in zip(maps, self.shapes, strict=True):
            shape = (-1, rows * columns * count, 5 + self.classes)
            parts.append(ops.reshape(part, shape))
        return ops.concatenate(parts, axis=1)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return dataclasses.asdict(self)


def _check(name, holds, value):
    if not holds:
        raise errors.refusal(
            f"`{name}`",
            f"`{name}` must be positive, with anchors (width, height) for "
            f"each stride. Received: {name}={value}",
        )
