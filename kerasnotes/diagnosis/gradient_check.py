"""Gradient checking: the backward pass against difference quotients."""

import copy

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import keras_private
from kerasnotes.diagnosis.float64 import in_float64
from kerasnotes.diagnosis.gradient_verdict import (
    GOOD,
    GradientCheck,
    VariableCheck,
)


def gradient_check(
    model, loss, x, y, samples=50, epsilon=1e-6, training=True, seed=0
):
    """Compare a model's gradients with two-sided difference quotients.

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
        epsilon: the step ε: near the cube root of float64's rounding unit u,
            where cutting the series (ε²) and rounding the loss (u/ε) cost
            alike, and on the small side, where fewer kinks are met.
        training: the mode the model runs in: batch norm by the batch's
            statistics if True, by its running averages if False.
        seed: seed of the draw.

    Returns:
        A `GradientCheck`.

    Raises:
        ValueError: a layer draws random numbers (dropout is on), the model
            has nothing to train, or Keras runs on another backend than
            TensorFlow.

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
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ValueError(
            "`model` must run on TensorFlow, whose gradients are checked: set "
            "KERAS_BACKEND=tensorflow, and load it there from its file. "
            f"Received: a model on {backend}"
        )
    if not model.built:
        model(x)
    variables = model.trainable_variables
    if not variables:
        raise ValueError(
            "`model` must have trainable variables. "
            f"Received: model={model.name} with none"
        )
    rng = np.random.default_rng(seed)
    with in_float64(model):
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
    _, gradient, estimate = map(np.concatenate, zip(*pairs, strict=True))
    return GradientCheck(
        ratio=_ratio(gradient, estimate, noise),
        training=training,
        variables=tuple(
            _describe(v, *pair, noise)
            for v, pair in zip(variables, pairs, strict=True)
        ),
    )


def _ratio(gradient, estimate, noise):
    difference = np.linalg.norm(gradient - estimate)
    if not np.isfinite(difference):
        return float("inf")
    total = np.linalg.norm(gradient) + np.linalg.norm(estimate)
    if difference >= GOOD * total:
        difference = max(0.0, difference - noise * np.sqrt(gradient.size))
    return float(difference / total) if difference else 0.0


def _noise(cost, epsilon):
    """Return what rounding `J` may change in a difference quotient."""
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
    """Return the difference quotients at the flat indices."""
    value, center = variable.numpy(), float(cost())

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
    wide = [quotients(i, epsilon) for i in flat]
    estimate = np.array([both for both, _, _ in wide])
    if _ratio(wanted, estimate, _noise(center, epsilon)) >= GOOD:
        for step in (epsilon / 10, epsilon / 100):
            noise = _noise(center, step)
            for at, i in enumerate(flat):
                estimate[at] = _nearest(
                    wanted[at],
                    estimate[at],
                    _with_errors(
                        quotients(i, step), wide[at], step / epsilon, noise
                    ),
                )
    variable.assign(value)
    return estimate


def _with_errors(narrow, wide, shrunk, noise):
    """Yield the quotients of a narrow step, each with its error.

    What the sides differ by shrinks with the step where it is curvature, and
    stays where it is a kink: how far it shrank tells how much is curvature.
    """
    both, right, left = narrow
    curved = abs(wide[1] - wide[2] - right + left) * shrunk / (1 - shrunk)
    yield both, noise
    yield right, noise + curved
    yield left, noise + curved


def _nearest(wanted, estimate, candidates):
    """Return the estimate nearest to the gradient.

    Its error counts against a candidate, or noise could hide a gradient that
    is a little wrong.
    """
    distance = abs(estimate - wanted)
    for quotient, error in candidates:
        if abs(quotient - wanted) + error < distance:
            distance = abs(quotient - wanted) + error
            estimate = quotient
    return estimate


def _functions(model, loss, x, y, training):
    """Return functions of nothing: the cost, and its gradients."""
    loss = copy.copy(keras.losses.get(loss))
    if isinstance(loss, keras.losses.Loss):
        setattr(loss, keras_private.DTYPE, "float64")
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
    """Raise if `cost` draws random numbers, and name the layers."""
    generators = [
        (layer.path or layer.name, held)
        for layer in keras_private.flatten_layers(model)
        for held in vars(layer).values()
        if isinstance(held, keras.random.SeedGenerator)
    ]

    def states():
        return [held.state.numpy().tolist() for _, held in generators]

    before, first = states(), float(cost())
    drawing = [
        path
        for (path, _), old, new in zip(
            generators, before, states(), strict=True
        )
        if old != new
    ]
    same = np.isclose(first, float(cost()), rtol=1e-9, atol=0, equal_nan=True)
    if drawing or not same:
        raise ValueError(
            "`model` must not draw random numbers while its gradient is "
            "checked: set its dropout and noise to 0, or pass "
            "training=False. Received: random layers "
            f"{', '.join(drawing) or 'that hold no SeedGenerator'}"
        )
