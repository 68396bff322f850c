import keras
import numpy as np
import pytest
from scipy import special
from sklearn import datasets, linear_model, preprocessing

from kerasnotes import models, optimizers


def standardised(dataset):
    x, y = dataset(return_X_y=True)
    return preprocessing.StandardScaler().fit_transform(x), y


def descend(model, loss, x, y, rate, steps):
    """Full-batch descent with momentum."""
    model.compile(
        optimizers.NotesMomentum(rate, beta=0.95),
        loss,
        steps_per_execution=500,
    )
    batch = (x.astype("float32"), y.astype("float32"))

    def batches():
        while True:
            yield batch

    model.fit(batches(), steps_per_epoch=steps, shuffle=False, verbose=0)


def test_linear_regression_on_diabetes():
    x, y = standardised(datasets.load_diabetes)
    expected = linear_model.LinearRegression().fit(x, y)
    model = models.LinearRegression((10,))
    descend(model, "mse", x, y[:, None], rate=2.0, steps=3000)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], expected.coef_, rtol=1e-3)
    np.testing.assert_allclose(bias, expected.intercept_, rtol=1e-3)


@pytest.mark.parametrize("name", ["LogisticRegression", "SoftmaxRegression"])
def test_logistic_regression_on_breast_cancer(name):
    x, y = standardised(datasets.load_breast_cancer)
    expected = linear_model.LogisticRegression(C=0.5, tol=1e-8).fit(x, y)
    penalty = 1 / 0.5
    if name == "SoftmaxRegression":
        # w = w₁ - w₀ with w₀ = -w₁: half the penalty on Σ(w₀² + w₁²).
        penalty *= 2
    model = getattr(models, name)(
        (30,),
        2,
        kernel_regularizer=optimizers.regularizers.l1_l2(0, penalty, len(x)),
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    descend(model, loss, x, y, rate=4.0, steps=3000)
    kernel, bias = model.get_weights()
    if name == "SoftmaxRegression":
        kernel, bias = (np.diff(w, axis=-1) for w in (kernel, bias))
    np.testing.assert_allclose(kernel[:, 0], expected.coef_[0], atol=1e-3)
    np.testing.assert_allclose(bias, expected.intercept_, atol=1e-3)


def random_model(kind, classes):
    model = kind((4,), classes)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    return model, rng.normal(size=(6, 4)).astype("float32")


def test_two_classes_are_the_sigmoid():
    model, x = random_model(models.LogisticRegression, 2)
    w, b = model.get_weights()
    a = special.expit(x @ w + b)
    found = keras.ops.softmax(model(x))
    np.testing.assert_allclose(found, np.hstack([1 - a, a]), rtol=1e-5)


def test_softmax_of_two_classes_is_logistic():
    model, x = random_model(models.SoftmaxRegression, 2)
    logistic = models.LogisticRegression((4,), 2)
    logistic.set_weights([np.diff(w, axis=-1) for w in model.get_weights()])
    np.testing.assert_allclose(
        keras.ops.softmax(model(x)), keras.ops.softmax(logistic(x)), rtol=1e-4
    )


def test_gradient_is_prediction_less_label():
    model, x = random_model(models.SoftmaxRegression, 3)
    w, b = model.get_weights()
    y = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    dz = special.softmax(x @ w + b, axis=1) - y
    model.compile(
        keras.optimizers.SGD(1.0),
        keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    model.train_on_batch(x, y)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(w - kernel, x.T @ dz / 6, atol=1e-5)
    np.testing.assert_allclose(b - bias, dz.mean(0), atol=1e-5)


def test_reference_class_scores_zero():
    model, x = random_model(models.LogisticRegression, 3)
    w, b = model.get_weights()
    found = np.array(model(x))
    np.testing.assert_array_equal(found[:, 0], 0)
    np.testing.assert_allclose(found[:, 1:], x @ w + b, rtol=1e-4, atol=1e-5)


def test_starts_at_zero():
    for kind in (
        models.LinearRegression,
        models.LogisticRegression,
        models.SoftmaxRegression,
    ):
        assert not any(np.any(w) for w in kind((3,)).get_weights())
