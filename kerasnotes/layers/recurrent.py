"""Recurrent cells with the course's gates."""

import keras
from keras import ops

from kerasnotes.layers import block


class _GatedCell(keras.layers.Layer):
    """Computes gates from the input and from the state before."""

    def __init__(
        self,
        units,
        *,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(
                f"`units` must be at least 1. Received: units={units}"
            )
        self.units = self.output_size = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(
            recurrent_initializer
        )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(
            recurrent_regularizer
        )

    def _input_kernel(self, rows, gates):
        """Return the weights of what multiplies the input."""
        block.check_channels("inputs", (None, rows))
        return self.add_weight(
            shape=(rows, gates * self.units),
            initializer=block.new_initializer(self.kernel_initializer),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def _recurrent_kernel(self, name, gates):
        """Return weights of what multiplies the state."""
        return self.add_weight(
            shape=(self.units, gates * self.units),
            initializer=block.new_initializer(self.recurrent_initializer),
            regularizer=self.recurrent_regularizer,
            name=name,
        )

    def get_initial_state(self, batch_size=None):
        """Return zeros for each state, `(batch_size, units)`."""
        shape = (batch_size, self.units)
        return [ops.zeros(shape, self.compute_dtype) for _ in self.state_size]

    def get_config(self):
        """Return the arguments of the constructor."""
        serialize = keras.initializers.serialize
        regularizer = keras.regularizers.serialize
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_initializer": serialize(self.kernel_initializer),
            "recurrent_initializer": serialize(self.recurrent_initializer),
            "kernel_regularizer": regularizer(self.kernel_regularizer),
            "recurrent_regularizer": regularizer(self.recurrent_regularizer),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class GRUCell(_GatedCell):
    """Computes one step of a gated recurrent unit.

    - `Γ_u = σ(W_u [c⟨t-1⟩, x⟨t⟩] + b_u)`, how much is new;
    - `Γ_r = σ(W_r [c⟨t-1⟩, x⟨t⟩] + b_r)`, how much of the old to look at;
    - `c̃ = tanh(W_c [Γ_r * c⟨t-1⟩, x⟨t⟩] + b_c)`;
    - `c⟨t⟩ = Γ_u * c̃ + (1 - Γ_u) * c⟨t-1⟩`, the output and the state.

    It is `keras.layers.GRUCell(units, reset_after=False)`, but that Keras'
    update gate is the complement: `σ(-z)`. `kernel` holds the columns of
    `x⟨t⟩` for `u`, `r` and `c` side by side, `recurrent_kernel` those of
    `c⟨t-1⟩` for `u` and `r`, `candidate_kernel` for `c`.

    No backend has one fused kernel for these equations: cuDNN's multiplies
    by `Γ_r` after the matrix, as `keras.layers.GRU(reset_after=True)` does,
    which is another function. `keras.layers.RNN` runs this cell as a loop
    everywhere, on a CPU faster than `keras.layers.GRU(reset_after=False)`
    by the slices that it doesn't copy.

    Args:
        units: the size of c.
        kernel_initializer: of what multiplies x.
        recurrent_initializer: of what multiplies c.
        kernel_regularizer: of what multiplies x.
        recurrent_regularizer: of what multiplies c.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x⟨t⟩, `(batch, …, n)`.
        states: the list of c⟨t-1⟩, `(batch, …, units)`.

    Returns:
        c⟨t⟩, and the list of it.

    Source: Cho et al., Learning phrase representations using RNN
    encoder-decoder (2014), section 2.3; the names are the course's.

    >>> rnn = keras.layers.Bidirectional(keras.layers.RNN(GRUCell(4)))
    >>> mask = ops.array([[True, True, False], [True, False, False]])
    >>> rnn(ops.ones((2, 3, 5)), mask=mask).shape
    TensorShape([2, 8])
    """

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units]

    def build(self, input_shape):
        """Create the weights."""
        self.kernel = self._input_kernel(input_shape[-1], 3)
        # Two kernels: a slice of one would be copied at every step.
        self.recurrent_kernel = self._recurrent_kernel("recurrent_kernel", 2)
        self.candidate_kernel = self._recurrent_kernel("candidate_kernel", 1)
        self.bias = self.add_weight((3 * self.units,), "zeros", name="bias")

    def call(self, inputs, states):
        """Return the output, and the list of the new state."""
        (old,) = states
        x = ops.matmul(inputs, self.kernel) + self.bias
        gates, new = ops.split(x, [2 * self.units], axis=-1)
        gates = ops.sigmoid(gates + ops.matmul(old, self.recurrent_kernel))
        update, reset = ops.split(gates, 2, axis=-1)
        new = ops.tanh(new + ops.matmul(reset * old, self.candidate_kernel))
        state = update * new + (1 - update) * old
        return state, [state]


@keras.saving.register_keras_serializable("kerasnotes")
class LSTMCell(_GatedCell):
    """Computes one step of a long short-term memory.

    - `Γ_u, Γ_f, Γ_o = σ(W_· [a⟨t-1⟩, x⟨t⟩] + b_·)`: update, forget, output;
    - `c̃ = tanh(W_c [a⟨t-1⟩, x⟨t⟩] + b_c)`;
    - `c⟨t⟩ = Γ_u * c̃ + Γ_f * c⟨t-1⟩`;
    - `a⟨t⟩ = Γ_o * tanh(c⟨t⟩)`, the output.

    It is `keras.layers.LSTMCell`, whose weights are laid out alike:
    `u | f | c | o`. `keras.layers.LSTM` with the same weights computes the
    same, on a GPU as one fused kernel of cuDNN, and the models use that.

    Args:
        units: the size of a and of c.
        unit_forget_bias: whether `b_f` starts at 1, so that a new cell
            remembers (Józefowicz et al., 2015), or at 0.
        kernel_initializer: of what multiplies x.
        recurrent_initializer: of what multiplies a.
        kernel_regularizer: of what multiplies x.
        recurrent_regularizer: of what multiplies a.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x⟨t⟩, `(batch, …, n)`.
        states: the list of a⟨t-1⟩ and c⟨t-1⟩, each `(batch, …, units)`.

    Returns:
        a⟨t⟩, and the list of a⟨t⟩ and c⟨t⟩.

    Sources: Hochreiter and Schmidhuber, Long short-term memory (1997); Gers
    et al., Learning to forget (2000); the names are the course's.

    >>> rnn = keras.layers.RNN([LSTMCell(4), LSTMCell(2)])  # two layers
    >>> rnn(ops.ones((2, 3, 5))).shape
    TensorShape([2, 2])
    """

    def __init__(self, units, *, unit_forget_bias=True, **kwargs):
        super().__init__(units, **kwargs)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [units, units]

    def build(self, input_shape):
        """Create the weights."""
        self.kernel = self._input_kernel(input_shape[-1], 4)
        self.recurrent_kernel = self._recurrent_kernel("recurrent_kernel", 4)
        self.bias = self.add_weight(
            (4 * self.units,), self._first_bias, name="bias"
        )

    def _first_bias(self, shape, dtype):
        forget = float(self.unit_forget_bias)
        parts = ops.array([0.0, forget, 0.0, 0.0], dtype)
        return ops.repeat(parts, shape[0] // 4)

    def call(self, inputs, states):
        """Return the output, and the list of the new states."""
        a, c = states
        x = ops.matmul(inputs, self.kernel) + self.bias
        x = x + ops.matmul(a, self.recurrent_kernel)
        update, forget, new, output = ops.split(x, 4, axis=-1)
        c = ops.sigmoid(update) * ops.tanh(new) + ops.sigmoid(forget) * c
        a = ops.sigmoid(output) * ops.tanh(c)
        return a, [a, c]

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "unit_forget_bias": self.unit_forget_bias,
        }
