"""Gradient checking: the backward pass against difference quotients."""

import contextlib
import copy
import dataclasses

import keras
import numpy as np
import tensorflow as tf

GOOD, LOOK, WRONG = 1e-7, 1e-5, 1e-3

# Near the cube root of float64's rounding unit, where the error of cutting
# the series (ε²) and that of rounding the loss (1e-16/ε) are alike.
_EPSILON = 1e-5


@dataclasses.dataclass(frozen=True)
class VariableCheck:
    """The check of one variable.

    Attributes:
        path: the variable's path.
        ratio: `‖g - ĝ‖ / (‖g‖ + ‖ĝ‖)` over the entries checked.
        entries: how many entries were checked.
        worst: index of the entry where `g` and `ĝ` differ most.
        gradient: `g` there, from the backward pass.
        estimate: `ĝ` there, from the difference quotient.
    """

    path: str
    ratio: float
    entries: int
    worst: tuple
    gradient: float
    estimate: float

    @property
    def verdict(self):
        """`good` under 1e-7, `acceptable`, `look` over 1e-5, `wrong` over
        1e-3."""
        return _verdict(self.ratio)


@dataclasses.dataclass(frozen=True)
class GradientCheck:
    """The check of a model; prints as a table, the worst variable first.

    Attributes:
        ratio: the ratio over all entries checked.
        training: the mode the model ran in.
        variables: a `VariableCheck` for each trainable variable.
    """

    ratio: float
    training: bool
    variables: tuple

    @property
    def verdict(self):
        """The worst verdict of a variable."""
        return _verdict(max(v.ratio for v in self.variables))

    @property
    def offending(self):
        """Paths of the variables whose verdict is `look` or `wrong`."""
        return [v.path for v in self.variables if v.ratio > LOOK]

    def __str__(self):
        width = max(8, *(len(v.path) for v in self.variables))
        mode = "training" if self.training else "inference"
        lines = [
            f"{'variable':{width}}  verdict     ratio    entries  worst entry"
        ]
        for v in sorted(self.variables, key=lambda v: -v.ratio):
            lines.append(
                f"{v.path:{width}}  {v.verdict:10}  {v.ratio:.1e}  "
                f"{v.entries:7}  {list(v.worst)}: gradient {v.gradient:.6g}, "
                f"estimate {v.estimate:.6g}"
            )
        lines.append(f"overall {self.ratio:.1e}, in {mode} mode")
        return "\n".join(lines)


def gradient_check(
    model, loss, x, y, samples=50, epsilon=_EPSILON, training=True, seed=0
):
    """Compares a model's gradients with two-sided difference quotients.

    For every entry `w` checked, with `J` the loss and the model's penalties
    (regularisers and `add_loss`), the estimate is

    `ĝ = (J(w + ε) - J(w - ε)) / 2ε`

    and a variable's ratio is `‖g - ĝ‖ / (‖g‖ + ‖ĝ‖)`, 0 where both vanish.
    A difference that isn't good counts less what the rounding of `J` explains.
    The model runs in float64 for the length of the check; its variables
    (batch norm's averages too) are left as they are. A cast to float32
    inside a layer's `call` defeats the check.

    At a kink (ReLU at 0, a tie of max pooling) no two-sided quotient equals
    the gradient. Entries of a variable that isn't good are therefore measured
    again with smaller steps, which leave a kink near by outside, and to each
    side alone; the nearest estimate counts.

    Args:
        model: any Keras model.
        loss: a loss's name, `keras.losses.Loss`, or function of
            `(y_true, y_pred)`.
        x: inputs, as the model takes them.
        y: targets, as the loss takes them.
        samples: entries checked in each variable, drawn at random; None for
            all.
        epsilon: the step ε.
        training: the mode the model runs in: batch norm by the batch's
            statistics if True, by its running averages if False.
        seed: seed of the draw.

    Returns:
        A `GradientCheck`.

    Raises:
        ValueError: a layer draws random numbers (dropout is on), or the model
            has nothing to train.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((3,)), keras.layers.Dense(2, name="layer")]
    ... )
    >>> x, y = np.eye(3), np.ones((3, 2))
    >>> gradient_check(model, "mse", x, y).verdict
    'good'

    Source: course 2, "Gradient checking"; Nocedal and Wright, Numerical
    Optimization, section 8.1, for the choice of ε.
    """
    if not model.built:
        model(x)
    variables = model.trainable_variables
    if not variables:
        raise ValueError(
            "`model` must have trainable variables. "
            f"Received: model={model.name} with none"
        )
    rng = np.random.default_rng(seed)
    with _in_float64(model):
        cost, gradients = _functions(model, loss, x, y, training)
        _refuse_randomness(model, cost)
        analytic = [g.numpy() for g in gradients()]
        pairs = []
        for variable, gradient in zip(variables, analytic, strict=True):
            count = gradient.size
            flat = np.arange(count)
            if samples is not None and samples < count:
                flat = np.sort(rng.choice(count, samples, replace=False))
            estimate = _estimate(variable, gradient, flat, cost, epsilon)
            pairs.append((flat, gradient.flat[flat], estimate))
        noise = _noise(float(cost()), epsilon)
    return GradientCheck(
        ratio=_ratio(*map(np.concatenate, list(zip(*pairs))[1:]), noise),
        training=training,
        variables=tuple(
            _describe(v, *pair, noise)
            for v, pair in zip(variables, pairs, strict=True)
        ),
    )


def _verdict(ratio):
    if ratio < GOOD:
        return "good"
    if ratio <= LOOK:
        return "acceptable"
    return "look" if ratio <= WRONG else "wrong"


def _ratio(gradient, estimate, noise):
    difference = np.linalg.norm(gradient - estimate)
    if not np.isfinite(difference):
        return float("inf")
    total = np.linalg.norm(gradient) + np.linalg.norm(estimate)
    if difference >= GOOD * total:
        difference = max(0.0, difference - noise * np.sqrt(gradient.size))
    return float(difference / total) if difference else 0.0


def _noise(cost, epsilon):
    """Returns what rounding `J` may change in a difference quotient."""
    return 4 * np.finfo(np.float64).eps * abs(cost) / epsilon


def _describe(variable, flat, gradient, estimate, noise):
    worst = int(np.argmax(np.abs(gradient - estimate)))
    index = np.unravel_index(flat[worst], tuple(variable.shape))
    return VariableCheck(
        path=variable.path,
        ratio=_ratio(gradient, estimate, noise),
        entries=len(flat),
        worst=tuple(int(i) for i in index),
        gradient=float(gradient[worst]),
        estimate=float(estimate[worst]),
    )


def _estimate(variable, gradient, flat, cost, epsilon):
    """Returns the difference quotients at the flat indices."""
    value = variable.numpy()
    center = float(cost())

    def moved(i, step):
        changed = value.copy()
        changed.flat[i] += step
        variable.assign(changed)
        return float(cost())

    def quotients(i, step):
        right, left = moved(i, step), moved(i, -step)
        return (
            (right - left) / (2 * step),
            (right - center) / step,
            (center - left) / step,
        )

    wanted = gradient.flat[flat]
    first = [quotients(i, epsilon) for i in flat]
    estimate = np.array([middle for middle, _, _ in first])
    if _ratio(wanted, estimate, _noise(center, epsilon)) < GOOD:
        variable.assign(value)
        return estimate
    for at, i in enumerate(flat):
        nearest = abs(estimate[at] - wanted[at])
        _, right, left = first[at]
        for step in (epsilon / 10, epsilon / 100):
            again = quotients(i, step)
            # What curvature, which shrinks with the step, adds to a side.
            curved = abs(right - left - again[1] + again[2])
            curved *= step / (epsilon - step)
            for quotient, error in zip(again, (0, curved, curved), strict=True):
                # Its own error keeps a quotient from hiding a wrong gradient.
                error += _noise(center, step) + abs(quotient - wanted[at])
                if error < nearest:
                    nearest, estimate[at] = error, quotient
    variable.assign(value)
    return estimate


def _functions(model, loss, x, y, training):
    """Returns functions of nothing: the cost, and its gradients."""
    loss = copy.copy(keras.losses.get(loss))
    if isinstance(loss, keras.losses.Loss):
        loss._dtype = "float64"
    x, y = keras.tree.map_structure(tf.convert_to_tensor, (x, y))

    def cost():
        value = tf.reduce_mean(loss(y, model(x, training=training)))
        return tf.add_n([tf.cast(p, "float64") for p in [value, *model.losses]])

    def gradients():
        watched = [v.value for v in model.trainable_variables]
        with tf.GradientTape() as tape:
            value = cost()
        return [
            tf.convert_to_tensor(g)
            for g in tape.gradient(value, watched, unconnected_gradients="zero")
        ]

    if getattr(model, "run_eagerly", False):
        return cost, gradients
    return tf.function(cost), tf.function(gradients)


def _refuse_randomness(model, cost):
    """Raises if `cost` draws random numbers, and names the layers."""
    generators = {
        layer.path or layer.name: held
        for layer in model._flatten_layers()
        if (
            held := [
                a
                for a in vars(layer).values()
                if isinstance(a, keras.random.SeedGenerator)
            ]
        )
    }

    def states():
        return {
            name: [g.state.numpy().tolist() for g in held]
            for name, held in generators.items()
        }

    before, first = states(), float(cost())
    after = states()
    drawing = [name for name in generators if before[name] != after[name]]
    if drawing or not np.isclose(first, float(cost()), rtol=1e-9, atol=0):
        raise ValueError(
            "`model` must not draw random numbers while its gradient is "
            "checked: set its dropout and noise to 0, or pass "
            "training=False. Received: random layers "
            f"{drawing or 'that hold no SeedGenerator'}"
        )


@contextlib.contextmanager
def _in_float64(model):
    """Runs the model on float64 copies of its variables.

    Rebuilding the model under another policy would need a `get_config` of
    every layer; exchanging types and values in place takes any model.
    """
    floatx = keras.config.floatx()
    with contextlib.ExitStack() as stack:
        stack.callback(keras.config.set_floatx, floatx)
        keras.config.set_floatx("float64")
        for layer in model._flatten_layers():
            if keras.backend.is_float_dtype(layer.compute_dtype):
                policy = keras.DTypePolicy("float64")
                _exchange(stack, layer, "_dtype_policy", policy)
            for tensor in _inputs(layer):
                if keras.backend.is_float_dtype(tensor.dtype):
                    _exchange(stack, tensor, "_dtype", "float64")
        for variable in model.variables:
            value = variable.numpy()
            if keras.backend.is_float_dtype(variable.dtype):
                value = value.astype("float64")
                _exchange(stack, variable, "_dtype", "float64")
            twin = tf.Variable(value, trainable=variable.trainable)
            _exchange(stack, variable, "_value", twin)
        yield


def _inputs(layer):
    """Returns what holds the types that a graph's inputs are cast to."""
    if isinstance(layer, keras.layers.InputLayer):
        return [layer]
    if not isinstance(layer, keras.Model):
        return []
    inputs = keras.tree.flatten(getattr(layer, "inputs", []))
    return [t for t in inputs if isinstance(t, keras.KerasTensor)]


def _exchange(stack, owner, name, value):
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)
