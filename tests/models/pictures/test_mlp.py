import keras
import numpy as np
import pytest
from scipy import special

from kerasnotes import models

# Each activation, and its slope as a function of its value.
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "sigmoid": (special.expit, lambda a: a * (1 - a)),
    "leaky_relu": (
        lambda z: np.where(z > 0, z, 0.01 * z),
        lambda a: np.where(a > 0, 1, 0.01),
    ),
    "linear": (lambda z: z, lambda a: np.ones_like(a)),
}


def forward(weights, x, g):
    """Return the activations of every layer, and ŷ."""
    activations = [x]
    for w, b in weights[:-1]:
        activations.append(g(activations[-1] @ w + b))
    w, b = weights[-1]
    return activations, special.softmax(activations[-1] @ w + b, axis=1)


def backward(weights, x, y, g, slope):
    """Return the gradient of the mean cross-entropy for each (W, b)."""
    activations, y_hat = forward(weights, x, g)
    dz = (y_hat - y) / len(x)
    gradients = []
    for i in reversed(range(len(weights))):
        a = activations[i]
        gradients.insert(0, (a.T @ dz, dz.sum(0)))
        if i:
            dz = (dz @ weights[i][0].T) * slope(a)
    return gradients


def pairs(flat):
    return list(zip(flat[::2], flat[1::2], strict=True))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("hidden", [(5,), (6, 5, 4)])
def test_against_numpy(activation, hidden):
    keras.utils.set_random_seed(1)
    model = models.MLP(
        (2, 2, 1), 3, hidden=hidden, activation=activation, mean=3.0, std=2.0
    )
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.6))
    x = rng.normal(size=(7, 2, 2, 1), loc=3, scale=2)
    y = np.eye(3)[rng.integers(0, 3, 7)]
    flat = (x.reshape(7, 4) - 3) / 2
    before = [w.astype("float64") for w in model.get_weights()]
    g, slope = ACTIVATIONS[activation]

    _, y_hat = forward(pairs(before), flat, g)
    found = keras.ops.softmax(model(x.astype("float32")))
    np.testing.assert_allclose(found, y_hat, atol=1e-5)

    # At a rate of 1 a step of descent is the gradient.
    model.compile(
        keras.optimizers.SGD(1.0),
        keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    model.train_on_batch(x, y)
    expected = backward(pairs(before), flat, y, g, slope)
    after = pairs(model.get_weights())
    for old, new, gradient in zip(pairs(before), after, expected, strict=True):
        for i in range(2):
            np.testing.assert_allclose(old[i] - new[i], gradient[i], atol=1e-5)


def test_linear_stack_is_one_layer():
    keras.utils.set_random_seed(0)
    deep = models.MLP((4,), 3, hidden=(7, 5), activation="linear")
    rng = np.random.default_rng(0)
    for weight in deep.weights:
        weight.assign(rng.normal(size=weight.shape))
    w1, b1, w2, b2, w3, b3 = deep.get_weights()
    flat = models.SoftmaxRegression((4,), 3)
    flat.set_weights([w1 @ w2 @ w3, (b1 @ w2 + b2) @ w3 + b3])
    x = rng.normal(size=(9, 4)).astype("float32")
    np.testing.assert_allclose(deep(x), flat(x), rtol=1e-4, atol=1e-4)


def test_without_hidden_layers_it_is_softmax_regression():
    model = models.MLP((4,), 3, hidden=())
    assert [w.shape for w in model.weights] == [(4, 3), (3,)]
