"""Metrics in the target's units, of standardised targets and answers.

They count in float64: the square of a deviation may be beyond float32.
"""

import keras


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
