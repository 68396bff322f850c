"""Attention by a small network, and the recurrent layer that uses it."""

import keras
from keras import ops

from kerasnotes.layers import block
from kerasnotes.ops import masked_softmax


@keras.saving.register_keras_serializable("kerasnotes")
class AdditiveAttention(keras.layers.Layer):
    """Scores keys by a small network, and returns the mixture of the values.

    `e⟨t'⟩ = v · tanh(W q + U k⟨t'⟩ + b)`, `α = softmax(e)` over the t' where
    the mask is true, `context = Σ_t' α⟨t'⟩ a⟨t'⟩`. Elsewhere α is exactly 0;
    with nothing to attend to, α and the context are 0. The softmax is taken
    in float32 at least.

    `call` is `project`, then `attend`: what decodes step by step stores what
    `project` returned. The mask of `Embedding(mask_zero=True)` arrives by
    itself as `value_mask`.

    Args:
        units: the size of the small network's hidden layer.
        kernel_regularizer: of W, U and v.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        query: q, `(batch, n)`, or `(batch, T, n)` for T queries each.
        value: a, `(batch, S, m)`.
        key: k, `(batch, S, anything)`; the value by default.
        value_mask: `(batch, S)`, true where there is a value; None for
            everywhere.
        return_attention_scores: whether to return α too.

    Returns:
        The context, `(batch, m)` or `(batch, T, m)`; or a tuple of it and α,
        `(batch, S)` or `(batch, T, S)`.

    Raises:
        ValueError: `units` is below 1, or `value_mask` not of two axes.

    Source: Bahdanau et al., Neural machine translation by jointly learning to
    align and translate (2015), section 3.1 and appendix A.1.2.

    >>> query, value = ops.ones((1, 5)), ops.ones((1, 3, 2))
    >>> mask = ops.array([[True, True, False]])
    >>> _, scores = AdditiveAttention(4)(
    ...     query, value, value_mask=mask, return_attention_scores=True
    ... )
    >>> scores.numpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """

    def __init__(self, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(
                f"`units` must be at least 1. Received: units={units}"
            )
        self.supports_masking = True
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape, value_shape, key_shape=None):
        """Create W, U, b and v."""
        size, key_shape = self.units, key_shape or value_shape
        block.check_channels("query", query_shape)
        block.check_channels("key", key_shape)
        self.query_kernel = self._kernel("query_kernel", query_shape[-1], size)
        self.key_kernel = self._kernel("key_kernel", key_shape[-1], size)
        self.bias = self.add_weight((size,), "zeros", name="bias")
        self.score_kernel = self._kernel("score_kernel", size, 1)

    def _kernel(self, name, rows, columns):
        return self.add_weight(
            shape=(rows, columns),
            regularizer=self.kernel_regularizer,
            name=name,
        )

    def project(self, key):
        """Return `U k + b`, `(batch, S, units)`: what no query changes."""
        return ops.matmul(key, self.key_kernel) + self.bias

    def call(
        self,
        query,
        value,
        key=None,
        value_mask=None,
        return_attention_scores=False,
    ):
        """Return the context, and α if it is asked for."""
        keys = self.project(value if key is None else key)
        context, scores = self.attend(query, keys, value, value_mask)
        return (context, scores) if return_attention_scores else context

    def attend(self, query, keys, value, value_mask=None):
        """Return the context and α, from projected keys.

        Args:
            query: as in a call.
            keys: what `project` returned.
            value: as in a call.
            value_mask: as in a call.
        """
        one = len(query.shape) == 2
        query = ops.matmul(query, self.query_kernel)
        if one:
            query = query[:, None]
        hidden = ops.tanh(query[:, :, None] + keys[:, None])
        scores = ops.matmul(hidden, self.score_kernel)[..., 0]
        scores = masked_softmax(scores, _with_queries(value_mask))
        scores = ops.cast(scores, self.compute_dtype)
        context = ops.matmul(scores, value)
        return (context[:, 0], scores[:, 0]) if one else (context, scores)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


def _with_queries(mask, name="value_mask"):
    """Return a mask `(batch, S)` as `(batch, 1, S)`."""
    if mask is None:
        return None
    if len(mask.shape) != 2:
        raise ValueError(
            f"`{name}` must be of shape (batch, S). Received: {name} of shape "
            f"{tuple(mask.shape)}"
        )
    return ops.cast(mask, "bool")[:, None]


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionCell(keras.layers.Layer):
    """Attends to a memory before each step of another cell.

    `context⟨t⟩ = attention(s⟨t-1⟩, a)`,
    `s⟨t⟩ = cell([x⟨t⟩, context⟨t⟩], s⟨t-1⟩)`; the output is
    `[s⟨t⟩, context⟨t⟩]`.

    Args:
        cell: a recurrent cell without dropout, ours or Keras'.
        units: of the attention's hidden layer.
        kernel_regularizer: of the attention.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x⟨t⟩, `(batch, n)`; or `(batch, W, n)` for W hypotheses, if
            the cell takes that, as ours do.
        states: the list of the states of `cell`, and then of the memory
            `(batch, S, m)`, its keys and its mask: Keras' recurrent layers
            pass a cell nothing else. They stay as they are.

    Returns:
        The output `(batch, …, u + m)`, and the list of states.

    Raises:
        ValueError: the cell drops units, whose choice Keras keeps from step
            to step.

    Source: Bahdanau et al. (2015), section 3.1.
    """

    def __init__(self, cell, units, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        for name in ("dropout", "recurrent_dropout"):
            if getattr(cell, name, 0):
                raise ValueError(
                    f"`cell` must have no `{name}`. Received: "
                    f"cell.{name}={getattr(cell, name)}"
                )
        self.cell = cell
        self.attention = AdditiveAttention(
            units, kernel_regularizer, dtype=self.dtype_policy
        )
        self.state_size = cell.state_size

    def build(self, input_shape, memory_shape):
        """Create the weights.

        Args:
            input_shape: shape of x⟨t⟩.
            memory_shape: shape of the memory.
        """
        block.check_channels("inputs", input_shape)
        block.check_channels("memory", memory_shape)
        # Keras builds the parts of a loaded layer before the layer.
        if not self.attention.built:
            self.attention.build((None, self.cell.output_size), memory_shape)
        if not self.cell.built:
            self.cell.build((None, input_shape[-1] + memory_shape[-1]))
        self.output_size = self.cell.output_size + memory_shape[-1]

    def call(self, inputs, states):
        """Return the output, and the list of states."""
        *states, memory, keys, mask = states
        context, _ = self.attention.attend(states[0], keys, memory, mask)
        x = ops.concatenate([inputs, context], axis=-1)
        x, states = self.cell(x, states)
        x = ops.concatenate([x, context], axis=-1)
        return x, [*keras.tree.flatten(states), memory, keys, mask]

    def get_initial_state(self, batch_size=None):
        """Return the states of `cell` alone."""
        return self.cell.get_initial_state(batch_size)

    def get_config(self):
        """Return the arguments of the constructor."""
        attention = self.attention.get_config()
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "units": attention["units"],
            "kernel_regularizer": attention["kernel_regularizer"],
        }

    @classmethod
    def from_config(cls, config):
        """Make the cell again from `get_config()`."""
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionRNN(keras.layers.RNN):
    """Runs an `AttentionCell` over sequences.

    Masks of `Embedding(mask_zero=True)` arrive by themselves, those of the
    sequences as `sequences_mask`, those of the memory as `memory_mask`.

    Args:
        cell: an `AttentionCell`.
        return_sequences: whether to return the outputs of all steps, or the
            last.
        return_state: whether to return the last states of the inner cell
            too.
        **kwargs: of `keras.layers.RNN`.

    Call arguments:
        sequences: x, `(batch, T, n)`.
        memory: a, `(batch, S, m)`.
        memory_mask: `(batch, S)`, true where there is something; None for
            everywhere.
        initial_state: the list of states to start from; zeros by default.
        sequences_mask: `(batch, T)`, false where a step is skipped: it
            repeats the output and the states of the step before.

    Returns:
        The cell's outputs, `(batch, T, u + m)`, or the last one,
        `(batch, u + m)`; or a tuple of these and each state.

    Raises:
        ValueError: `stateful` is asked for, or a mask not of two axes.

    >>> from kerasnotes import layers
    >>> cell = AttentionCell(layers.GRUCell(4), 3)
    >>> rnn = AttentionRNN(cell, return_sequences=True)
    >>> memory, mask = ops.ones((2, 6, 5)), ops.ones((2, 6), "bool")
    >>> rnn(ops.ones((2, 7, 1)), memory, mask).shape
    TensorShape([2, 7, 9])
    """

    def __init__(
        self, cell, return_sequences=False, return_state=False, **kwargs
    ):
        if kwargs.get("stateful"):
            raise ValueError(
                "`stateful` must be False: the memory is of one batch. "
                "Received: stateful=True"
            )
        super().__init__(cell, return_sequences, return_state, **kwargs)

    def build(self, sequences_shape, memory_shape, **_):
        """Create the weights, for inputs and a memory of these shapes."""
        if not self.cell.built:
            self.cell.build(sequences_shape, memory_shape)

    def compute_output_shape(self, sequences_shape, **_):
        """Return the shape of the outputs, and of the states."""
        return super().compute_output_shape(sequences_shape)

    def call(
        self,
        sequences,
        memory,
        memory_mask=None,
        initial_state=None,
        sequences_mask=None,
    ):
        """Return the cell's outputs, and its states if asked for."""
        _with_queries(memory_mask, "memory_mask")
        if memory_mask is None:
            memory_mask = ops.ones(ops.shape(memory)[:2], "bool")
        if initial_state is None:
            initial_state = self.get_initial_state(ops.shape(sequences)[0])
        keys = self.cell.attention.project(memory)
        states = [*keras.tree.flatten(initial_state), memory, keys, memory_mask]
        outputs = super().call(sequences, states, sequences_mask)
        # The memory, its keys and its mask are no states to return.
        return outputs[:-3] if self.return_state else outputs
