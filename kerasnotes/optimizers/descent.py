"""Gradient descent as the notes write it, beside Keras' own."""

import keras
from keras import ops

from kerasnotes import keras_private, specs


class _Notes(keras.optimizers.Optimizer):
    """Shared part: named averages per weight, and numbers in the config."""

    averages = ()

    def __init__(self, learning_rate, numbers, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        for name, value in numbers.items():
            value = float(value)
            if name != "epsilon" and not 0 <= value < 1:
                raise ValueError(
                    f"`{name}` must be in [0, 1). Received: {name}={value}"
                )
            setattr(self, name, value)
        self._numbers = tuple(numbers)

    def build(self, variables):
        """Make the averages, zero at first."""
        if self.built:
            return
        super().build(variables)
        self._slots = self.add_optimizer_variables(
            variables, list(self.averages)
        )

    def _updated(self, slot, variable, beta, value):
        """Move an average of `variable` towards `value`; return it."""
        average = self._slots[slot][
            keras_private.variable_index(self, variable)
        ]
        self.assign_add(average, (value - average) * (1 - beta))
        return ops.convert_to_tensor(average)

    def get_config(self):
        """Return the constructor's arguments."""
        numbers = {name: getattr(self, name) for name in self._numbers}
        return {**super().get_config(), **numbers}


@keras.saving.register_keras_serializable("kerasnotes")
class NotesMomentum(_Notes):
    """Momentum as an exponentially weighted average of the gradient.

    `v = β v + (1-β) g`, `w = w - α v`.

    Keras' `SGD(momentum=β)` lacks the `1-β` and puts α inside the average
    (`v = β v - α g`, `w = w + v`): at a constant rate it equals this one with
    `learning_rate=α(1-β)`; under a decaying one the two differ.

    Args:
        learning_rate: α, a float or a schedule.
        beta: β.
        **kwargs: those of `keras.optimizers.Optimizer`.

    Source: Polyak, Some methods of speeding up the convergence of iteration
    methods (1964).

    >>> NotesMomentum(0.1).beta
    0.9
    """

    averages = ("momentum",)

    def __init__(self, learning_rate=0.01, beta=0.9, **kwargs):
        super().__init__(learning_rate, {"beta": beta}, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable."""
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        v = self._updated(0, variable, self.beta, gradient)
        self.assign_sub(variable, rate * v)


@keras.saving.register_keras_serializable("kerasnotes")
class NotesRMSprop(_Notes):
    """Root mean square propagation with ε outside the root.

    `s = β s + (1-β) g²`, `w = w - α g / (√s + ε)`.

    Keras' `RMSprop(rho=β)` divides by `√(s + ε)`.

    Args:
        learning_rate: α, a float or a schedule.
        beta: β.
        epsilon: ε.
        **kwargs: those of `keras.optimizers.Optimizer`.

    Source: Tieleman and Hinton, Neural networks for machine learning, lecture
    6.5 (2012).

    >>> NotesRMSprop(0.1).epsilon
    1e-08
    """

    averages = ("velocity",)

    def __init__(self, learning_rate=0.001, beta=0.9, epsilon=1e-8, **kwargs):
        numbers = {"beta": beta, "epsilon": epsilon}
        super().__init__(learning_rate, numbers, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable."""
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        s = self._updated(0, variable, self.beta, ops.square(gradient))
        self.assign_sub(
            variable, rate * gradient / (ops.sqrt(s) + self.epsilon)
        )


@keras.saving.register_keras_serializable("kerasnotes")
class NotesAdam(_Notes):
    """Adam with ε outside the root, after the bias correction.

    `v = β₁ v + (1-β₁) g`, `s = β₂ s + (1-β₂) g²`, `v̂ = v/(1-β₁ᵗ)`,
    `ŝ = s/(1-β₂ᵗ)`, `w = w - α v̂ / (√ŝ + ε)`, t from 1.

    Keras' `Adam` adds its ε to `√s`, before the correction: it equals this
    one with `ε/√(1-β₂ᵗ)`, 32 times as much at the first step.

    Args:
        learning_rate: α, a float or a schedule.
        beta_1: β₁, of the gradient.
        beta_2: β₂, of its square.
        epsilon: ε.
        **kwargs: those of `keras.optimizers.Optimizer`.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015),
    algorithm 1.

    >>> NotesAdam(0.1).beta_2
    0.999
    """

    averages = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        **kwargs,
    ):
        numbers = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        super().__init__(learning_rate, numbers, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable."""
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        t = ops.cast(self.iterations + 1, variable.dtype)
        v = self._updated(0, variable, self.beta_1, gradient)
        s = self._updated(1, variable, self.beta_2, ops.square(gradient))
        v_hat = v / (1 - ops.power(self.beta_1, t))
        s_hat = s / (1 - ops.power(self.beta_2, t))
        self.assign_sub(
            variable, rate * v_hat / (ops.sqrt(s_hat) + self.epsilon)
        )


_WRAPPERS = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")

_OPTIMIZERS = {
    name.lower(): kind
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type)
    and issubclass(kind, keras.optimizers.Optimizer)
    and name not in _WRAPPERS
} | {
    "notes_momentum": NotesMomentum,
    "notes_rmsprop": NotesRMSprop,
    "notes_adam": NotesAdam,
}


def names():
    """Return the names of Keras' optimisers and of the notes' variants."""
    return sorted(_OPTIMIZERS)


def get(spec, learning_rate):
    """Return the optimiser that `spec` describes.

    Args:
        spec: `name[:key=value,…]`; Keras' own by their names in lower case,
            or `notes_momentum`, `notes_rmsprop`, `notes_adam`.
        learning_rate: a number or a schedule.

    Raises:
        ArgumentError: the name or an argument is unknown, or refused.

    >>> get("sgd:momentum=0.9,nesterov=true", 0.1).nesterov
    True
    """
    if isinstance(learning_rate, int):
        learning_rate = float(learning_rate)
    return specs.call("`spec`", spec, _OPTIMIZERS, learning_rate=learning_rate)
