import keras
import numpy as np
import pytest

from kerasnotes.testing import check_layer

register = keras.saving.register_keras_serializable("tests")


class Scale(keras.layers.Layer):
    """A right layer, for the faults to spoil."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1],), name="kernel")

    def call(self, x):
        return x * self.kernel * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@register
class Right(Scale):
    pass


@register
class Forgets(Scale):
    def get_config(self):
        config = super().get_config()
        del config["factor"]
        return config


@register
class Misremembers(Scale):
    def get_config(self):
        return {**super().get_config(), "factor": 1.0}


@register
class WrongShape(Scale):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)


@register
class UnusedWeight(Scale):
    def build(self, input_shape):
        super().build(input_shape)
        self.bias = self.add_weight(shape=(1,), name="bias")


@register
class UnsavedWeight(Scale):
    def build(self, input_shape):
        super().build(input_shape)
        self.late = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x):
        return super().call(x) * self.late

    def save_own_variables(self, store):
        store["0"] = self.kernel

    def load_own_variables(self, store):
        self.kernel.assign(store["0"])


@register
class IgnoresPolicy(Scale):
    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1],), dtype=self.compute_dtype, name="kernel"
        )


class Unregistered(Scale):
    pass


def test_right_layer_passes():
    check_layer(
        Right,
        {"factor": 2.0},
        input_shape=(4, 3),
        expected_output_shape=(4, 3),
        expected_num_trainable_weights=1,
        expected_num_non_trainable_weights=0,
    )


def test_keras_layers_pass():
    check_layer(keras.layers.Dense, {"units": 2}, input_shape=(4, 3))
    check_layer(
        keras.layers.BatchNormalization,
        input_shape=(4, 3),
        expected_num_trainable_weights=2,
        expected_num_non_trainable_weights=2,
    )
    check_layer(
        keras.layers.Embedding,
        {"input_dim": 5, "output_dim": 2},
        inputs=np.array([[0, 1, 2], [3, 4, 0]]),
        expected_output_shape=(2, 3, 2),
    )


def test_array_arguments_of_the_call():
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    check_layer(
        keras.layers.MultiHeadAttention,
        {"num_heads": 2, "key_dim": 2},
        inputs=x,
        call_kwargs={"value": x, "use_causal_mask": True},
        # Softmax doesn't see the bias of the keys.
        trains=False,
    )


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Forgets, r"Forgets, config: get_config\(\) forgets factor"),
        (Misremembers, "Misremembers, saving"),
        (WrongShape, "WrongShape, symbolic call: the symbolic output is"),
        (UnusedWeight, r"UnusedWeight, training: .*unused_weight.*/bias"),
        (UnsavedWeight, "UnsavedWeight, saving"),
        (IgnoresPolicy, "IgnoresPolicy, mixed precision: the type of"),
        (Unregistered, "Unregistered, config"),
    ],
)
def test_planted_faults_are_caught(cls, message):
    with pytest.raises(AssertionError, match=message):
        check_layer(cls, {"factor": 2.0}, input_shape=(4, 3))


def test_wrong_expectations_are_caught():
    with pytest.raises(AssertionError, match="output shape"):
        check_layer(Right, input_shape=(4, 3), expected_output_shape=(4, 1))
    with pytest.raises(AssertionError, match="number of trainable_weights"):
        check_layer(Right, input_shape=(4, 3), expected_num_trainable_weights=2)


def test_input_is_given_once():
    with pytest.raises(ValueError, match="Received: input_shape=None"):
        check_layer(Right)
