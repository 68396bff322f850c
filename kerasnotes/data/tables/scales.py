"""Means and deviations of columns, in float64, and what exceeds them."""

import dataclasses

import numpy as np

from kerasnotes import errors

# Squares of a deviation, and of a standardised number, stay finite.
_SMALLEST, _LARGEST, _FURTHEST = 1e-150, 1e150, 1e18
# Of a deviation: what six digits of a prediction bear.
_ROUNDING, _SPACING = 1e-6, 1e-5


@dataclasses.dataclass(frozen=True)
class Scale:
    """The mean and the standard deviation of each column.

    Attributes:
        names: the columns' names.
        mean: float64 `[columns]`.
        std: float64 `[columns]`; 1 where a column is constant.

    >>> scale = Scale(["time"], np.array([1.7e9]), np.array([2.0]))
    >>> scale.standardize(np.array([[1.7e9 + 1]]), ["2"], "t.csv").tolist()
    [[0.5]]
    """

    names: list
    mean: np.ndarray
    std: np.ndarray

    def standardize(self, values, ids, where):
        """Return `(values - mean) / std`.

        The mean is subtracted in float64; float32 takes what is left.

        Args:
            values: float64 `[rows, columns]`.
            ids: where each row is found.
            where: the table, for the error message.

        Returns:
            float32 `[rows, columns]`.

        Raises:
            UserError: a number is so far off that its square is not finite.
        """
        with np.errstate(over="ignore"):
            z = (values - self.mean) / self.std
        far = np.argwhere(~(np.abs(z) <= _FURTHEST))
        if len(far):
            row, column = far[0]
            raise errors.UserError(
                f"{where}: line {ids[row]}, column {self.names[column]!r}: "
                f"{values[row, column]:g} is {abs(z[row, column]):.0e} "
                "standard deviations from the mean of training, "
                f"{self.mean[column]:.6g}; mend the cell, or take the row out"
            )
        return z.astype("float32")


def measure(names, values, where):
    """Return the `Scale` of columns.

    Args:
        names: the columns' names.
        values: float64 `[rows, columns]`, those of training.
        where: the table, for the error message.

    Raises:
        UserError: the deviation of a column is too large or too small for its
            square, or so small beside its numbers that float64 rounds it.

    >>> measure(["a"], np.array([[1.0], [3.0]]), "t.csv").std.tolist()
    [1.0]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = values.mean(axis=0), values.std(axis=0)
    # Rounding leaves constant columns a tiny deviation.
    constant = np.all(values == values[:1], axis=0)
    mean = np.where(constant, values[0], mean)
    std = np.where(constant, 1.0, std)
    for column in np.flatnonzero(~constant):
        label = f"{where}: column {names[column]!r}"
        numbers = values[:, column]
        # Overflow of the sums makes both infinite or not a number.
        if not _SMALLEST < std[column] < _LARGEST:
            raise errors.UserError(
                f"{label}: its numbers, as {numbers[0]:g} and "
                f"{numbers[-1]:g}, have a standard deviation outside of "
                f"{_SMALLEST:g} to {_LARGEST:g}; give it in another unit"
            )
        if np.spacing(np.abs(numbers).max()) > _SPACING * std[column]:
            raise errors.UserError(
                f"{label}: it varies by {std[column]:.1g} about "
                f"{mean[column]:.6g}, more digits than a number holds; "
                "subtract a constant from it, or take it out"
            )
    return Scale(list(names), mean, std)


def beyond_float32(values, std):
    """Return which columns float32 holds too coarsely, bool `[columns]`.

    Those are the ones that it rounds by more than a millionth of their
    deviation, such as times in seconds since 1970.

    Args:
        values: float64 `[rows, columns]`.
        std: the deviation of each column.

    >>> beyond_float32(np.array([[2000.0, 1.7e9 + 3]]), [5.0, 17.0]).tolist()
    [False, True]
    """
    with np.errstate(over="ignore"):
        rounded = np.asarray(values, np.float32)
    off = np.abs(values - rounded).max(axis=0)
    return ~(off <= _ROUNDING * np.asarray(std))
