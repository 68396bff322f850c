"""Attention with several heads."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.layers import block, quantization
from kerasnotes.ops import attention, sequences


@keras.saving.register_keras_serializable("kerasnotes")
class MultiHeadAttention(quantization.QuantizedBuild, keras.layers.Layer):
    """Attends with several heads side by side, each on its own projections.

    `headᵢ = attention(Q W_qᵢ + b_qᵢ, K W_kᵢ + b_kᵢ, V W_vᵢ + b_vᵢ)`,
    `output = concat(head₁, ..., head_h) W_o + b_o`, where attention is
    `kerasnotes.ops.scaled_dot_product_attention`.

    It computes what `keras.layers.MultiHeadAttention` does, with kernels of
    two axes. `call` is `project`, then `attend`: what decodes step by step
    stores what `project` returned.

    All masks are true where there is something to attend to, and are joined
    by "and". The masks of `Embedding(mask_zero=True)` arrive by themselves
    as `query_mask` and `value_mask`.

    Args:
        num_heads: h.
        key_dim: size of each head's query and key; by default the query's
            width divided by h.
        value_dim: size of each head's value; by default `key_dim`.
        kernel_initializer: what `keras.initializers.get` takes.
        bias_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        query: Q, `(batch, T, width)`.
        value: V, `(batch, S, anything)`; Q for self-attention.
        key: K, `(batch, S, anything)`; V by default.
        query_mask: `(batch, T)`, true where there is a query.
        value_mask: `(batch, S)`, true where there is a value.
        key_mask: `(batch, S)`, true where there is a key.
        attention_mask: by its rank, `(batch, S)`, a mask of padding;
            `(batch, T, S)`, which query may attend to which value; or
            `(batch, h, T, S)`. A batch of 1 stands for all.
        return_attention_scores: whether to return the scores too.
        use_causal_mask: whether a query attends to no later position.

    Returns:
        A tensor `(batch, T, width)`; or a tuple of it and the scores
        `(batch, h, T, S)`. Where a query may attend to nothing, its scores
        are 0 and its output b_o.

    Raises:
        ValueError: the heads don't divide the width, a size is below 1, or
            `attention_mask` has another shape.

    Source: Vaswani et al., Attention is all you need (2017), section 3.2.2.

    >>> x = keras.ops.ones((2, 5, 8))
    >>> MultiHeadAttention(num_heads=4)(x, x, use_causal_mask=True).shape
    TensorShape([2, 5, 8])
    """

    def __init__(
        self,
        num_heads,
        key_dim=None,
        value_dim=None,
        *,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sizes = {"key_dim": key_dim, "value_dim": value_dim}
        for name, size in {"num_heads": num_heads, **sizes}.items():
            if size is not None and size < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={size}"
                )
        self.supports_masking = True
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, query_shape, value_shape, key_shape=None):
        block.check_channels("query", query_shape)
        block.check_channels("value", value_shape)
        block.check_channels("key", key_shape or value_shape)
        width, heads = query_shape[-1], self.num_heads
        if self.key_dim is None and width % heads:
            raise errors.ArgumentError(
                "num_heads",
                f"`num_heads` must divide the width {width}, or `key_dim` be "
                f"an integer. Received: num_heads={heads}",
            )
        key_size = heads * (self.key_dim or width // heads)
        value_size = heads * self.value_dim if self.value_dim else key_size
        self.query_dense = self._dense("query", key_size, query_shape)
        self.key_dense = self._dense("key", key_size, key_shape or value_shape)
        self.value_dense = self._dense("value", value_size, value_shape)
        self.output_dense = self._dense(
            "attention_output", width, (*query_shape[:-1], value_size)
        )

    def _dense(self, name, units, input_shape):
        layer = keras.layers.Dense(
            units,
            kernel_initializer=block.new_initializer(self.kernel_initializer),
            bias_initializer=block.new_initializer(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """Return the output, and the scores if they are asked for."""
        mask = None
        if attention_mask is not None:
            mask = _with_heads(attention_mask, query.shape[0])
        if query_mask is not None:
            mask = _both(mask, ops.cast(query_mask, "bool")[:, None, :, None])
        for values_mask in (value_mask, key_mask):
            if values_mask is not None:
                values_mask = ops.cast(values_mask, "bool")[:, None, None]
                mask = _both(mask, values_mask)
        if use_causal_mask:
            lengths = ops.shape(query)[1], ops.shape(value)[1]
            mask = _both(mask, sequences.look_ahead_mask(*lengths)[None, None])
        keys, values = self.project(value, key)
        return self.attend(query, keys, values, mask, return_attention_scores)

    def project(self, value, key=None):
        """Return the heads' keys and values.

        Args:
            value: V, `(batch, S, anything)`.
            key: K, likewise; V by default.

        Returns:
            A tuple of two tensors, `(batch, h, S, key_dim)` and
            `(batch, h, S, value_dim)`.
        """
        key = value if key is None else key
        return (
            self._split(self.key_dense(key)),
            self._split(self.value_dense(value)),
        )

    def attend(
        self,
        query,
        keys,
        values,
        attention_mask=None,
        return_attention_scores=False,
    ):
        """Return what `call` does, from projected keys and values.

        Args:
            query: Q, `(batch, T, width)`.
            keys: of `project`; or a list of tensors that make them up along S.
            values: of `project`, likewise.
            attention_mask: as in a call.
            return_attention_scores: as in a call.
        """
        if attention_mask is not None:
            attention_mask = _with_heads(attention_mask, query.shape[0])
        mixed = attention.scaled_dot_product_attention(
            self._split(self.query_dense(query)),
            keys,
            values,
            attention_mask,
            return_attention_scores,
        )
        mixed, scores = mixed if return_attention_scores else (mixed, None)
        batch, heads, length, size = ops.shape(mixed)
        mixed = ops.transpose(mixed, (0, 2, 1, 3))
        mixed = ops.reshape(mixed, (batch, length, heads * size))
        output = self.output_dense(mixed)
        return (output, scores) if return_attention_scores else output

    def _split(self, x):
        """Return `(batch, h, n, size)` of `(batch, n, h · size)`."""
        batch, length, width = ops.shape(x)
        size = width // self.num_heads
        x = ops.reshape(x, (batch, length, self.num_heads, size))
        return ops.transpose(x, (0, 2, 1, 3))

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "bias_initializer": keras.initializers.serialize(
                self.bias_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


def _both(mask, other):
    """Return where both masks are true."""
    return other if mask is None else ops.logical_and(mask, other)


def _with_heads(mask, batch):
    """Return a mask of 4 axes, which its rank alone tells the meaning of.

    Args:
        mask: booleans `(batch, S)`, `(batch, T, S)` or `(batch, h, T, S)`.
        batch: the batch's size, None where it isn't known.
    """
    mask = ops.cast(mask, "bool")
    rank, rows = len(mask.shape), mask.shape[0] if mask.shape else None
    if rank not in (2, 3, 4) or (
        None not in (rows, batch) and rows not in (1, batch)
    ):
        raise ValueError(
            "`attention_mask` must be of shape (batch, S), (batch, T, S) or "
            f"(batch, num_heads, T, S), with a batch of {batch} or 1. "
            f"Received: attention_mask of shape {tuple(mask.shape)}"
        )
    if rank == 2:
        return mask[:, None, None]
    return mask[:, None] if rank == 3 else mask
