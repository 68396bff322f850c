"""Recurrent cells with the course's gates."""

import keras
from keras import ops


class _Gated(keras.layers.Layer):
    """A cell whose gates look at the input and at the state before.

    Args:
        units: u, the size of a state.
        kernel_initializer: of what multiplies the input.
        recurrent_initializer: of what multiplies the state.
        kernel_regularizer: of both.
        **kwargs: of `keras.layers.Layer`.
    """

    def __init__(
        self,
        units,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` must be positive. Received: {units=}")
        self.units = self.output_size = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(
            recurrent_initializer
        )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def _weight(self, name, inputs, outputs, initializer):
        return self.add_weight(
            shape=(inputs, outputs),
            initializer=initializer.clone(),
            regularizer=self.kernel_regularizer,
            name=name,
        )

    def call(self, inputs, states):
        """Returns the output, and the list of new states."""
        return self.advance(self.project(inputs), states)

    def project(self, inputs):
        """Returns what the input gives the gates, `Wx + b`, of any rank.

        It needs no state: of a sequence, all at once is faster.
        """
        return ops.matmul(inputs, self.kernel) + self.bias

    def get_initial_state(self, batch_size=None):
        """Returns zeros for each state."""
        shape = (batch_size, self.units)
        return [ops.zeros(shape, self.compute_dtype) for _ in self.state_size]

    def get_config(self):
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "recurrent_initializer": keras.initializers.serialize(
                self.recurrent_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class GRUCell(_Gated):
    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units]

    def build(self, input_shape):
        """Creates the weights, whose columns are `u | r | c`."""
        u = self.units
        self.kernel = self._weight(
            "kernel", input_shape[-1], 3 * u, self.kernel_initializer
        )
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", u, 2 * u, self.recurrent_initializer
        )
        self.candidate_kernel = self._weight(
            "candidate_kernel", u, u, self.recurrent_initializer
        )
        self.bias = self.add_weight(
            shape=(3 * u,), initializer="zeros", name="bias"
        )

    def advance(self, projected, states):
        """Returns the output and the new states, from `project`'s output."""
        (state,) = states
        gates, candidate = ops.split(projected, [2 * self.units], axis=-1)
        gates = ops.sigmoid(gates + ops.matmul(state, self.recurrent_kernel))
        update, reset = ops.split(gates, 2, axis=-1)
        candidate = ops.tanh(
            candidate + ops.matmul(reset * state, self.candidate_kernel)
        )
        state = state + update * (candidate - state)
        return state, [state]


@keras.saving.register_keras_serializable("kerasnotes")
class LSTMCell(_Gated):
    def __init__(self, units, unit_forget_bias=True, **kwargs):
        super().__init__(units, **kwargs)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [units, units]

    def build(self, input_shape):
        u = self.units
        self.kernel = self._weight(
            "kernel", input_shape[-1], 4 * u, self.kernel_initializer
        )
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", u, 4 * u, self.recurrent_initializer
        )
        self.bias = self.add_weight(
            shape=(4 * u,), initializer="zeros", name="bias"
        )

    def advance(self, projected, states):
        activation, memory = states
        gates = projected + ops.matmul(activation, self.recurrent_kernel)
        update, forget, candidate, output = ops.split(gates, 4, axis=-1)
        memory = ops.sigmoid(update) * ops.tanh(candidate) + ops.sigmoid(
            forget
        ) * memory
        activation = ops.sigmoid(output) * ops.tanh(memory)
        return activation, [activation, memory]
