"""Metrics in the target's units, of standardised targets and answers.

They count in float64: the square of a deviation may be beyond float32.
"""

import keras
from keras import ops

# A variance of this share of the mean square is of targets' last digits.
_FLAT = 1e-12


class MeanSquaredError(keras.metrics.MeanSquaredError):
    """The mean of the squared residuals, in squared units.

    Args:
        std: the target's standard deviation, by which both are divided.
        name: the metric's name.

    >>> metric = MeanSquaredError(std=1e-25)
    >>> metric.update_state([[1.0]], [[3.0]])
    >>> f"{float(metric.result()):.4g}"
    '4e-50'
    """

    def __init__(self, std, name="mse"):
        super().__init__(name, dtype="float64")
        self._unit = std**2

    def result(self):
        return super().result() * self._unit

    def get_config(self):
        """Return the arguments of the constructor."""
        return {"std": self._unit**0.5, "name": self.name}


class MeanAbsoluteError(keras.metrics.MeanAbsoluteError):
    """The mean of the absolute residuals, in units.

    Args:
        std: the target's standard deviation, by which both are divided.
        name: the metric's name.

    >>> metric = MeanAbsoluteError(std=17.0)
    >>> metric.update_state([[1.0]], [[3.0]])
    >>> float(metric.result())
    34.0
    """

    def __init__(self, std, name="mae"):
        super().__init__(name, dtype="float64")
        self._unit = std

    def result(self):
        return super().result() * self._unit

    def get_config(self):
        """Return the arguments of the constructor."""
        return {"std": self._unit, "name": self.name}


class R2Score(keras.metrics.R2Score):
    """R², `1 - Σ(y - ŷ)² / Σ(y - ȳ)²`; NaN where all targets are one value.

    Keras' sums are of float32, whatever its type: far from their mean, targets
    of little variance had any R² at all.

    Args:
        name: the metric's name.

    >>> metric = R2Score()
    >>> metric.update_state([[-0.7], [-0.7], [-0.7]], [[1.0], [2.0], [3.0]])
    >>> float(metric.result())
    nan
    """

    def __init__(self, name="r2"):
        super().__init__(name=name, dtype="float64")

    def add_variable(self, shape, initializer, dtype=None, **options):
        return super().add_variable(
            shape, initializer, dtype or self.dtype, **options
        )

    def result(self):
        total = self.squared_sum - self.sum * self.sum / self.count
        is_flat = ops.all(total <= _FLAT * self.squared_sum)
        return ops.where(is_flat, float("nan"), super().result())

    def get_config(self):
        """Return the arguments of the constructor."""
        return {"name": self.name}
