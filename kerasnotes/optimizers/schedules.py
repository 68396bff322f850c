"""Learning rates that change as training goes on.

A step belongs to epoch `iterations // steps_per_epoch + 1`: epochs and steps
count from 1.
"""

import collections

import keras
from keras import ops

from kerasnotes import errors, specs

_Run = collections.namedtuple("_Run", "learning_rate steps_per_epoch epochs")
_Schedule = keras.optimizers.schedules.LearningRateSchedule


class _EpochDecay(_Schedule):
    """A rate that is constant within an epoch; subclasses give `factor`."""

    def __init__(self, learning_rate, steps_per_epoch, **numbers):
        if steps_per_epoch < 1:
            raise ValueError(
                "`steps_per_epoch` must be at least 1. Received: "
                f"steps_per_epoch={steps_per_epoch}"
            )
        for name, value in numbers.items():
            if float(value) < 0:
                raise ValueError(
                    f"`{name}` must not be negative. Received: {name}={value}"
                )
        self._config = {
            "learning_rate": learning_rate,
            "steps_per_epoch": steps_per_epoch,
            **{name: float(value) for name, value in numbers.items()},
        }

    def __call__(self, step):
        """Return the rate at `step`, from 0."""
        epoch = ops.floor_divide(step, self._config["steps_per_epoch"]) + 1
        epoch = ops.cast(epoch, keras.config.floatx())
        return self._config["learning_rate"] * self.factor(epoch)

    def get_config(self):
        """Return the constructor's arguments."""
        return dict(self._config)


@keras.saving.register_keras_serializable("kerasnotes")
class InverseDecay(_EpochDecay):
    """`α = α₀ / (1 + rate · epoch)`, constant within an epoch.

    Args:
        learning_rate: α₀.
        steps_per_epoch: steps in an epoch.
        rate: how fast it decays.

    >>> decay = InverseDecay(0.2, steps_per_epoch=5)
    >>> [round(float(decay(step)), 3) for step in (0, 5, 10, 15)]
    [0.1, 0.067, 0.05, 0.04]
    """

    def __init__(self, learning_rate, steps_per_epoch, rate=1.0):
        super().__init__(learning_rate, steps_per_epoch, rate=rate)

    def factor(self, epoch):
        """Return α / α₀ in an epoch, from 1."""
        return 1 / (1 + self._config["rate"] * epoch)


@keras.saving.register_keras_serializable("kerasnotes")
class SqrtDecay(_EpochDecay):
    """`α = k / √epoch · α₀`; with one step an epoch, `k / √t · α₀`.

    Args:
        learning_rate: α₀.
        steps_per_epoch: steps in an epoch.
        k: the factor in the first epoch.

    >>> round(float(SqrtDecay(0.2, steps_per_epoch=1)(3)), 3)
    0.1
    """

    def __init__(self, learning_rate, steps_per_epoch, k=1.0):
        super().__init__(learning_rate, steps_per_epoch, k=k)

    def factor(self, epoch):
        """Return α / α₀ in an epoch, from 1."""
        return self._config["k"] / ops.sqrt(epoch)


@keras.saving.register_keras_serializable("kerasnotes")
class Warmup(_Schedule):
    """Rises in a straight line from 0 to another schedule, then follows it.

    `α_t = t/T · α_T` up to step T, t from 1.

    Args:
        schedule: a schedule, or a constant rate.
        steps: T.

    Source: Goyal et al., Accurate, large minibatch SGD (2017), section 2.2.

    >>> [round(float(Warmup(0.4, 4)(step)), 2) for step in range(6)]
    [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]
    """

    def __init__(self, schedule, steps):
        if isinstance(schedule, dict):
            schedule = keras.saving.deserialize_keras_object(schedule)
        self.schedule, self.steps = schedule, steps

    def __call__(self, step):
        """Return the rate at `step`, from 0."""
        t = ops.cast(step, keras.config.floatx()) + 1
        return ops.where(
            t < self.steps,
            t / self.steps * self._rate(self.steps - 1),
            self._rate(step),
        )

    def _rate(self, step):
        rate = self.schedule
        # Keras' schedules answer in float32 whatever the float type.
        rate = rate(step) if callable(rate) else rate
        return ops.cast(rate, keras.config.floatx())

    def get_config(self):
        """Return the constructor's arguments."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "steps": self.steps}


def _constant(run):
    return run.learning_rate


def _inverse(run, rate=1.0):
    return InverseDecay(run.learning_rate, run.steps_per_epoch, rate)


def _exponential(run, base=0.95):
    base = float(base)
    return keras.optimizers.schedules.ExponentialDecay(
        base * run.learning_rate, run.steps_per_epoch, base, staircase=True
    )


def _sqrt_epoch(run, k=1.0):
    return SqrtDecay(run.learning_rate, run.steps_per_epoch, k)


def _sqrt_step(run, k=1.0):
    return SqrtDecay(run.learning_rate, 1, k)


def _staircase(run, factor=0.5, every=10):
    return keras.optimizers.schedules.ExponentialDecay(
        run.learning_rate,
        int(every) * run.steps_per_epoch,
        float(factor),
        staircase=True,
    )


def _cosine(run):
    return keras.optimizers.schedules.CosineDecay(
        run.learning_rate, run.epochs * run.steps_per_epoch
    )


def _by_hand(run, rates):
    try:
        changes = sorted((int(e), float(rate)) for e, rate in rates.items())
        if not changes or changes[0][0] < 2 or min(rates.values()) <= 0:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise errors.ArgumentError(
            "spec",
            "`spec`=by_hand: give the epoch, from 2, from which each rate "
            "holds, by_hand:10=0.01,20=0.001. Received: "
            f"{','.join(f'{e}={rate}' for e, rate in rates.items()) or 'none'}",
        ) from error
    # Keras changes the rate after the boundary, the last step of an epoch.
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [(epoch - 1) * run.steps_per_epoch - 1 for epoch, _ in changes],
        [run.learning_rate, *(rate for _, rate in changes)],
    )


_SCHEDULES = {
    "constant": _constant,
    "inverse": _inverse,
    "exponential": _exponential,
    "sqrt_epoch": _sqrt_epoch,
    "sqrt_step": _sqrt_step,
    "staircase": _staircase,
    "by_hand": _by_hand,
    "cosine": _cosine,
}


def names():
    """Return the names of the schedules."""
    return sorted(_SCHEDULES)


def get(spec, learning_rate, steps_per_epoch, epochs, warmup_epochs=0.0):
    """Return the learning rate that `spec` describes.

    | spec | rate | changes |
    |---|---|---|
    | `constant` | `α₀` | never |
    | `inverse:rate=1` | `α₀ / (1 + rate · epoch)` | each epoch |
    | `exponential:base=0.95` | `base^epoch · α₀` | each epoch |
    | `sqrt_epoch:k=1` | `k / √epoch · α₀` | each epoch |
    | `sqrt_step:k=1` | `k / √t · α₀` | each step |
    | `staircase:factor=0.5,every=10` | `factor^⌊(epoch-1)/every⌋ · α₀` | so |
    | `by_hand:10=0.01,20=0.001` | 0.01 from epoch 10, 0.001 from 20 | so |
    | `cosine` | `(1 + cos(π(t-1)/T)) / 2 · α₀`, T the last step | each step |

    Epochs and t count from 1. Warm-up rises to the value that the schedule
    has where it ends; the schedule counts its epochs from the start.

    Args:
        spec: `name[:key=value,…]`.
        learning_rate: α₀.
        steps_per_epoch: steps in an epoch.
        epochs: epochs in the run.
        warmup_epochs: epochs, or a part of one, of the warm-up.

    Returns:
        A `LearningRateSchedule`, or a float for a constant without warm-up.

    Raises:
        ArgumentError: the name or an argument is unknown, or refused.

    >>> get("constant", 0.1, steps_per_epoch=5, epochs=10)
    0.1
    """
    run = _Run(float(learning_rate), steps_per_epoch, epochs)
    name, arguments = specs.parse("`spec`", spec)
    if name == "by_hand":
        schedule = _by_hand(run, arguments)
    else:
        schedule = specs.call("`spec`", spec, _SCHEDULES, run=run)
    warmup_steps = round(warmup_epochs * steps_per_epoch)
    return Warmup(schedule, warmup_steps) if warmup_steps > 1 else schedule
