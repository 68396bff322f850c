"""The Transformer."""

import types

import keras
from keras import ops

from kerasnotes import layers as layers_lib
from kerasnotes.models import network
from kerasnotes.models.sequences import beam_cache, sequence_to_sequence
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
        inputs = {
            side: keras.Input((None,), dtype="int32", name=side)
            for side in ("source", "target")
        }
        pieces = _Pieces(arguments)
        target = pieces.embedding("target_embedding", target_size)
        source = target
        if not share_embeddings:
            source = pieces.embedding("source_embedding", source_size)
        mask = _Padding(name="padding")(inputs["source"])
        x = pieces.begin(source(inputs["source"]), "source")
        x = pieces.encoder(x, mask)
        y = pieces.begin(target(inputs["target"]), "target")
        y, last = pieces.decoder(y, x, mask)
        logits = target(y, reverse=True)
        super().__init__(inputs, logits, arguments, name)
        # Keras would track a model that is an attribute itself.
        self._parts = types.SimpleNamespace(
            encode=keras.Model(inputs["source"], {"x": x, "mask": mask}),
            last=keras.Model(inputs, last),
            blocks=[self.get_layer(f"decoder_{i + 1}") for i in range(layers)],
            end=[self.get_layer("decoder_norm")] if norm == "pre" else [],
        )

    def encode(self, source):
        """Returns each decoder block's keys and values, and the mask."""
        found = self._parts.encode(source)
        return {
            "read": [b.read.project(found["x"]) for b in self._parts.blocks],
            "mask": found["mask"],
        }

    def start(self, memory, width, steps):
        """Returns what `beam_cache.start` does, for each decoder block."""
        return beam_cache.start(memory["read"], width, steps)

    def step(self, tokens, position, memory, cache):
        """Returns the logits, and the cache with these tokens in it."""
        slot, seen, cache = beam_cache.advance(cache, position)
        embed = self.get_layer("target_embedding")
        x = self.get_layer("target_scale")(embed(tokens))[:, :, None]
        x = self.get_layer("target_positions")(x, start=position)[:, :, 0]
        new = []
        for block, known, recent, read in zip(
            self._parts.blocks,
            cache["old"],
            cache["new"],
            memory["read"],
            strict=True,
        ):
            x, recent = block.step(
                x, known, recent, slot, seen, read, memory["mask"]
            )
            new.append(recent)
        for norm in self._parts.end:
            x = norm(x)
        return embed(x, reverse=True), {**cache, "new": new}

    def reorder(self, cache, parents):
        """Returns the cache with other paths: no keys or values move."""
        path = super().reorder(cache["path"], parents)
        return {**cache, "path": path}

    def attention(self, inputs):
        """Returns how the last block looks at the source."""
        last = self._parts.blocks[-1]
        return last(**self._parts.last(inputs), return_weights=True)[1]


class _Pieces:
    """Makes the parts of the graph, from the model's arguments."""

    def __init__(self, arguments):
        for key in ("width", "layers", "dropout", "norm"):
            setattr(self, key, arguments[key])
        self.block = {
            "heads": arguments["heads"],
            "hidden": arguments["hidden"] or 4 * self.width,
            "dropout": self.dropout,
            "norm": self.norm,
            "kernel_regularizer": arguments["kernel_regularizer"],
        }

    def embedding(self, name, size):
        """Returns a layer from tokens to vectors, and in reverse to scores."""
        policy = keras.config.dtype_policy()
        half = policy.compute_dtype != policy.variable_dtype
        return keras.layers.ReversibleEmbedding(
            size,
            self.width,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=self.width**-0.5
            ),
            reverse_dtype=policy.variable_dtype if half else None,
            name=name,
        )

    def begin(self, x, side):
        """Returns embedded tokens scaled, with their positions."""
        x = keras.layers.Rescaling(self.width**0.5, name=f"{side}_scale")(x)
        x = layers_lib.SinusoidalPositions(name=f"{side}_positions")(x)
        return keras.layers.Dropout(self.dropout, name=f"{side}_drop")(x)

    def encoder(self, x, mask):
        """Returns what the encoder's blocks make of the source."""
        for i in range(1, self.layers + 1):
            x = layers_lib.TransformerEncoderBlock(
                **self.block, name=f"encoder_{i}"
            )(x, attention_mask=mask)
        return self.end(x, "encoder")

    def decoder(self, x, source, mask):
        """Returns what the decoder gives, and what its last block takes."""
        given = {
            "source": source,
            "attention_mask": _LookAhead(name="look_ahead")(x),
            "cross_attention_mask": mask,
        }
        for i in range(1, self.layers + 1):
            block = layers_lib.TransformerDecoderBlock(
                **self.block, name=f"decoder_{i}"
            )
            before, x = x, block(x, **given)
        return self.end(x, "decoder"), {"x": before, **given}

    def end(self, x, name):
        """Returns `x` normalised, if the blocks have left that to do."""
        if self.norm == "post":
            return x
        name = f"{name}_norm"
        return keras.layers.LayerNormalization(epsilon=1e-5, name=name)(x)


class _Padding(keras.layers.Layer):
    """Where a source has tokens, `(batch, 1, S)`."""

    def call(self, tokens):
        return sequences.padding_mask(tokens)[:, None]


class _LookAhead(keras.layers.Layer):
    """Which positions of `(batch, T, width)` each may look at, `(T, T)`."""

    def call(self, x):
        return sequences.look_ahead_mask(ops.shape(x)[1])
