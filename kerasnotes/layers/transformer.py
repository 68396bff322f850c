"""The blocks of a Transformer."""

import keras
from keras import ops

from kerasnotes.layers import multi_head_attention

NORMS = ("pre", "post")
"""Where a block normalises: before each of its parts, or after the sum."""


class _Block(keras.layers.Layer):
    """What the two blocks share: parts with a shortcut around each."""

    attentions = ()

    def __init__(
        self,
        heads,
        hidden,
        dropout=0.0,
        norm="pre",
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if norm not in NORMS:
            raise ValueError(
                f"`norm` must be one of {', '.join(NORMS)}. Received: "
                f"norm={norm!r}"
            )
        self.heads = heads
        self.hidden = hidden
        self.dropout = dropout
        self.norm = norm
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.drop = keras.layers.Dropout(
            dropout, dtype=self.dtype_policy, name="drop"
        )

    def _build(self, x_shape, **sources):
        for name, source_shape in sources.items():
            layer = multi_head_attention.MultiHeadAttention(
                self.heads, **self._options(name)
            )
            layer.build(x_shape, source_shape)
            setattr(self, name, layer)
            self._add_norm(name, x_shape)
        width = x_shape[-1]
        self.widen = keras.layers.Dense(
            self.hidden, "relu", **self._options("widen")
        )
        self.widen.build(x_shape)
        self.narrow = keras.layers.Dense(width, **self._options("narrow"))
        self.narrow.build((*x_shape[:-1], self.hidden))
        self._add_norm("forward", x_shape)

    def _options(self, name):
        return {
            "kernel_initializer": self.kernel_initializer.clone(),
            "kernel_regularizer": self.kernel_regularizer,
            "dtype": self.dtype_policy,
            "name": name,
        }

    def _add_norm(self, name, shape):
        layer = keras.layers.LayerNormalization(
            epsilon=1e-5, dtype=self.dtype_policy, name=f"{name}_norm"
        )
        layer.build(shape)
        setattr(self, layer.name, layer)

    def _enter(self, x, norm):
        """Returns what a part takes."""
        return norm(x) if self.norm == "pre" else x

    def _leave(self, x, y, norm):
        """Returns `x` with what a part gives, y."""
        x = x + self.drop(y)
        return x if self.norm == "pre" else norm(x)

    def _feed_forward(self, x):
        y = self.widen(self._enter(x, self.forward_norm))
        return self._leave(x, self.narrow(y), self.forward_norm)

    def get_config(self):
        """Returns the arguments of the constructor."""
        return super().get_config() | {
            "heads": self.heads,
            "hidden": self.hidden,
            "dropout": self.dropout,
            "norm": self.norm,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class TransformerEncoderBlock(_Block):
    """Self-attention, then a network of two layers at each position.

    With `norm="pre"` each part F is `x + drop(F(norm(x)))`, with `"post"`, the
    paper's, `norm(x + drop(F(x)))`. The network is `max(0, xW₁ + b₁)W₂ + b₂`.

    Args:
        heads: of the attention; they must divide the width.
        hidden: columns of W₁.
        dropout: the share of each part's output that training drops.
        norm: `pre` or `post`.
        kernel_initializer: what `keras.initializers.get` takes.
        kernel_regularizer: what `keras.regularizers.get` takes.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: `(batch, S, width)`.
        attention_mask: booleans that broadcast to `(batch, S, S)`, true where a
            position (the second axis) may look (the third).

    Returns:
        A tensor of the shape of `x`.

    Sources: Vaswani et al., Attention is all you need (2017), sections 3.1,
    3.3 and 5.4; Xiong et al., On layer normalization in the Transformer
    architecture (2020), for `pre`.

    >>> block = TransformerEncoderBlock(heads=2, hidden=16)
    >>> block(keras.ops.ones((2, 5, 8))).shape
    TensorShape([2, 5, 8])
    """

    def build(self, x_shape):
        self._build(x_shape, look=x_shape)

    def call(self, x, attention_mask=None):
        y = self._enter(x, self.look_norm)
        y = self.look(y, y, attention_mask)
        return self._feed_forward(self._leave(x, y, self.look_norm))


@keras.saving.register_keras_serializable("kerasnotes")
class TransformerDecoderBlock(_Block):
    """Self-attention, attention to a source, then a network of two layers.

    Its parts are added as those of `TransformerEncoderBlock`, which tells of
    its arguments.

    Call arguments:
        x: `(batch, T, width)`.
        source: what the encoder gave, `(batch, S, anything)`.
        attention_mask: booleans that broadcast to `(batch, T, T)`, true where
            x may look at itself: `kerasnotes.ops.look_ahead_mask(T)`.
        cross_attention_mask: booleans that broadcast to `(batch, T, S)`, true
            where x may look at the source.
        return_weights: whether to return too how x looks at the source.

    Returns:
        A tensor of the shape of `x`; or a tuple of it and the weights
        `(batch, heads, T, S)`.

    Source: Vaswani et al., Attention is all you need (2017), section 3.1.

    >>> block = TransformerDecoderBlock(heads=2, hidden=16)
    >>> block(keras.ops.ones((2, 3, 8)), keras.ops.ones((2, 5, 8))).shape
    TensorShape([2, 3, 8])
    """

    def build(self, x_shape, source_shape):
        self._build(x_shape, look=x_shape, read=source_shape)

    def call(
        self,
        x,
        source,
        attention_mask=None,
        cross_attention_mask=None,
        return_weights=False,
    ):
        y = self._enter(x, self.look_norm)
        x = self._leave(x, self.look(y, y, attention_mask), self.look_norm)
        y = self._enter(x, self.read_norm)
        y = self.read(
            y, source, cross_attention_mask, return_weights=return_weights
        )
        y, weights = y if return_weights else (y, None)
        x = self._feed_forward(self._leave(x, y, self.read_norm))
        return (x, weights) if return_weights else x

    def step(
        self,
        x,
        known,
        cache,
        slot,
        attention_mask,
        memory,
        cross_attention_mask=None,
    ):
        """Returns what `call` does of new positions, where others are ready.

        Keys and values, here, are pairs of tensors
        `(batch, heads, slots, width / heads)`, as `project` returns them.

        Args:
            x: the new positions, `(batch, n, width)`.
            known: keys and values of positions that stay as they are.
            cache: keys and values of others, among which those of x go.
            slot: where they go, the first of n slots, a scalar.
            attention_mask: booleans that broadcast to `(batch, n, slots)`,
                with the slots of `known` before those of `cache`.
            memory: what `read.project(source)` returned.
            cross_attention_mask: as in a call.

        Returns:
            A tensor of the shape of `x`, and the new cache.
        """
        y = self._enter(x, self.look_norm)
        cache = tuple(
            ops.slice_update(old, (0, 0, slot, 0), new)
            for old, new in zip(cache, self.look.project(y), strict=True)
        )
        keys, values = zip(known, cache, strict=True)
        y = self.look.attend(y, keys, values, attention_mask)
        x = self._leave(x, y, self.look_norm)
        y = self._enter(x, self.read_norm)
        y = self.read.attend(y, *memory, cross_attention_mask)
        return self._feed_forward(self._leave(x, y, self.read_norm)), cache
