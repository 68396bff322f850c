"""The blocks of a Transformer."""

import keras
from keras import ops

from kerasnotes.layers import block, multi_head_attention, quantization


class _Block(quantization.QuantizedBuild, keras.layers.Layer):
    """Adds, around each sublayer, a shortcut and a normalisation."""

    def __init__(
        self,
        intermediate_dim,
        num_heads,
        dropout=0.0,
        activation="relu",
        layer_norm_epsilon=1e-5,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        normalize_first=False,
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(normalize_first, bool):
            raise ValueError(
                "`normalize_first` must be True or False. Received: "
                f"normalize_first={normalize_first!r}"
            )
        if intermediate_dim < 1:
            raise ValueError(
                "`intermediate_dim` must be at least 1. Received: "
                f"intermediate_dim={intermediate_dim}"
            )
        self.supports_masking = True
        self.intermediate_dim = intermediate_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.activation = keras.activations.get(activation)
        self.layer_norm_epsilon = layer_norm_epsilon
        self.normalize_first = normalize_first
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.dropout_layer = keras.layers.Dropout(
            dropout, dtype=self.dtype_policy, name="dropout"
        )

    def _attention(self, name, query_shape, value_shape):
        layer = multi_head_attention.MultiHeadAttention(
            self.num_heads, **self._options(name)
        )
        layer.build(query_shape, value_shape)
        return layer

    def _dense(self, name, units, input_shape, activation=None):
        layer = keras.layers.Dense(units, activation, **self._options(name))
        layer.build(input_shape)
        return layer

    def _options(self, name):
        return {
            "kernel_initializer": block.new_initializer(
                self.kernel_initializer
            ),
            "bias_initializer": block.new_initializer(self.bias_initializer),
            "kernel_regularizer": self.kernel_regularizer,
            "dtype": self.dtype_policy,
            "name": name,
        }

    def _norm(self, name, shape):
        layer = keras.layers.LayerNormalization(
            epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name
        )
        layer.build(shape)
        return layer

    def _build_feedforward(self, shape):
        hidden = self.intermediate_dim
        self.feedforward_1 = self._dense(
            "feedforward_1", hidden, shape, self.activation
        )
        self.feedforward_2 = self._dense(
            "feedforward_2", shape[-1], (*shape[:-1], hidden)
        )
        self.feedforward_norm = self._norm("feedforward_norm", shape)

    def _enter(self, x, norm):
        """Return what a sublayer takes."""
        return norm(x) if self.normalize_first else x

    def _leave(self, x, y, norm):
        """Return `x` with a sublayer's output y."""
        x = x + self.dropout_layer(y)
        return x if self.normalize_first else norm(x)

    def _feedforward(self, x):
        y = self.feedforward_1(self._enter(x, self.feedforward_norm))
        return self._leave(x, self.feedforward_2(y), self.feedforward_norm)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "intermediate_dim": self.intermediate_dim,
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "activation": keras.activations.serialize(self.activation),
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "bias_initializer": keras.initializers.serialize(
                self.bias_initializer
            ),
            "normalize_first": self.normalize_first,
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


@keras.saving.register_keras_serializable("kerasnotes")
class TransformerEncoderBlock(_Block):
    """Self-attention, then a network of two layers at each position.

    With `normalize_first` each sublayer F is `x + drop(F(norm(x)))`, which
    trains without care; without it, the paper's way,
    `norm(x + drop(F(x)))`. The network is `act(xW₁ + b₁)W₂ + b₂`.

    A mask of `Embedding(mask_zero=True)` arrives by itself, and is joined
    with `attention_mask`.

    Args:
        intermediate_dim: columns of W₁.
        num_heads: of the attention; they must divide the width.
        dropout: the share of each sublayer's output that training drops.
        activation: act, what `keras.activations.get` takes.
        layer_norm_epsilon: ε of the normalisations.
        kernel_initializer: what `keras.initializers.get` takes.
        bias_initializer: what `keras.initializers.get` takes.
        normalize_first: whether to normalise before each sublayer, or after
            the sum.
        kernel_regularizer: what `keras.regularizers.get` takes.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: x, `(batch, S, width)`.
        attention_mask: by its rank, `(batch, S)`, true where there is a
            token; or `(batch, S, S)`, true where a position (the second
            axis) may attend to another (the third).
        return_attention_scores: whether to return the scores too.

    Returns:
        A tensor of the shape of `inputs`; or a tuple of it and the scores
        `(batch, num_heads, S, S)`.

    Raises:
        ValueError: an argument is outside its range, or the mask has another
            shape.

    Sources: Vaswani et al., Attention is all you need (2017), sections 3.1,
    3.3 and 5.4; Xiong et al., On layer normalization in the Transformer
    architecture (2020), for `normalize_first`.

    >>> block = TransformerEncoderBlock(intermediate_dim=16, num_heads=2)
    >>> block(keras.ops.ones((2, 5, 8))).shape
    TensorShape([2, 5, 8])
    """

    def build(self, input_shape):
        self.self_attention = self._attention(
            "self_attention", input_shape, input_shape
        )
        self.self_attention_norm = self._norm(
            "self_attention_norm", input_shape
        )
        self._build_feedforward(input_shape)

    def call(self, inputs, attention_mask=None, return_attention_scores=False):
        """Return the output, and the scores if they are asked for."""
        y = self._enter(inputs, self.self_attention_norm)
        y = self.self_attention(
            y,
            y,
            attention_mask=attention_mask,
            return_attention_scores=return_attention_scores,
        )
        y, scores = y if return_attention_scores else (y, None)
        x = self._leave(inputs, y, self.self_attention_norm)
        x = self._feedforward(x)
        return (x, scores) if return_attention_scores else x


@keras.saving.register_keras_serializable("kerasnotes")
class TransformerDecoderBlock(_Block):
    """Self-attention, attention to an encoder, then a network of two layers.

    Its sublayers are added as those of `TransformerEncoderBlock`, whose
    arguments it has. The self-attention is causal: a position attends to
    itself and those before it.

    Masks of `Embedding(mask_zero=True)` arrive by themselves, and are joined
    with those below.

    Call arguments:
        decoder_sequence: x, `(batch, T, width)`.
        encoder_sequence: the encoder's output, `(batch, S, anything)`.
        attention_mask: by its rank, `(batch, T)`, true where there is a
            token; or `(batch, T, T)`, true where x may attend to itself.
        cross_attention_mask: by its rank, `(batch, S)`, true where the
            encoder read a token; or `(batch, T, S)`, true where x may attend
            to the encoder's output.
        return_attention_scores: whether to return the scores of the
            attention to the encoder too.
        use_causal_mask: False lets positions attend to later ones.

    Returns:
        A tensor of the shape of x; or a tuple of it and the scores
        `(batch, num_heads, T, S)`.

    Raises:
        ValueError: an argument is outside its range, or a mask has another
            shape.

    Source: Vaswani et al., Attention is all you need (2017), section 3.1.

    >>> block = TransformerDecoderBlock(intermediate_dim=16, num_heads=2)
    >>> block(keras.ops.ones((2, 3, 8)), keras.ops.ones((2, 5, 8))).shape
    TensorShape([2, 3, 8])
    """

    def build(self, decoder_sequence_shape, encoder_sequence_shape):
        shape = decoder_sequence_shape
        self.self_attention = self._attention("self_attention", shape, shape)
        self.self_attention_norm = self._norm("self_attention_norm", shape)
        self.cross_attention = self._attention(
            "cross_attention", shape, encoder_sequence_shape
        )
        self.cross_attention_norm = self._norm("cross_attention_norm", shape)
        self._build_feedforward(shape)

    def call(
        self,
        decoder_sequence,
        encoder_sequence,
        attention_mask=None,
        cross_attention_mask=None,
        return_attention_scores=False,
        use_causal_mask=True,
    ):
        """Return the output, and the scores if they are asked for."""
        y = self._enter(decoder_sequence, self.self_attention_norm)
        y = self.self_attention(
            y,
            y,
            attention_mask=attention_mask,
            use_causal_mask=use_causal_mask,
        )
        x = self._leave(decoder_sequence, y, self.self_attention_norm)
        y = self.cross_attention(
            self._enter(x, self.cross_attention_norm),
            encoder_sequence,
            attention_mask=cross_attention_mask,
            return_attention_scores=return_attention_scores,
        )
        y, scores = y if return_attention_scores else (y, None)
        x = self._feedforward(self._leave(x, y, self.cross_attention_norm))
        return (x, scores) if return_attention_scores else x

    def step(
        self,
        x,
        past,
        recent,
        slot,
        attention_mask,
        memory,
        cross_attention_mask=None,
    ):
        """Return what `call` does for new positions, from stored keys.

        Keys and values, here, are pairs of tensors
        `(batch, num_heads, slots, width / num_heads)`, as `project` of the
        attention returns them.

        Args:
            x: the new positions, `(batch, n, width)`.
            past: keys and values of positions that stay as they are.
            recent: keys and values of others, among which those of x go.
            slot: where they go, the first of n slots, a scalar.
            attention_mask: booleans `(batch, n, slots)`, with the slots of
                `past` before those of `recent`.
            memory: what `cross_attention.project` returned of the encoder's
                output.
            cross_attention_mask: as in a call.

        Returns:
            A tensor of the shape of `x`, and the new `recent`.
        """
        y = self._enter(x, self.self_attention_norm)
        recent = tuple(
            ops.slice_update(old, (0, 0, slot, 0), new)
            for old, new in zip(
                recent, self.self_attention.project(y), strict=True
            )
        )
        keys, values = zip(past, recent, strict=True)
        y = self.self_attention.attend(y, keys, values, attention_mask)
        x = self._leave(x, y, self.self_attention_norm)
        y = self._enter(x, self.cross_attention_norm)
        y = self.cross_attention.attend(y, *memory, cross_attention_mask)
        x = self._leave(x, y, self.cross_attention_norm)
        return self._feedforward(x), recent
