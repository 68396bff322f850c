"""Attention with several heads."""

import keras
from keras import ops

from kerasnotes.ops import attention


@keras.saving.register_keras_serializable("kerasnotes")
class MultiHeadAttention(keras.layers.Layer):
    """Several attentions side by side, each on a projection of its own.

    `headᵢ = attention(X W_qᵢ + b_qᵢ, Y W_kᵢ + b_kᵢ, Y W_vᵢ + b_vᵢ)`,
    `output = concat(head₁, ..., head_h) W_o + b_o`, where attention is
    `kerasnotes.ops.scaled_dot_product_attention` and each head has `width / h`
    numbers, `width` being that of X.

    `call` is `project`, then `attend`; what decodes step by step keeps what
    `project` returned.

    Args:
        heads: h, which must divide the width.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: X, what asks, `(batch, T, width)`.
        source: Y, what is looked at, `(batch, S, anything)`; X for
            self-attention.
        attention_mask: booleans that broadcast to `(batch, T, S)`, true where
            x may look; where it may nowhere, the heads give 0.
        return_weights: whether to return the weights too.

    Returns:
        A tensor `(batch, T, width)`; or a tuple of it and the weights
        `(batch, heads, T, S)`.

    Raises:
        ValueError: the heads don't divide the width.

    Source: Vaswani et al., Attention is all you need (2017), section 3.2.2.

    >>> x = keras.ops.ones((2, 5, 8))
    >>> MultiHeadAttention(heads=4)(x, x).shape
    TensorShape([2, 5, 8])
    """

    def __init__(
        self,
        heads,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.heads = heads
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, x_shape, source_shape):
        width = x_shape[-1]
        if width % self.heads:
            raise ValueError(
                f"`heads` must divide the width {width}. Received: "
                f"heads={self.heads}"
            )
        for name, shape in (
            ("query", x_shape),
            ("key", source_shape),
            ("value", source_shape),
            ("out", x_shape),
        ):
            layer = keras.layers.Dense(
                width,
                kernel_initializer=self.kernel_initializer.clone(),
                kernel_regularizer=self.kernel_regularizer,
                dtype=self.dtype_policy,
                name=name,
            )
            layer.build(shape)
            setattr(self, name, layer)

    def call(self, x, source, attention_mask=None, return_weights=False):
        keys, values = self.project(source)
        return self.attend(x, keys, values, attention_mask, return_weights)

    def project(self, source):
        """Returns the keys and values of a source `(batch, S, anything)`.

        Returns:
            A tuple of two tensors `(batch, heads, S, width / heads)`.
        """
        return self._split(self.key(source)), self._split(self.value(source))

    def attend(
        self, x, keys, values, attention_mask=None, return_weights=False
    ):
        """Returns what `call` does, from keys and values that are ready."""
        if attention_mask is not None:
            attention_mask = ops.expand_dims(attention_mask, -3)
        mixed = attention.scaled_dot_product_attention(
            self._split(self.query(x)),
            keys,
            values,
            attention_mask,
            return_weights,
        )
        mixed, weights = mixed if return_weights else (mixed, None)
        mixed = ops.transpose(mixed, (0, 2, 1, 3))
        output = self.out(ops.reshape(mixed, ops.shape(x)))
        return (output, weights) if return_weights else output

    def _split(self, x):
        """Returns `(batch, heads, n, width / heads)` of `(batch, n, width)`."""
        batch, length, width = ops.shape(x)
        x = ops.reshape(x, (batch, length, self.heads, width // self.heads))
        return ops.transpose(x, (0, 2, 1, 3))

    def get_config(self):
        """Returns the arguments of the constructor."""
        return super().get_config() | {
            "heads": self.heads,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }
