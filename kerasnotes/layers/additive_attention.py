"""Attention by a small network, and the recurrent layer that uses it."""

import keras
from keras import ops

from kerasnotes.ops import masked_softmax


@keras.saving.register_keras_serializable("kerasnotes")
class AdditiveAttention(keras.layers.Layer):
    """Where in a memory each query looks, and what it sees there.

    `e⟨t'⟩ = v · tanh(W q + U a⟨t'⟩ + b)`, `α = softmax(e)` over the t' that
    the mask lets through, `context = Σ_t' α⟨t'⟩ a⟨t'⟩`. Elsewhere α is
    exactly 0; with nothing to look at, α and the context are 0. The softmax
    is taken in float32 at least.

    Args:
        units: the size of the small network's hidden layer.
        kernel_regularizer: of W, U and v.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        query: q, `(batch, n)`, or `(batch, T, n)` for T queries each.
        memory: a, `(batch, S, m)`.
        memory_mask: `(batch, S)`, true where there is something; None for
            everywhere.
        keys: what `keys(memory)` returned, where queries come one by one.

    Returns:
        The context, `(batch, m)` or `(batch, T, m)`, and α, `(batch, S)` or
        `(batch, T, S)`.

    Source: Bahdanau et al., Neural machine translation by jointly learning to
    align and translate (2015), section 3.1 and appendix A.1.2.

    >>> query, memory = ops.ones((1, 5)), ops.ones((1, 3, 2))
    >>> mask = ops.array([[True, True, False]])
    >>> _, weights = AdditiveAttention(4)(query, memory, mask)
    >>> weights.numpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """

    def __init__(self, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(
                f"`units` must be at least 1. Received: units={units}"
            )
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape, memory_shape):
        """Creates W, U, b and v."""
        size = self.units
        self.query_kernel = self._kernel("query_kernel", query_shape[-1], size)
        self.key_kernel = self._kernel("key_kernel", memory_shape[-1], size)
        self.bias = self.add_weight((size,), "zeros", name="bias")
        self.score_kernel = self._kernel("score_kernel", size, 1)

    def _kernel(self, name, rows, columns):
        return self.add_weight(
            shape=(rows, columns),
            regularizer=self.kernel_regularizer,
            name=name,
        )

    def keys(self, memory):
        """Returns `U a + b`, `(batch, S, units)`: what no query changes."""
        return ops.matmul(memory, self.key_kernel) + self.bias

    def call(self, query, memory, memory_mask=None, keys=None):
        """Returns the context, and α."""
        keys = self.keys(memory) if keys is None else keys
        one = len(query.shape) == 2
        query = ops.matmul(query, self.query_kernel)
        if one:
            query = query[:, None]
        hidden = ops.tanh(query[:, :, None] + keys[:, None])
        scores = ops.matmul(hidden, self.score_kernel)[..., 0]
        if memory_mask is not None:
            memory_mask = ops.cast(memory_mask, "bool")[:, None]
        weights = masked_softmax(scores, memory_mask)
        weights = ops.cast(weights, self.compute_dtype)
        context = ops.matmul(weights, memory)
        return (context[:, 0], weights[:, 0]) if one else (context, weights)

    def get_config(self):
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionCell(keras.layers.Layer):
    """A cell that looks in a memory before each step.

    `context⟨t⟩ = attention(s⟨t-1⟩, a)`,
    `s⟨t⟩ = cell([x⟨t⟩, context⟨t⟩], s⟨t-1⟩)`; the output is
    `[s⟨t⟩, context⟨t⟩]`.

    Args:
        cell: a recurrent cell with a list of `state_size`.
        units: of the attention's hidden layer.
        kernel_regularizer: of the attention.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x⟨t⟩, `(batch, n)`, or `(batch, W, n)` for W hypotheses.
        states: the list of the states of `cell`, and then of the memory
            `(batch, S, m)`, its keys and its mask: Keras' recurrent layers
            pass a cell nothing else. They stay as they are.

    Returns:
        The output `(batch, …, u + m)`, and the list of states.

    Source: Bahdanau et al. (2015), section 3.1.
    """

    def __init__(self, cell, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell
        self.attention = AdditiveAttention(
            units, kernel_regularizer, dtype=self.dtype_policy
        )
        self.state_size = cell.state_size

    def build(self, input_shape, memory_shape):
        """Creates the weights.

        Args:
            input_shape: shape of x⟨t⟩.
            memory_shape: shape of the memory.
        """
        # Keras builds the parts of a loaded layer before the layer.
        if not self.attention.built:
            self.attention.build((None, self.cell.output_size), memory_shape)
        if not self.cell.built:
            self.cell.build((None, input_shape[-1] + memory_shape[-1]))
        self.output_size = self.cell.output_size + memory_shape[-1]

    def call(self, inputs, states):
        """Returns the output, and the list of states."""
        *states, memory, keys, mask = states
        context, _ = self.attention(states[0], memory, mask, keys)
        x = ops.concatenate([inputs, context], axis=-1)
        x, states = self.cell(x, states)
        x = ops.concatenate([x, context], axis=-1)
        return x, [*states, memory, keys, mask]

    def get_initial_state(self, batch_size=None):
        """Returns the states of `cell` alone."""
        return self.cell.get_initial_state(batch_size)

    def get_config(self):
        """Returns the arguments of the constructor."""
        attention = self.attention.get_config()
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "units": attention["units"],
            "kernel_regularizer": attention["kernel_regularizer"],
        }

    @classmethod
    def from_config(cls, config):
        """Makes the cell again from `get_config()`."""
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionRNN(keras.layers.RNN):
    """Runs an `AttentionCell` over sequences.

    Args:
        cell: an `AttentionCell`.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        sequences: x, `(batch, T, n)`.
        memory: a, `(batch, S, m)`.
        memory_mask: `(batch, S)`, true where there is something.
        initial_state: the list of states to start from; zeros by default.

    Returns:
        The cell's outputs, `(batch, T, u + m)`.

    >>> from kerasnotes import layers
    >>> rnn = AttentionRNN(AttentionCell(layers.GRUCell(4), 3))
    >>> memory, mask = ops.ones((2, 6, 5)), ops.ones((2, 6), "bool")
    >>> rnn(ops.ones((2, 7, 1)), memory, mask).shape
    TensorShape([2, 7, 9])
    """

    def __init__(self, cell, **kwargs):
        super().__init__(cell, **{**kwargs, "return_sequences": True})

    def build(self, sequences_shape, memory_shape, **_):
        """Creates the weights, for inputs and a memory of these shapes."""
        if not self.cell.built:
            self.cell.build(sequences_shape, memory_shape)

    def compute_output_shape(self, sequences_shape, **_):
        """Returns the shape of the outputs."""
        return (*sequences_shape[:-1], self.cell.output_size)

    def call(self, sequences, memory, memory_mask, initial_state=None):
        """Returns the cell's outputs."""
        if initial_state is None:
            initial_state = self.get_initial_state(ops.shape(sequences)[0])
        keys = self.cell.attention.keys(memory)
        return super().call(
            sequences, [*initial_state, memory, keys, memory_mask]
        )
