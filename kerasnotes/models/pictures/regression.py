"""Linear, logistic and softmax regression."""

import keras

from kerasnotes.models import network


class _Regression(network.Network):
    """One affine map of the flat input; subclasses say what follows it."""

    def __init__(self, units, config, name, dtype):
        dtype = network.policy(dtype)
        inputs = network.inputs(config["input_shape"])
        x = network.normalize(inputs, config["mean"], config["std"], dtype)
        x = network.drop_inputs(x, config["input_dropout"], dtype)
        x = network.flatten(x, dtype)
        if config["include_top"]:
            x = self._top(
                network.logits(
                    x,
                    units,
                    config["initializer"],
                    config["kernel_regularizer"],
                    dtype,
                )
            )
        super().__init__(inputs, x, config, name, dtype)

    @staticmethod
    def _top(z):
        return z


@keras.saving.register_keras_serializable("kerasnotes")
class LinearRegression(_Regression):
    """Linear regression, `ŷ = xW + b`, to be trained on the squared error.

    The cost has one minimum (a flat one where inputs depend on each other),
    so weights may start at zero.

    Args:
        units: the number of targets.

    The other arguments are those that `Network` lists; features are the
    normalised flat input.

    >>> LinearRegression((3,)).count_params()
    4
    """

    def __init__(
        self,
        input_shape,
        units=1,
        include_top=True,
        input_dropout=0.0,
        initializer="zeros",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        config = {
            "input_shape": input_shape,
            "units": units,
            "include_top": include_top,
            "input_dropout": input_dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        super().__init__(units, config, name, dtype)


class _Classifier(_Regression):
    """A regression with the arguments of a classifier."""

    free_classes = 0

    def __init__(
        self,
        input_shape,
        classes=10,
        include_top=True,
        input_dropout=0.0,
        initializer="zeros",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        config = {
            "input_shape": input_shape,
            "classes": classes,
            "include_top": include_top,
            "input_dropout": input_dropout,
            "initializer": initializer,
            "kernel_regularizer": kernel_regularizer,
            "mean": mean,
            "std": std,
        }
        super().__init__(classes - self.free_classes, config, name, dtype)


@keras.saving.register_keras_serializable("kerasnotes")
class LogisticRegression(_Classifier):
    """Logistic regression, with the first class as the reference.

    `z = xW + b` has one column per class but the first, whose score is 0:
    `logits = [0, z]`. For two classes `softmax([0, z]) = [1 - σ(z), σ(z)]`, and
    the cross-entropy is `-(y log a + (1-y) log(1-a))` with `a = σ(z)`.

    Args:
        classes: the number of classes, at least 2.

    The other arguments are those that `Network` lists; features are the
    normalised flat input.

    Source: Cox, The regression analysis of binary sequences (1958).

    >>> LogisticRegression((3,), classes=2).count_params()
    4
    """

    free_classes = 1

    @staticmethod
    def _top(z):
        return keras.ops.pad(z, [[0, 0], [1, 0]])


@keras.saving.register_keras_serializable("kerasnotes")
class SoftmaxRegression(_Classifier):
    """Softmax regression, `logits = xW + b` with a column for each class.

    `ŷ = softmax(logits)`; the cross-entropy `-Σ y log ŷ` has the gradient
    `dZ = ŷ - y`. For two classes it is logistic regression with
    `w = w₁ - w₀`.

    The arguments are those that `Network` lists; features are the normalised
    flat input.

    >>> SoftmaxRegression((3,), classes=2).count_params()
    8
    """
