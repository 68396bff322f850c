"""The Transformer."""

import keras
from keras import ops

from kerasnotes import layers
from kerasnotes.models import network, sequence_to_sequence
from kerasnotes.ops import sequences


@keras.saving.register_keras_serializable("kerasnotes")
class Transformer(sequence_to_sequence.SequenceToSequence):
    """An encoder and a decoder of attention alone.

    Tokens become `√width · E[token] + PE(position)`. Blocks of the encoder
    look at the whole source; those of the decoder at the target so far, and
    at the encoder's output. The logits are `D Eᵀ`, with the target's E and
    the decoder's output D.

    Args:
        source_size: how many tokens there are in the source's vocabulary.
        target_size: likewise of the target's.
        width: of a token's vector.
        layers: blocks of the encoder, and of the decoder.
        heads: of each attention; they must divide the width.
        hidden: width of each block's hidden layer; by default `4·width`.
        dropout: the share that training drops of each part's output, and of
            the first sums.
        norm: `pre`, which trains without care, or `post`, the paper's.
        share_embeddings: whether source and target have one vocabulary and
            one E.
        kernel_regularizer: a Keras regulariser of the kernels.
        name: the model's name.

    Call arguments:
        inputs: a dictionary of int32 `source` `(batch, S)` and `target`
            `(batch, T)`.

    Returns:
        Logits, float32 `(batch, T, target_size)`.

    Raises:
        ValueError: embeddings are shared by vocabularies of two sizes, or the
            heads don't divide the width.

    Source: Vaswani et al., Attention is all you need (2017).

    >>> model = Transformer(9, 7, width=8, layers=1, heads=2)
    >>> x = keras.ops.ones((2, 5), "int32")
    >>> model({"source": x, "target": x}).shape
    TensorShape([2, 5, 7])
    """

    def __init__(
        self,
        source_size,
        target_size,
        width=256,
        layers=3,
        heads=4,
        hidden=None,
        dropout=0.1,
        norm="pre",
        share_embeddings=False,
        kernel_regularizer=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        if share_embeddings and source_size != target_size:
            raise ValueError(
                "`share_embeddings` needs one vocabulary. Received: "
                f"source_size={source_size}, target_size={target_size}"
            )
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        build = _Builder(arguments)
        embed = build.embedding("target_embedding", target_size)
        embed_source = (
            embed
            if share_embeddings
            else build.embedding("source_embedding", source_size)
        )
        there = _Padding(name="padding")(source)
        x = build.begin(source, embed_source, "source")
        x = build.encoder(x, there)
        y = build.begin(target, embed, "target")
        y = build.decoder(y, x, there)
        logits = embed(y, reverse=True)
        super().__init__(
            {"source": source, "target": target}, logits, arguments, name
        )


class _Builder:
    def __init__(self, arguments):
        for key in ("width", "layers", "heads", "dropout", "norm"):
            setattr(self, key, arguments[key])
        self.block = {
            "heads": self.heads,
            "hidden": arguments["hidden"] or 4 * self.width,
            "dropout": self.dropout,
            "norm": self.norm,
            "kernel_regularizer": arguments["kernel_regularizer"],
        }

    def embedding(self, name, size):
        return keras.layers.ReversibleEmbedding(
            size,
            self.width,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=self.width**-0.5
            ),
            reverse_dtype=network.weight_type(),
            name=name,
        )

    def begin(self, tokens, embed, name):
        x = keras.layers.Rescaling(self.width**0.5, name=f"{name}_scale")(
            embed(tokens)
        )
        x = layers.SinusoidalPositions(name=f"{name}_positions")(x)
        return keras.layers.Dropout(self.dropout, name=f"{name}_drop")(x)

    def encoder(self, x, there):
        for i in range(1, self.layers + 1):
            block = layers.TransformerEncoderBlock(
                **self.block, name=f"encoder_{i}"
            )
            x = block(x, attention_mask=there)
        return self.end(x, "encoder")

    def decoder(self, x, source, there):
        before = _LookAhead(name="look_ahead")(x)
        for i in range(1, self.layers + 1):
            block = layers.TransformerDecoderBlock(
                **self.block, name=f"decoder_{i}"
            )
            x = block(
                x, source, attention_mask=before, cross_attention_mask=there
            )
        return self.end(x, "decoder")

    def end(self, x, name):
        if self.norm == "post":
            return x
        return keras.layers.LayerNormalization(
            epsilon=1e-5, name=f"{name}_norm"
        )(x)


class _Padding(keras.layers.Layer):
    """Which tokens of a source may be looked at, `(batch, 1, S)`."""

    def call(self, tokens):
        return sequences.padding_mask(tokens)[:, None]


class _LookAhead(keras.layers.Layer):
    def call(self, x):
        return sequences.look_ahead_mask(ops.shape(x)[1])
