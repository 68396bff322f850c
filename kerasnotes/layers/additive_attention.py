"""Attention by a small network, and the recurrent layer that uses it."""

import keras
from keras import ops

from kerasnotes.ops import masked_softmax


@keras.saving.register_keras_serializable("kerasnotes")
class AdditiveAttention(keras.layers.Layer):
    """Where in a memory each query looks, and what it sees there.

    `e⟨t'⟩ = v · tanh(W q + b + U a⟨t'⟩)`, `α = softmax(e)` over the t' that
    the mask lets through, `context = Σ_t' α⟨t'⟩ a⟨t'⟩`. Elsewhere α is
    exactly 0; with nothing to look at, α and the context are 0. The softmax
    is taken in the type of weights, where half precision is too coarse.

    Args:
        units: the size of the small network's hidden layer.
        kernel_regularizer: of W, U and v.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        query: q, `(batch, q)`, or `(batch, W, q)` for W queries each.
        memory: a, `(batch, S, m)`.
        mask: booleans `(batch, S)`, true where there is something.
        keys: what `keys(memory)` returned, if it has been called before:
            many queries in turn need it once.

    Returns:
        The context, `(batch, m)` or `(batch, W, m)`, and α, `(batch, S)` or
        `(batch, W, S)`.

    Source: Bahdanau et al., Neural machine translation by jointly learning to
    align and translate (2015), section 3.1 and appendix A.1.2.

    >>> layer = AdditiveAttention(4)
    >>> memory = ops.ones((1, 3, 2))
    >>> context, weights = layer(ops.ones((1, 5)), memory, [[1, 1, 0]])
    >>> weights.numpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """

    def __init__(self, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` must be positive. Received: {units=}")
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape, memory_shape, **_):
        """Creates W, b, U and v."""
        self.query_kernel = self._weight("query_kernel", query_shape[-1])
        self.key_kernel = self._weight("key_kernel", memory_shape[-1])
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        self.scale = self.add_weight(
            shape=(self.units, 1),
            regularizer=self.kernel_regularizer,
            name="scale",
        )

    def _weight(self, name, inputs):
        return self.add_weight(
            shape=(inputs, self.units),
            regularizer=self.kernel_regularizer,
            name=name,
        )

    def keys(self, memory):
        """Returns `U a`, `(batch, S, units)`."""
        return ops.matmul(memory, self.key_kernel)

    def call(self, query, memory, mask=None, keys=None):
        keys = self.keys(memory) if keys is None else keys
        one = len(query.shape) == 2
        query = ops.matmul(query, self.query_kernel) + self.bias
        if one:
            query = query[:, None]
        hidden = ops.tanh(query[:, :, None] + keys[:, None])
        scores = ops.matmul(hidden, self.scale)[..., 0]
        if mask is not None:
            mask = ops.cast(mask, "bool")[:, None]
        weights = ops.cast(masked_softmax(scores, mask), self.compute_dtype)
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

    `context⟨t⟩ = attention(s⟨t-1⟩, a)`, `s⟨t⟩ = cell([x⟨t⟩, context⟨t⟩],
    s⟨t-1⟩)`, output `[s⟨t⟩, context⟨t⟩]`. What it reads travels with the
    states and stays as it is: after the states of `cell` come the memory,
    its keys and its mask.
    """

    def __init__(self, cell, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell
        self.attention = AdditiveAttention(
            units, kernel_regularizer, dtype=self.dtype_policy
        )
        self.state_size = cell.state_size

    def build(self, input_shape, memory_shape):
        self.attention.build((None, self.cell.units), memory_shape)
        size = input_shape[-1] + memory_shape[-1]
        self.cell.build((None, size))
        self.output_size = self.cell.units + memory_shape[-1]

    def call(self, inputs, states):
        *states, memory, keys, mask = states
        context, _ = self.attention(states[0], memory, mask, keys)
        inputs = ops.concatenate([inputs, context], axis=-1)
        output, states = self.cell(inputs, states)
        output = ops.concatenate([output, context], axis=-1)
        return output, [*states, memory, keys, mask]

    def get_initial_state(self, batch_size=None):
        """Returns the states of `cell`, without what it reads."""
        return self.cell.get_initial_state(batch_size)


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionRNN(keras.layers.RNN):
    def __init__(self, cell, **kwargs):
        super().__init__(cell, **{**kwargs, "return_sequences": True})

    def build(self, sequences_shape, memory_shape, **_):
        self.cell.build(sequences_shape, memory_shape)

    def compute_output_shape(self, sequences_shape, **_):
        return (*sequences_shape[:-1], self.cell.output_size)

    def call(self, sequences, memory, mask, initial_state=None):
        if initial_state is None:
            initial_state = self.get_initial_state(ops.shape(sequences)[0])
        keys = self.cell.attention.keys(memory)
        return super().call(sequences, [*initial_state, memory, keys, mask])
