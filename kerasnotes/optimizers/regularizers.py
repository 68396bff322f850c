"""Weight penalties by the course's λ."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kerasnotes")
class Penalty(keras.regularizers.L1L2):
    """`l1 · s₁ Σ|w| + l2 · s₂ Σw²`, whose scales change while a model trains.

    The scales s₁, s₂ are variables, 1 at first, so that a compiled step
    follows them without being traced anew; on JAX, whose steps are functions
    of the model's own variables alone, it keeps those it was traced with.
    Layers that are given one penalty share its scales. The config holds the
    strengths of the moment.

    Args:
        l1: strength of `Σ|w|`; 0 leaves it out, and it can't be scaled.
        l2: strength of `Σw²`, likewise.

    Attributes:
        scales: the variables by name, `"l1"` and `"l2"`, of those not 0.

    >>> penalty = Penalty(l2=0.1)
    >>> _ = penalty.scales["l2"].assign(5.0)
    >>> float(penalty(keras.ops.array([3.0, 4.0])))
    12.5
    """

    def __init__(self, l1=0.0, l2=0.0):
        super().__init__(l1, l2)
        self.scales = {
            name: keras.Variable(1.0, trainable=False, name=f"{name}_scale")
            for name in ("l1", "l2")
            if getattr(self, name)
        }

    def __call__(self, x):
        """Return the penalty of the weights `x`, a scalar."""
        magnitudes = {"l1": ops.abs, "l2": ops.square}
        total = ops.zeros((), x.dtype)
        for name, scale in self.scales.items():
            strength = ops.cast(getattr(self, name), x.dtype)
            strength *= ops.cast(scale, x.dtype)
            total += strength * ops.sum(magnitudes[name](x))
        return total

    def get_config(self):
        """Return the constructor's arguments, at the strengths of now."""
        config = super().get_config()
        for name, scale in self.scales.items():
            config[name] *= float(ops.convert_to_numpy(scale))
        return config


def l1_l2(l1, l2, examples):
    """Return the penalty `λ₁/2m Σ|w| + λ₂/2m Σw²`.

    The course divides λ by twice the number of training examples m; Keras
    doesn't, so its factors are `λ/2m`. Notes that print the L1 penalty as
    `λ/m Σ|w|` have half of the λ₁ here: `λ₁ = 2λ`. It is meant for kernels:
    penalising biases changes little.

    Args:
        l1: λ₁.
        l2: λ₂.
        examples: m, the number of training examples.

    Returns:
        A `Penalty`, or None where both are 0.

    >>> penalty = l1_l2(0.0, 2.0, examples=10)
    >>> float(penalty(keras.ops.array([3.0, 4.0])))
    2.5
    """
    if examples < 1:
        raise ValueError(
            f"`examples` must be at least 1. Received: examples={examples}"
        )
    if not (l1 or l2):
        return None
    return Penalty(l1 / (2 * examples), l2 / (2 * examples))
