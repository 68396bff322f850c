"""Linear, logistic and softmax regression."""

import keras

from kerasnotes.models import network


class _Regression(network.Network):
    """One affine map of the flat input; subclasses say what follows it."""

    def __init__(self, units, arguments, name):
        inputs = keras.Input(arguments["input_shape"])
        x = network.normalize(inputs, arguments["mean"], arguments["std"])
        x = keras.layers.Flatten()(x)
        if arguments["include_top"]:
            x = self._top(
                network.logits(
                    x,
                    units,
                    arguments["initializer"],
                    arguments["kernel_regularizer"],
                )
            )
        super().__init__(inputs, x, arguments, name)

    @staticmethod
    def _top(z):
        return z


@keras.saving.register_keras_serializable("kerasnotes")
class LinearRegression(_Regression):
    """Linear regression, `ŷ = xW + b`, to be trained on the squared error.

    The cost has one minimum (a flat one where inputs depend on each other),
    so weights may start at zero.

    Args:
        input_shape: shape of an input, without the batch.
        units: the number of targets.
        include_top: whether to end in ŷ `(batch, units)`, or in the
            normalised flat input.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernel.
        mean: mean of the training set's inputs, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

    >>> LinearRegression((3,)).count_params()
    4
    """

    def __init__(
        self,
        input_shape,
        units=1,
        include_top=True,
        initializer="zeros",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        super().__init__(units, arguments, name)


class _Classifier(_Regression):
    """A regression with the arguments of a classifier."""

    free_classes = 0

    def __init__(
        self,
        input_shape,
        classes=10,
        include_top=True,
        initializer="zeros",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        super().__init__(classes - self.free_classes, arguments, name)


@keras.saving.register_keras_serializable("kerasnotes")
class LogisticRegression(_Classifier):
    """Logistic regression, with the first class as the reference.

    `z = xW + b` has one column per class but the first, whose score is 0:
    `logits = [0, z]`. For two classes `softmax([0, z]) = [1 - σ(z), σ(z)]`, and
    the cross-entropy is `-(y log a + (1-y) log(1-a))` with `a = σ(z)`.

    Args:
        input_shape: shape of an input, without the batch.
        classes: the number of classes, at least 2.
        include_top: whether to end in logits `(batch, classes)`, or in the
            normalised flat input.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernel.
        mean: mean of the training set's inputs, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

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

    Args:
        input_shape: shape of an input, without the batch.
        classes: the number of classes.
        include_top: whether to end in logits `(batch, classes)`, or in the
            normalised flat input.
        initializer: what `kerasnotes.optimizers.initializers.get` takes.
        kernel_regularizer: a Keras regulariser of the kernel.
        mean: mean of the training set's inputs, a number or one per channel.
        std: their standard deviation, likewise.
        name: the model's name.

    >>> SoftmaxRegression((3,), classes=2).count_params()
    8
    """
